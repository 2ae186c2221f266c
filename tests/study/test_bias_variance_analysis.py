"""Which trials are taken apart, and how closely: the budget, the memory, the spread over sizes; end to end too."""

import dataclasses
from typing import Any

import numpy
import pandas
import pytest
from paper_trials import completed, failed

from automl.config.reading import make_study
from automl.config.sections import FEWEST_RESAMPLES
from automl.study.analyses import bias_variance as analysis
from automl.study.analyses.bias_variance import Design, decompose, design_analysis, whole_folds
from automl.study.analyses.blocks import targets_of
from automl.study.preparation import PreparedStudy, prepare_study
from automl.training.engine import Watch
from automl.training.members import plan_members
from automl.trial import Trial

WATCH = Watch(lambda _: None, lambda: True)
FOLDS = 4


def prepared_with(bias_variance: dict[str, Any] | None = None, **sections: Any) -> PreparedStudy:
    content = {
        "name": "s",
        "data": {"sklearn": "wine"},
        "objective": "log_loss",
        "splits": {"folds": FOLDS},
        "space": {"depth": 1, "width": 8, "learning_rate": 0.02},
        "training": {"epochs": 4, "batch_size": 32},
        "bias_variance": bias_variance or {},
    }
    return prepare_study(make_study(content | sections))


def trials_of(count: int, seconds: float = 1e6, sizes: tuple[int, ...] = ()) -> list[Trial]:
    """Trial 0 is the best, trial 1 the second; networks of so many seconds each."""
    return [
        dataclasses.replace(
            completed(number, *[0.1 * (1 + number)] * FOLDS, capacity=sizes[number] if sizes else 100),
            seconds=FOLDS * seconds,
        )
        for number in range(count)
    ]


def numbers(design: Design) -> list[int]:
    return [trial.number for trial in design.trials]


def test_with_time_and_memory_the_ten_best_are_looked_into_with_sixteen_resamples() -> None:
    """130 trials of 4 networks have cost 520; half of it are the 260 that ten × (4 + 16) × 1.3 cost."""
    design = design_analysis(prepared_with(), trials_of(130))
    assert numbers(design) == list(range(10))
    assert len(design_analysis(prepared_with(), trials_of(129)).trials) == 9
    assert (design.num_resamples, design.num_seeds, design.num_folds) == (16, 1, FOLDS)
    assert design.networks_per_trial == FOLDS + 16


def test_without_a_time_limit_no_clock_decides_what_is_looked_into() -> None:
    """A busy machine makes some trials slow; a study that is killed and continued must be analyzed alike."""
    prepared = prepared_with(budget={"minutes": None})
    trials = trials_of(60)
    slow = [dataclasses.replace(trial, seconds=trial.seconds * 50) for trial in trials[:5]]
    quick = [dataclasses.replace(trial, seconds=trial.seconds / 50) for trial in trials[:5]]
    designs = [design_analysis(prepared, [*first, *trials[5:]]) for first in (trials[:5], slow, quick)]
    assert [numbers(design) for design in designs] == [numbers(designs[0])] * 3
    assert 1 < len(designs[0].trials) < 10, (
        "the share of the search's work limits it as that of its time does"
    )


@pytest.mark.parametrize("count", [1, 2, 5, 12, 30, 100])
def test_what_is_left_open_fits_half_of_the_time_of_the_search(count: int) -> None:
    trials = trials_of(count, 2.0)
    design = design_analysis(prepared_with(), trials)
    spent = sum(trial.seconds for trial in trials)
    cost = 1.3 * 2.0 * len(design.trials) * (FOLDS + design.num_resamples)
    least = len(design.trials) == 1 and design.num_resamples == FEWEST_RESAMPLES
    assert cost <= 0.5 * spent or least
    assert 1 <= len(design.trials) <= min(10, count)
    if not least and len(design.trials) < min(10, count):
        more = 1.3 * 2.0 * (len(design.trials) + 1) * (FOLDS + design.num_resamples)
        assert more > 0.5 * spent, "one more would not have fitted"


