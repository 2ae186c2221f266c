"""Predictions along the way: populations against the sequential twin, resamples, groups, seeds, failures."""

import dataclasses
from typing import Any

import numpy
import pandas
import pytest
from populations import member, study

from automl.config.reading import make_study
from automl.data.folds import Fold
from automl.networks.builder import NetworkBuilder
from automl.study.analyses.bias_variance import whole_folds
from automl.study.preparation import PreparedStudy, prepare_study
from automl.training.engine import Engine, Watch
from automl.training.engines import ENGINES
from automl.training.plain.engine import SequentialEngine
from automl.training.population.engine import PopulationEngine
from automl.training.rows import member_fold
from automl.training.traces import Trace
from automl.trial import Member

WATCH = Watch(lambda _: None, lambda: True)
WHOLE = 2
"""Number of the fold that resamples are drawn from, behind two folds."""

EPOCHS = 8
SNAPSHOTS = (1, 2, 5)
"""The last one is not the last epoch that the study allows, which is what schedules are made for."""


def study_of(data: str = "diabetes", **values: Any) -> tuple[PreparedStudy, tuple[Fold, ...]]:
    prepared = study(values, data, training={"epochs": EPOCHS})
    return prepared, whole_folds(prepared)


def traced(engine: Engine, members: list[Member]) -> list[Trace]:
    """In the order of the members."""
    traces = list(engine.trace(members, WATCH))
    assert len(traces) == len(members)
    return sorted(traces, key=lambda trace: members.index(trace.member))


def follow(trained: Member, **changes: Any) -> Member:
    return dataclasses.replace(trained, **({"snapshots": SNAPSHOTS} | changes))


def resampled(prepared: PreparedStudy, number: int = 1, trial: int = 0, **values: Any) -> Member:
    return follow(member(prepared, trial, WHOLE, **values), resample=number, repeat=number)


@pytest.mark.parametrize("data", ["diabetes", "wine", pytest.param("breast_cancer", marks=pytest.mark.slow)])
def test_populations_equal_the_sequential_twin_at_every_snapshot(data: str) -> None:
    prepared, folds = study_of(data)
    members = [
        resampled(prepared),
        follow(member(prepared, fold=0)),
        resampled(prepared, 2, trial=1, schedule="cosine"),
        follow(member(prepared, 1, 1, schedule="cosine")),
    ]
    actual = traced(PopulationEngine(prepared.plan, folds), members)
    reference = traced(SequentialEngine(prepared.plan, folds), members)
    scale = prepared.dataset.target.std() if data == "diabetes" else 1.0
    for first, second in zip(actual, reference, strict=True):
        assert not first.failed and not second.failed
        numpy.testing.assert_array_equal(first.rows, second.rows)
        numpy.testing.assert_array_equal(first.trained, second.trained)
        assert first.predictions.shape[:2] == (len(SNAPSHOTS), len(first.rows))
        assert first.predictions.dtype == second.predictions.dtype == numpy.float32
        for snapshot, expected in zip(first.predictions, second.predictions, strict=True):
            numpy.testing.assert_allclose(snapshot / scale, expected / scale, rtol=0, atol=1e-5)
        assert numpy.ptp(first.predictions, axis=0).max() > 0.01 * scale, "snapshots differ"


def test_a_schedule_ends_with_the_epochs_of_the_study_and_not_with_the_last_snapshot() -> None:
    prepared, folds = study_of(schedule="cosine")
    engine = PopulationEngine(prepared.plan, folds)
    short, longer = traced(
        engine, [follow(member(prepared)), follow(member(prepared), snapshots=(*SNAPSHOTS, EPOCHS))]
    )
    numpy.testing.assert_array_equal(short.predictions, longer.predictions[: len(SNAPSHOTS)])
    # an engine of a study with fewer epochs has another horizon, so that the two can differ
    fewer = study({"schedule": "cosine"}, "diabetes", training={"epochs": SNAPSHOTS[-1]})
    [of_fewer] = traced(PopulationEngine(fewer.plan, folds), [follow(member(fewer))])
    assert numpy.abs(of_fewer.predictions - short.predictions).max() > 0.1


