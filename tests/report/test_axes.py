"""Axes of hyperparameters and of scores, worked out by hand."""

import dataclasses
import math
from collections.abc import ValuesView
from pathlib import Path

import pytest
from made_states import STARTED, made_state
from paper_trials import completed

from automl.report.axes import axis_of, capacity_axis, make_axis, score_axis, score_bounds
from automl.report.charts.look import Along, log_along
from automl.report.content import ReportContent
from automl.trial import Trial


def content_of(folder: Path, *trials: Trial, **changes: object) -> ReportContent:
    return ReportContent(made_state(folder, trials, started=dataclasses.replace(STARTED, **changes)))  # type: ignore[arg-type]


def test_places_on_a_linear_and_a_logarithmic_axis() -> None:
    linear = make_axis(Along("width"), {0: 10.0, 1: 20.0})
    log = make_axis(log_along("rate", [1.0, 1e4]), {0: 1.0, 1: 1e4})
    assert [linear.share(value) for value in (10.0, 12.5, 20.0)] == [0.0, 0.25, 1.0]
    assert [log.share(value) for value in (1.0, 10.0, 100.0)] == pytest.approx([0.0, 0.25, 0.5])
    assert [linear.share(value) for value in (-1e9, 1e9)] == [0.0, 1.0]


def test_ticks_name_the_values_at_their_places() -> None:
    log = make_axis(log_along("rate", [1e-4, 1.0]), {0: 1e-4, 1: 1.0})
    assert log.ticks() == [(0.0, "0.0001"), (0.25, "0.001"), (0.5, "0.01"), (0.75, "0.1"), (1.0, "1")]
    names = make_axis(Along("activation", labels=("relu", "tanh", "gelu")), {0: 0.0, 1: 2.0})
    assert names.ticks() == [(0.0, "relu"), (0.5, "tanh"), (1.0, "gelu")]


def test_few_numbers_stand_evenly_apart_and_many_where_they_are(tmp_path: Path) -> None:
    few = [completed(number, 1.0, width=2**number) for number in range(4)]
    axis = axis_of(content_of(tmp_path / "few", *few), few, "width")
    assert axis is not None and axis.ordered
    assert (axis.along.labels, dict(axis.values)) == (("1", "2", "4", "8"), {0: 0.0, 1: 1.0, 2: 2.0, 3: 3.0})
    many = [completed(number, 1.0, width=2**number) for number in range(9)]
    axis = axis_of(content_of(tmp_path / "many", *many, log_scaled=("width",)), many, "width")
    assert axis is not None and axis.along.log
    assert axis.values[8] == 256.0


def test_one_value_has_no_axis(tmp_path: Path) -> None:
    alike = [completed(number, 1.0, capacity=7, width=8) for number in range(3)]
    assert axis_of(content_of(tmp_path, *alike), alike, "width") is None
    assert capacity_axis(alike) is None


def test_names_have_no_order(tmp_path: Path) -> None:
    trials = [completed(number, 1.0, activation=name) for number, name in enumerate(("tanh", "relu"))]
    axis = axis_of(content_of(tmp_path, *trials), trials, "activation")
    assert axis is not None and not axis.ordered


class Counted(dict[int, float]):
    """Counts how often all of its values are read."""

    reads = 0

    def values(self) -> ValuesView[float]:
        type(self).reads += 1
        return super().values()


def test_the_values_of_an_axis_are_searched_once_however_many_places_are_asked_for() -> None:
    values = Counted({number: float(number) for number in range(100)})
    axis = make_axis(Along("width"), values)
    before = Counted.reads
    assert axis.share(99.0) == 1.0
    assert [axis.share(value) for value in values][50] == pytest.approx(50 / 99)
    assert Counted.reads == before


def test_a_score_that_diverged_does_not_press_the_others_together() -> None:
    """Losses 1 to 9: median 5, better quartile 3, so the worst that is shown is 5 + 6 · 2 = 17."""
    losses = [float(loss) for loss in range(1, 9)]
    assert score_bounds([*losses, 1e6], False) == (1.0, 17.0)
    assert score_bounds([*losses, 9.0], False) == (1.0, 9.0)
    assert score_bounds([-loss for loss in (*losses, 1e6)], True) == (-17.0, -1.0)
    assert score_bounds([0.5, 0.5, 0.5, 9.0], False) == (0.5, 9.0)
    assert score_bounds([], True) == score_bounds([math.nan], True) == (0.0, 1.0)


@pytest.mark.parametrize(
    "scores", [[], [0.0], [3.0, 3.0], [math.nan, math.inf], [-1.0, -2.0], [1e300, -1e300]]
)
def test_any_scores_have_an_axis(scores: list[float], tmp_path: Path) -> None:
    bounds = score_axis(content_of(tmp_path, completed(0, 1.0)), scores, [math.nan]).bounds
    assert bounds is not None and math.isfinite(bounds[0]) and bounds[0] < bounds[1]


def test_the_axis_of_scores_holds_the_ends_of_whiskers(tmp_path: Path) -> None:
    bounds = score_axis(content_of(tmp_path, completed(0, 1.0)), [1.0, 2.0], [0.5, 3.0, math.inf]).bounds
    assert bounds == pytest.approx((0.4, 3.1))