def test_resamples_that_are_asked_for_are_not_made_fewer() -> None:
    design = design_analysis(prepared_with({"resamples": 32, "seeds": 2}), trials_of(6))
    assert (numbers(design), design.num_resamples, design.num_seeds) == ([0], 32, 2)
    assert design.networks_per_trial == FOLDS + 64


def test_all_are_all_that_completed_whatever_it_costs() -> None:
    trials = [*trials_of(20, 1.0), failed(20)]
    design = design_analysis(prepared_with({"trials": "all", "resamples": 8}), trials)
    assert numbers(design) == list(range(20))
    assert design.num_resamples == 8
    usual = design_analysis(prepared_with({"trials": "all"}), trials)
    assert (usual.num_resamples, usual.beyond) == (analysis.RESAMPLES_OF_ALL, 1.0)


def test_top_are_ten_whatever_it_costs() -> None:
    design = design_analysis(prepared_with({"trials": "top"}), trials_of(12))
    assert (len(design.trials), design.num_resamples) == (10, 16)
    assert numbers(design_analysis(prepared_with({"trials": "top"}), trials_of(3))) == [0, 1, 2]


def test_no_resamples_no_analysis() -> None:
    assert design_analysis(prepared_with({"resamples": 0, "trials": "all"}), trials_of(5)).trials == ()
    assert design_analysis(prepared_with(), [failed(0), failed(1)]).trials == ()


def test_resamples_are_as_many_as_fit_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = prepared_with({"trials": "top"})
    widths = [prepared.layout.num_inputs(name) for name in analysis.ENCODINGS]
    a_view = 4 * len(prepared.splits.training) * sum(widths)
    for room, expected in ((FOLDS + 7, 7), (FOLDS + 100, 16), (FOLDS + 4, 4), (FOLDS + 3, 0)):
        monkeypatch.setattr(analysis, "_MOST_VIEW_BYTES", room * a_view)
        design = design_analysis(prepared, trials_of(3))
        assert design.num_resamples == expected
        assert len(design.trials) == (3 if expected else 0)


def test_a_choice_of_trials_holds_the_best_and_both_ends_of_the_sizes() -> None:
    generator = numpy.random.default_rng(0)
    for _ in range(30):
        count = int(generator.integers(11, 60))
        sizes = tuple(int(size) for size in generator.choice([5, 10, 20, 40, 80, 160, 320, 640], count))
        trials = trials_of(count, 1.0, sizes)
        design = design_analysis(prepared_with({"trials": "top"}), trials)
        assert len(design.trials) == 10
        assert numbers(design) == sorted(set(numbers(design))), "in the order of their ranks, each once"
        assert numbers(design)[:5] == [0, 1, 2, 3, 4]
        chosen = {sizes[number] for number in numbers(design)}
        for end in (min(sizes), max(sizes)):
            near = sorted(set(sizes), key=lambda size: abs(size - end))[:2]
            assert chosen & set(near), "an end of the sizes is not shown"


def test_the_best_of_a_size_stands_for_it() -> None:
    sizes = (50,) * 6 + (10, 10, 20, 20, 40, 40, 60, 60)
    design = design_analysis(prepared_with({"trials": "top"}), trials_of(len(sizes), 1.0, sizes))
    assert numbers(design) == [0, 1, 2, 3, 4, 5, 6, 8, 10, 12]


def test_folds_of_an_analysis_have_no_stopping_rows_and_the_first_repeat_alone() -> None:
    prepared = prepared_with(splits={"folds": 3, "repeats": 2})
    folds = whole_folds(prepared)
    assert len(folds) == 4
    training = numpy.sort(prepared.splits.training)
    for fold, original in zip(folds[:3], prepared.splits.folds, strict=False):
        assert len(fold.stopping) == 0
        assert not {*fold.fit} & {*fold.validation}
        numpy.testing.assert_array_equal(numpy.union1d(fold.fit, fold.validation), training)
        numpy.testing.assert_array_equal(fold.validation, original.validation)
    numpy.testing.assert_array_equal(numpy.sort(folds[3].fit), training)
    numpy.testing.assert_array_equal(folds[3].validation, training)