def test_neighbors_change_nothing() -> None:
    prepared, folds = study_of(dropout=0.2)
    single = resampled(prepared)
    neighbors = [resampled(prepared, number, trial=1, learning_rate=0.05) for number in range(1, 5)]
    [alone] = traced(PopulationEngine(prepared.plan, folds), [single])
    members = [*neighbors, single, follow(member(prepared))]
    beside = traced(PopulationEngine(prepared.plan, folds), members)[-2]
    numpy.testing.assert_allclose(beside.predictions, alone.predictions, rtol=1e-5)
    engine = PopulationEngine(prepared.plan, folds)
    first = traced(engine, [single, *neighbors])[0]
    wild = [dataclasses.replace(neighbor, repeat=9) for neighbor in neighbors]
    second = traced(engine, [single, *wild])[0]
    numpy.testing.assert_array_equal(first.predictions, second.predictions)


@pytest.mark.parametrize("engine", ENGINES)
def test_trained_marks_the_drawn_rows_and_no_others(engine: str) -> None:
    prepared, folds = study_of()
    single, fold = resampled(prepared), member(prepared, fold=1)
    resample, plain = traced(ENGINES[engine](prepared.plan, folds), [single, follow(fold)])
    generator = numpy.random.default_rng(single.rows_seed)
    drawn = set(generator.choice(folds[WHOLE].fit, len(folds[WHOLE].fit)))
    assert {*resample.rows[resample.trained]} == drawn & {*resample.rows}
    assert 0.55 < resample.trained.mean() < 0.72  # 1 − 1/e of the rows
    assert not plain.trained.any()
    numpy.testing.assert_array_equal(plain.rows, folds[1].validation)


@pytest.mark.parametrize("engine", ENGINES)
def test_replicas_begin_with_weights_of_their_own_repeat(engine: str) -> None:
    """A Keras 3 initializer gives the same weights at each call: networks 'reset' by it would not vary.

    The networks are linear and learn nothing, so that their outputs tell their initial weights.
    """
    generator = numpy.random.default_rng(3)
    table = pandas.DataFrame(generator.normal(size=(150, 3)), columns=["a", "b", "c"])
    table["y"] = numpy.where(generator.random(150) < 0.5, "no", "yes")
    content = {
        "name": "s",
        "data": {"frame": True, "target": "y"},
        "splits": {"folds": 2},
        "space": {"depth": 0, "learning_rate": 1e-12, "optimizer": "sgd"},
        "training": {"epochs": 2},
    }
    prepared = prepare_study(make_study(content), table)
    folds = whole_folds(prepared)
    base = follow(member(prepared, fold=WHOLE), snapshots=(1,))
    numbers = [(1, 1), (2, 2), (1, 2), (2, 1)]
    members = [dataclasses.replace(base, resample=resample, repeat=repeat) for resample, repeat in numbers]
    kernels = {}
    for pair, trace in zip(numbers, traced(ENGINES[engine](prepared.plan, folds), members), strict=True):
        fit = member_fold(trace.member, folds[WHOLE]).fit
        inputs = table[["a", "b", "c"]].to_numpy()
        scaled = (inputs[trace.rows] - inputs[fit].mean(axis=0)) / inputs[fit].std(axis=0)
        odds = trace.predictions[0].astype(float)
        logits = numpy.log(odds[:, 1] / odds[:, 0])
        solved = numpy.linalg.lstsq(numpy.c_[scaled, numpy.ones(len(scaled))], logits, rcond=None)
        kernels[pair] = solved[0][:3]
        assert solved[0][3] == pytest.approx(0.0, abs=1e-5), "the bias begins at 0"
    numpy.testing.assert_allclose(kernels[1, 1], kernels[2, 1], atol=1e-5)
    numpy.testing.assert_allclose(kernels[2, 2], kernels[1, 2], atol=1e-5)
    assert numpy.abs(kernels[1, 1] - kernels[2, 2]).max() > 0.1
    assert numpy.abs(kernels[1, 1]).max() > 0.1


@pytest.mark.parametrize("engine", ENGINES)
def test_a_member_that_diverges_has_a_failed_trace_and_harms_no_other(engine: str) -> None:
    prepared, folds = study_of(optimizer="sgd")
    calm, wild = resampled(prepared), resampled(prepared, trial=1, learning_rate=1e30)
    alone = traced(ENGINES[engine](prepared.plan, folds), [calm])[0]
    first, diverged = traced(ENGINES[engine](prepared.plan, folds), [calm, wild])
    assert diverged.failed == "diverged"
    assert not first.failed
    numpy.testing.assert_allclose(first.predictions, alone.predictions, rtol=1e-5)


