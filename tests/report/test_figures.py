"""Figures, judged by the lines in them."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from paper_trials import completed, failed, fold

from automl.report.figures import (
    TRAINING,
    VALIDATION,
    training_curves,
    validation_curve_over_capacity,
)
from automl.trial import Direction, Objective, Trial, TrialState

LOSS = Objective("log_loss", Direction.MINIMIZE)
FOLDS = (
    fold(0, 1.0, (8.0, 4.0, 2.0, 1.0), best_epoch=3),
    fold(1, 1.0, (4.0, 2.0), best_epoch=2),
    fold(2, 1.0, (6.0, 3.0), best_epoch=1),
)
TRIAL = Trial(7, {}, TrialState.COMPLETE, FOLDS, 100)


def axes_of(figure: Figure) -> Axes:
    (axes,) = figure.axes
    return axes


def points(axes: Axes, label: str) -> list[tuple[float, float]]:
    (line,) = [line for line in axes.lines if line.get_label() == label]
    return [(float(x), float(y)) for x, y in line.get_xydata()]


def test_training_curves_show_the_means_every_fold_and_the_epochs_kept() -> None:
    axes = axes_of(training_curves(TRIAL))
    assert points(axes, "training") == [(1, 6), (2, 3)]
    assert points(axes, "validation") == [(1, 8), (2, 5)]
    dotted = [line for line in axes.lines if line.get_linestyle() == ":"]
    assert [[tuple(point) for point in line.get_xydata()] for line in dotted] == [
        [(2, 3), (3, 2), (4, 1)],
        [(2, 5), (3, 4), (4, 3)],
    ], "means of some folds only"
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    assert [tuple(line.get_xydata()[0]) for line in dots] == [(3, 4), (2, 4), (1, 8)]
    thin = [line for line in axes.lines if line.get_linewidth() < 1]
    drawn = [line.get_ydata() for line in thin if line.get_color() == TRAINING]
    assert [list(values) for values in drawn] == [list(fold.training_loss) for fold in FOLDS]
    assert axes.get_yscale() == "log"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "loss")
    assert axes.get_title().startswith("Trial 7")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["training", "validation"]


def test_training_and_validation_have_colors_of_their_own() -> None:
    axes = axes_of(training_curves(TRIAL))
    colors = {line.get_label(): line.get_color() for line in axes.lines}
    assert (colors["training"], colors["validation"]) == (TRAINING, VALIDATION)
    assert TRAINING != VALIDATION


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("losses", [(1.0,), (1.0, 0.0), (0.0, 0.0), (-1.0, -2.0), (1e-8, 1e30)])
def test_training_curves_of_unusual_losses_can_be_drawn(losses: tuple[float, ...], tmp_path: Path) -> None:
    """One epoch; a loss of 0, which a logarithm cannot show; a user's loss below 0."""
    folds = (dataclasses.replace(fold(0, 1.0, losses, best_epoch=1), validation_loss=losses),)
    training_curves(Trial(0, {}, TrialState.COMPLETE, folds, 1)).savefig(tmp_path / "curve.png")
    assert (tmp_path / "curve.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("losses", "scale"), [((1.0, 0.1), "log"), ((1.0, 0.0), "linear"), ((1.0, -2.0), "linear")]
)
def test_the_scale_is_logarithmic_where_every_loss_can_be_shown(
    losses: tuple[float, ...], scale: str
) -> None:
    folds = (dataclasses.replace(fold(0, 1.0, losses), validation_loss=losses),)
    assert axes_of(training_curves(Trial(0, {}, TrialState.COMPLETE, folds, 1))).get_yscale() == scale


def test_the_validation_curve_shows_every_trial_and_joins_the_best_at_each_capacity() -> None:
    trials = [
        completed(0, 4.0, 6.0, capacity=100),
        completed(1, 2.0, 4.0, capacity=100),
        completed(2, 1.0, 1.0, capacity=2000),
        failed(3),
    ]
    axes = axes_of(validation_curve_over_capacity(trials, LOSS))
    assert points(axes, "training") == [(100, 2.5), (100, 1.5), (2000, 0.5)]
    assert points(axes, "best at this capacity") == [(100, 3.0), (2000, 1.0)]
    (bars,) = axes.containers
    assert bars.get_label() == "validation ± SE"
    ends = [[float(y) for _, y in path] for path in bars.lines[2][0].get_segments()]
    # two scores 1 off their mean: s² = 2, and the standard error √(2 (1/2 + 1/(2 − 1))) = √3
    assert ends == [
        pytest.approx([5.0 - 3**0.5, 5.0 + 3**0.5]),
        pytest.approx([3.0 - 3**0.5, 3.0 + 3**0.5]),
        [1.0, 1.0],
    ]
    assert axes.get_xscale() == "log"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("capacity (trainable weights)", "log_loss")


def test_the_best_at_a_capacity_follows_the_direction() -> None:
    trials = [completed(0, 4.0, 6.0, capacity=100), completed(1, 2.0, 4.0, capacity=100)]
    figure = validation_curve_over_capacity(trials, Objective("log_loss", Direction.MAXIMIZE))
    assert points(axes_of(figure), "best at this capacity") == [(100, 5.0)]


def test_capacities_of_one_magnitude_stay_on_a_linear_scale() -> None:
    trials = [completed(0, 4.0, capacity=100), completed(1, 2.0, capacity=300)]
    axes = axes_of(validation_curve_over_capacity(trials, LOSS))
    assert axes.get_xscale() == "linear"
    assert numpy.isfinite([y for _, y in points(axes, "best at this capacity")]).all()


def test_of_many_trials_evenly_spaced_ones_are_drawn_and_the_files_of_few_are_read() -> None:
    trials = [completed(number, 1.0 + number % 700, capacity=1 + number % 700) for number in range(2100)]
    read: list[int] = []

    def training_mean(trial: Trial) -> float:
        read.append(trial.number)
        return 0.5

    axes = axes_of(validation_curve_over_capacity(trials, LOSS, training_mean))
    assert len(read) == 600
    assert len(points(axes, "training")) == 500
    best = points(axes, "best at this capacity")
    assert best == [(size, float(size)) for size, _ in best], "the first trial of a size is its best"
    assert (len(best), best[0][0], best[-1][0]) == (100, 1.0, 700.0)


def test_figures_leave_no_state_in_pyplot() -> None:
    code = """
import sys
sys.path.insert(0, sys.argv[1])
from paper_trials import completed
from automl.report.figures import training_curves, validation_curve_over_capacity
from automl.trial import Direction, Objective
training_curves(completed(0, 1.0))
validation_curve_over_capacity([completed(0, 1.0)], Objective("log_loss", Direction.MINIMIZE))
print("matplotlib.pyplot" in sys.modules, "matplotlib.figure" in sys.modules)
"""
    tests = Path(__file__).parent.parent
    told = subprocess.run(
        [sys.executable, "-c", code, str(tests)], capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["False", "True"]