def test_of_large_tables_a_sample_of_the_rows_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = prepared_with()
    monkeypatch.setattr(analysis, "_MOST_SCORED", 30)
    rows = whole_folds(prepared)[-1].validation
    assert len(rows) == len(set(rows)) == 30
    assert set(rows) < set(prepared.splits.training)
    numpy.testing.assert_array_equal(whole_folds(prepared)[-1].validation, rows)


def regression() -> tuple[PreparedStudy, Trial, Trial]:
    """A study, a trial that trains, and one that diverges only on all rows of a fold."""
    generator = numpy.random.default_rng(4)
    table = pandas.DataFrame(generator.normal(size=(90, 2)), columns=["a", "b"])
    table["y"] = table["a"] - table["b"] + 0.3 * generator.normal(size=90)
    content = {
        "name": "s",
        "data": {"frame": True, "target": "y"},
        "splits": {"folds": 3, "test": 0},
        "space": {"depth": 0, "learning_rate": 0.05, "optimizer": "sgd"},
        "training": {"epochs": 12, "batch_size": 16},
    }
    prepared = prepare_study(make_study(content), table)
    cohort = [
        plan_members(number, dict(prepared.space.initial()) | values, 3, 0)
        for number, values in enumerate([{}, {"learning_rate": 0.1}])
    ]
    first, second = sorted(prepared.make_engine().train(cohort, WATCH), key=lambda trial: trial.number)
    return prepared, first, second


def test_trials_are_taken_apart_as_their_networks_say() -> None:
    """The risk is that of plain refits of the folds; a network that diverges takes its trial out, and no other."""
    prepared, first, second = regression()
    wild = dataclasses.replace(second, hyperparameters=dict(second.hyperparameters) | {"learning_rate": 1e30})
    decompositions = list(decompose(prepared, Design((first, wild), 6, 1, 3), WATCH))
    assert [part.trial for part in decompositions] == [0]
    [part] = decompositions
    assert part.epoch == sorted(fold.best_epoch for fold in first.folds)[1]
    assert (part.num_resamples, part.num_seeds, part.num_folds, part.num_rows) == (6, 1, 3, 90)
    engine, dataset = prepared.make_engine(), prepared.dataset
    losses = []
    for number, fold in enumerate(whole_folds(prepared)[:3]):
        member = plan_members(0, first.hyperparameters, 3, 0)[number]
        network = engine.refit(member, fold.fit, part.epoch)
        errors = network.predict(dataset.columns.take(fold.validation)) - dataset.target[fold.validation]
        losses += (errors**2).tolist()
    assert part.at(part.risk)[0] == pytest.approx(numpy.mean(losses), rel=1e-4)
    assert part.constant == pytest.approx(dataset.target.var())
    assert 0.0 < part.at(part.variance)[0] < part.at(part.risk)[0] < part.constant
    assert part.training[-1] < part.at(part.risk)[0] * 1.2
    assert targets_of(dataset).num_classes == 0


def test_several_seeds_tell_where_the_variance_comes_from() -> None:
    """A convex problem forgets its initial weights: nearly all of the variance is that of the rows."""
    prepared, trial, _ = regression()
    folds = tuple(dataclasses.replace(fold, best_epoch=12) for fold in trial.folds)
    late = dataclasses.replace(trial, folds=folds)
    [part] = list(decompose(prepared, Design((late,), 8, 3, 3), WATCH))
    assert (part.num_resamples, part.num_seeds, part.epoch) == (8, 3, 12)
    assert part.parts["data"] > 5.0 * abs(part.parts["initialization"])