class Raising(NetworkBuilder):
    """Fails for one learning rate."""

    def __init__(self, inner: NetworkBuilder) -> None:
        self._inner = inner

    def build(self, hyperparameters, seed):
        if hyperparameters["learning_rate"] == 0.5:
            raise RuntimeError("no such network")
        return self._inner.build(hyperparameters, seed)


def test_a_builder_that_raises_has_a_failed_trace() -> None:
    prepared, folds = study_of()
    plan = dataclasses.replace(prepared.plan, builder=Raising(prepared.builder))
    members = [resampled(prepared, trial=1, learning_rate=0.5), resampled(prepared)]
    broken, fine = traced(SequentialEngine(plan, folds), members)
    assert broken.failed == "RuntimeError: no such network"
    assert broken.predictions.shape == (0, len(broken.rows))
    assert not fine.failed and fine.predictions.shape[0] == len(SNAPSHOTS)


def test_no_member_begins_when_the_time_is_up() -> None:
    prepared, folds = study_of()
    for engine in ENGINES.values():
        watch = Watch(lambda _: None, lambda: False)
        assert list(engine(prepared.plan, folds).trace([resampled(prepared)], watch)) == []


def test_a_group_bootstrap_draws_whole_groups() -> None:
    generator = numpy.random.default_rng(0)
    codes = numpy.repeat(numpy.arange(30), generator.integers(1, 9, 30))
    rows = 2 * numpy.arange(len(codes)) + 5
    fold = Fold(rows, rows[:0], rows, codes)
    draws_seen = set()
    for number in range(1, 40):
        fit = member_fold(Member(0, 0, {}, 0, resample=number), fold).fit
        times = numpy.array([(fit == row).sum() for row in rows])
        by_group = [set(times[codes == code].tolist()) for code in range(30)]
        assert all(len(counts) == 1 for counts in by_group), "all rows of a group come as often"
        assert sum(counts.pop() for counts in by_group) == 30, "as many groups as there are"
        draws_seen.add(tuple(times.tolist()))
    assert len(draws_seen) == 39
    again = member_fold(Member(5, 0, {"depth": 1}, 0, resample=3, repeat=2), fold).fit
    numpy.testing.assert_array_equal(again, member_fold(Member(0, 0, {}, 0, resample=3), fold).fit)


def test_groups_of_a_study_reach_the_resamples() -> None:
    generator = numpy.random.default_rng(1)
    table = pandas.DataFrame(generator.normal(size=(120, 2)), columns=["a", "b"])
    table["patient"] = numpy.repeat([f"p{number}" for number in range(24)], 5)
    table["y"] = table["a"] + generator.normal(size=120)
    content = {
        "name": "s",
        "data": {"frame": True, "target": "y"},
        "splits": {"kind": "group", "by": "patient", "folds": 2},
        "space": {"depth": 0, "learning_rate": 0.01},
        "training": {"epochs": 2},
    }
    prepared = prepare_study(make_study(content), table)
    folds = whole_folds(prepared)
    [trace] = traced(
        PopulationEngine(prepared.plan, folds), [dataclasses.replace(resampled(prepared), snapshots=(1,))]
    )
    patients = table["patient"].to_numpy()[trace.rows]
    for name in set(patients):
        assert len(set(trace.trained[patients == name])) == 1
    assert 0 < trace.trained.sum() < len(trace.rows)


@pytest.mark.parametrize("data", ["diabetes", pytest.param("breast_cancer", marks=pytest.mark.slow)])
@pytest.mark.parametrize("engine", ENGINES)
def test_the_last_snapshot_is_what_a_plain_refit_says(engine: str, data: str) -> None:
    prepared, folds = study_of(data)
    for followed in (resampled(prepared), follow(member(prepared, fold=1))):
        [trace] = traced(ENGINES[engine](prepared.plan, folds), [followed])
        fold = folds[followed.fold]
        plain = dataclasses.replace(followed, snapshots=())
        network = ENGINES[engine](prepared.plan, folds).refit(plain, fold.fit, SNAPSHOTS[-1])
        expected = network.predict(prepared.dataset.columns.take(fold.validation))
        numpy.testing.assert_allclose(trace.predictions[-1], expected, rtol=1e-4, atol=1e-5)
