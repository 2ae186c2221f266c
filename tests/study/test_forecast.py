"""What a forecast counts against independent counts, and what it times against engines whose costs are known."""

import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy
import pytest
import yaml
from click.testing import CliRunner

from automl.cli.forecasting import forecast_lines
from automl.cli.prepare import check
from automl.config.reading import load_study, make_study
from automl.evaluation.out_of_fold import OutOfFold
from automl.records.files import write_predictions, write_trial
from automl.search.table import make_sampler
from automl.space import configurations
from automl.study.footprint import Disk, Memory, count_disk, count_memory
from automl.study.forecast import Forecast, Seconds, Times, forecast
from automl.study.network_sizes import SizedNetwork, smallest_and_largest
from automl.study.preparation import PreparedStudy, prepare_study
from automl.study.shortened import num_fit_rows, with_fewer_rows
from automl.study.timing import MOST_ROWS, CannotTrain, Timing, TooSlow, time_networks
from automl.study.workload import Work, Workload, expected_epochs, plan_workload
from automl.training import together
from automl.training.catalog import ViewCatalog
from automl.training.planner import plan_lanes
from automl.training.trials import plan_members
from automl.trial import FoldResult, Progress, Trial, TrialState

FOLDS = 3


def prepared_with(**sections: Any) -> PreparedStudy:
    content = {
        "name": "s",
        "data": {"sklearn": "wine"},
        "splits": {"folds": FOLDS},
        "space": {"depth": 1, "width": 8, "learning_rate": {"choice": [0.01, 0.02, 0.03, 0.04]}},
        "search": {"algorithm": "grid", "trials": 4},
        "training": {"epochs": 10, "batch_size": 32, "patience": 3},
        "bias_variance": {"resamples": 0},
    }
    return prepare_study(make_study(content | sections))


# --- the smallest and the largest network ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "space",
    [
        {
            "depth": {"int": [0, 2]},
            "width": {"choice": [1, 16]},
        },  # a bottleneck of one unit is less than no layer
        {"depth": {"choice": [1, 3]}, "width": {"choice": [4, 9], "per_layer": True}},
        {
            "depth": {"choice": [0, 1]},
            "width": {"int": [3, 5]},
            "numeric_encoding": {"choice": ["piecewise", "standard"]},
            "batch_normalization": {"choice": [True, False]},
        },
    ],
)
def test_the_smallest_and_the_largest_network_are_those_of_all_configurations(space: dict[str, Any]) -> None:
    prepared = prepared_with(space=space)
    every = configurations(prepared.space)
    assert every is not None
    counts = [prepared.builder.build(values, seed=1).count_params() for values in every]
    moving = [
        int(values.get("batch_normalization", False)) for values in configurations(prepared.space) or ()
    ]
    smallest, largest = smallest_and_largest(prepared)
    for found in (smallest, largest):
        model = prepared.builder.build(found.hyperparameters, seed=1)
        assert found.capacity == sum(int(numpy.prod(weights.shape)) for weights in model.trainable_weights)
    if not any(moving):
        assert (smallest.capacity, largest.capacity) == (min(counts), max(counts))
    else:
        trainable = [
            sum(int(numpy.prod(weights.shape)) for weights in prepared.builder.build(v, 1).trainable_weights)
            for v in configurations(prepared.space) or ()
        ]
        assert (smallest.capacity, largest.capacity) == (min(trainable), max(trainable))


def test_of_a_builder_the_ends_of_all_ranges_are_built_and_what_raises_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "import keras\n"
        "def build(hp):\n"
        "    units, depth = hp.Int('units', 1, 50), hp.Int('depth', 1, 3)\n"
        "    if (units, depth) == (50, 3):\n"
        "        raise ValueError('too large')\n"
        "    layers = [keras.layers.Dense(units) for _ in range(depth)]\n"
        "    return keras.Sequential([keras.Input((13,)), *layers, keras.layers.Dense(3, activation='softmax')])\n"
    )
    (tmp_path / "study.yaml").write_text("data: {sklearn: wine}\nnetwork: {builder: own.py:build}\n")
    prepared = prepare_study(load_study(tmp_path / "study.yaml"))
    smallest, largest = smallest_and_largest(prepared)
    assert smallest.hyperparameters == {"units": 1, "depth": 1} and smallest.capacity == 13 + 1 + 3 + 3
    assert largest.hyperparameters != {"units": 50, "depth": 3} and largest.capacity > smallest.capacity
    keras.backend.clear_session()


# --- what is going to be trained -------------------------------------------------------------------------------------


def test_the_work_is_what_the_engine_plans_for_the_study(monkeypatch: pytest.MonkeyPatch) -> None:
    space = {
        "depth": {"int": [0, 2]},
        "width": {"choice": [8, 64]},
        "optimizer": {"choice": ["adam", "sgd"]},
        "learning_rate": {"float": [0.001, 0.1], "log": True},
    }
    prepared = prepared_with(space=space, search={"algorithm": "bayesian", "trials": 24, "seed": 5})
    planned: list[list[tuple[int, int]]] = []

    def spied(*arguments: Any) -> Any:
        lanes = plan_lanes(*arguments)
        planned.append([(len(lane.jobs), lane.structure.capacity) for lane in lanes])
        return lanes

    monkeypatch.setattr(together, "plan_lanes", spied)
    engine, search = prepared.make_engine(), prepared.config.search
    sampler = make_sampler("bayesian", prepared.space, prepared.objective, 24, search.seed)
    asked = 0
    while asked < 24:
        cohort = sampler.ask(min(24 - asked, sampler.cohort_size() or 24))
        engine.replay([plan_members(one.number, one.hyperparameters, FOLDS, search.seed) for one in cohort])
        asked += len(cohort)
    found = plan_workload(prepared, smallest_and_largest(prepared))
    assert [[(work.num_networks, work.capacity) for work in cohort] for cohort in found.cohorts] == planned
    assert len(planned) > 1 and found.num_planned == found.num_trials == 24


def test_a_cohort_ends_with_its_last_thread_and_the_next_begins_then() -> None:
    cohorts = [[Work(5, 1), Work(4, 1), Work(3, 1)], [Work(2, 1)]]
    workload = Workload(cohorts, num_workers=2, num_planned=10, num_trials=10, always_compiles=False)
    assert workload.seconds(lambda work: float(work.num_networks)) == max(5, 4 + 3) + 2


def test_trials_that_are_not_planned_cost_what_the_planned_ones_cost_without_their_programs() -> None:
    def cost(work: Work) -> float:
        return work.num_networks + (0.0 if work.is_compiled else 100.0)

    workload = Workload([[Work(5, 1)], [Work(3, 1, True)]], 1, 2, 8, always_compiles=False)
    assert workload.seconds(cost) == 100 + 4 * (5 + 3)
    assert replace(workload, always_compiles=True).seconds(cost) == 4 * (100 + 5 + 3)


# --- the clock -------------------------------------------------------------------------------------------------------


class Known:
    """An engine whose costs are known: it trains nothing, and moves a clock instead.

    Costs are seconds: of a compilation, of a network besides its epochs, of a row in an epoch.
    """

    compilation, member, row = 3.0, 0.25, 0.001

    def __init__(self, plan: Any, folds: Any, now: list[float], cohort_size: int) -> None:
        self._plan, self._folds, self._now = plan, folds, now
        self.cohort_size = cohort_size
        self._compiled = False

    def _compile(self) -> None:
        self._now[0] += 0.0 if self._compiled else self.compilation
        self._compiled = True

    def _epoch(self, member: Any) -> float:
        return self.row * len(self._folds[member.fold].fit)

    def train(self, cohort: Any, watch: Any, recorded: frozenset[int] = frozenset()) -> Any:
        del recorded
        self._compile()
        for members in cohort:
            for done, member in enumerate(members):
                if done:
                    self._now[0] += self.member
                for epoch in range(self._plan.epochs):
                    begins, self._now[0] = self._now[0], self._now[0] + self._epoch(member)
                    if epoch and watch.seconds_left() < 0.0:
                        self._now[0] = begins + watch.seconds_left() + self._epoch(member)
                        yield Trial(0, {}, TrialState.FAILED, reason="the budget ended")
                        return
                    if self.cohort_size == 1:
                        watch.on_progress(Progress(done, len(members), 1, epoch + 1, self._plan.epochs))
            self._now[0] += self.member
            yield Trial(members[0].trial, {}, TrialState.COMPLETE)

    def trace(self, members: Any, watch: Any, recorded: frozenset[int] = frozenset()) -> Any:
        del watch, recorded
        self._now[0] += sum(member.snapshots[-1] * self._epoch(member) for member in members)
        yield from members


def with_engine(monkeypatch: pytest.MonkeyPatch, cohort_size: int, **costs: float) -> list[float]:
    """Lets studies have such an engine; gives its clock."""
    now = [100.0]
    kind = type("Costly", (Known,), costs)
    monkeypatch.setattr(
        "automl.study.preparation.make_engine", lambda plan, folds: kind(plan, folds, now, cohort_size)
    )
    return now


@pytest.mark.parametrize("cohort_size", [1, 200])
def test_compilation_epochs_and_the_rest_are_told_apart(
    monkeypatch: pytest.MonkeyPatch, cohort_size: int
) -> None:
    prepared = prepared_with()
    now = with_engine(monkeypatch, cohort_size)
    network = smallest_and_largest(prepared)[0]
    (found,) = time_networks(prepared, [network], clock=lambda: now[0])
    rows = numpy.mean([len(fold.fit) for fold in prepared.splits.folds])
    assert found.share == 1.0 and found.network == network
    assert found.compilation == pytest.approx(3.0, rel=1e-3)
    assert found.member == pytest.approx(0.25, rel=0.05)
    assert found.epoch == pytest.approx(0.001 * rows, rel=0.05)  # folds differ by a row


@pytest.mark.parametrize("cohort_size", [1, 200])
def test_of_a_large_table_a_sample_is_timed_and_scaled(
    monkeypatch: pytest.MonkeyPatch, cohort_size: int
) -> None:
    prepared = prepared_with()
    fit = numpy.arange(3 * MOST_ROWS)
    large = tuple(replace(fold, fit=fit) for fold in prepared.splits.folds)
    prepared = replace(prepared, splits=replace(prepared.splits, folds=large))
    now = with_engine(monkeypatch, cohort_size, row=1e-6)
    (found,) = time_networks(prepared, smallest_and_largest(prepared)[:1], clock=lambda: now[0])
    assert found.share <= 1 / 3
    assert found.epoch == pytest.approx(3 * MOST_ROWS * 1e-6, rel=1e-3)


def test_a_sample_of_rows_is_the_same_each_time_and_keeps_the_parts_apart() -> None:
    prepared = prepared_with()
    once, again = (with_fewer_rows(prepared, 0.3).splits.folds for _ in range(2))
    for fold, same, whole in zip(once, again, prepared.splits.folds, strict=True):
        for part in ("fit", "stopping", "validation"):
            rows = getattr(fold, part)
            assert numpy.array_equal(rows, getattr(same, part))
            assert set(rows) <= set(getattr(whole, part)) and len(set(rows)) == len(rows)
            assert len(rows) == numpy.ceil(0.3 * len(getattr(whole, part)))
    assert num_fit_rows(with_fewer_rows(prepared, 1.0)) == num_fit_rows(prepared)


def test_an_epoch_that_does_not_end_in_time_is_a_lower_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = prepared_with()
    now = with_engine(monkeypatch, 1, row=1.0)
    network = smallest_and_largest(prepared)[1]
    with pytest.raises(TooSlow) as caught:
        time_networks(prepared, [network], clock=lambda: now[0])
    assert caught.value.seconds == 15.0 and caught.value.network == network

    def slow(*_: Any) -> Any:
        raise caught.value

    found = forecast(prepared, slow)
    assert found.times is None
    assert found.reason == "one epoch of the largest network takes more than 15 s"
    assert found.at_least == 4 * FOLDS * 6 * 15.0  # trials, folds, epochs, seconds
    assert found.memory is not None and found.disk is not None


def test_a_network_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = prepared_with()
    with_engine(monkeypatch, 200)

    def broken(*_: Any) -> Any:
        yield Trial(0, {}, TrialState.FAILED, reason="ValueError: no such layer")

    monkeypatch.setattr(Known, "train", broken)
    with pytest.raises(CannotTrain, match="ValueError: no such layer"):
        time_networks(prepared, smallest_and_largest(prepared))


# --- the sum ---------------------------------------------------------------------------------------------------------


def stub(small: Timing, large: Timing) -> Any:
    def timed(prepared: PreparedStudy, networks: Sequence[SizedNetwork]) -> list[Timing]:
        del prepared
        ends = (small, large)[-len(networks) :]
        return [replace(end, network=own) for end, own in zip(ends, networks, strict=True)]

    return timed


NOBODY = SizedNetwork({}, 0)
SMALL, LARGE = Timing(NOBODY, 2.0, 0.5, 0.1, 1.0), Timing(NOBODY, 4.0, 1.0, 0.3, 1.0)


def test_a_search_of_one_network_after_another_is_a_product() -> None:
    """4 trials of 3 folds; patience 3 of 10 epochs: 6 epochs each."""
    prepared = prepared_with(training={"epochs": 10, "batch_size": 32, "patience": 3, "engine": "sequential"})
    assert expected_epochs(prepared) == 6
    times = forecast(prepared, stub(SMALL, LARGE)).times
    assert times is not None
    one = 4 * (4.0 + FOLDS * (6 * 0.3 + 1.0))  # all have one size: the second timing is theirs
    assert (times.search.low, times.search.likely, times.search.high) == pytest.approx((one, one, one))
    assert times.analyses == Seconds(0.0, 0.0, 0.0)
    rows = len(prepared.splits.training) / num_fit_rows(prepared)
    assert times.refit.likely == pytest.approx(4.0 + 3 * rows * 0.3)


def test_between_the_smallest_and_the_largest_network_an_epoch_grows_with_the_weights() -> None:
    space = {"depth": 1, "width": {"choice": [10, 20, 60]}, "learning_rate": 0.01}
    training = {"epochs": 10, "batch_size": 32, "patience": 3, "engine": "sequential"}
    prepared = prepared_with(space=space, training=training, search={"algorithm": "grid", "trials": 3})
    times = forecast(prepared, stub(SMALL, LARGE)).times
    assert times is not None
    epochs = 0.1 + 0.14 + 0.3  # 20 units are a fifth of the way from 10 to 60
    assert times.search.low == pytest.approx(3 * (2.0 + FOLDS * (6 * 0.1 + 0.5)))
    assert times.search.likely == pytest.approx(3 * (3.0 + FOLDS * 0.75) + FOLDS * 6 * epochs)
    assert times.search.high == pytest.approx(3 * (4.0 + FOLDS * (6 * 0.3 + 1.0)))


def test_a_short_budget_has_room_for_its_share_of_the_trials() -> None:
    training = {"epochs": 10, "batch_size": 32, "patience": 3, "engine": "sequential"}
    a_trial = 4.0 + FOLDS * (6 * 0.3 + 1.0)
    sections = {
        "training": training,
        "search": {"algorithm": "grid", "trials": 4, "minutes": 2.5 * a_trial / 60},
    }
    found = forecast(prepared_with(budget={"minutes": None}, **sections), stub(SMALL, LARGE))
    assert found.times is not None and found.times.trials_in_budget == 2
    assert found.budget is None and found.search_budget == pytest.approx(2.5 * a_trial, rel=1e-3)
    sections["search"] = {"algorithm": "grid", "trials": 4}
    found = forecast(prepared_with(budget={"minutes": None}, **sections), stub(SMALL, LARGE))
    assert found.times is not None and found.times.trials_in_budget == 4
    assert found.search_budget is None


def test_epochs_are_those_that_patience_lets_a_network_train() -> None:
    def epochs(number: int, patience: int) -> float:
        return expected_epochs(prepared_with(training={"epochs": number, "patience": patience}))

    assert epochs(100, 10) == 60 and epochs(10, 20) == 10 and epochs(20, 15) == 16


# --- memory and disk -------------------------------------------------------------------------------------------------


def test_encoded_tables_take_the_bytes_that_are_counted() -> None:
    choices = {
        "numeric_encoding": {"choice": ["standard", "piecewise"]},
        "target_transform": {"choice": ["none"]},
    }
    prepared = prepared_with(data={"sklearn": "digits"}, space={"depth": 0, "learning_rate": 0.01, **choices})
    catalog = ViewCatalog(prepared.plan, prepared.splits.folds)
    values = list(configurations(prepared.space) or ())
    members = [
        member for trial, own in enumerate(values) for member in plan_members(trial, own, FOLDS, seed=0)
    ]
    catalog.add(members)
    tables = catalog.tables(members)
    nbytes = {
        width: sum(numpy.asarray(array).nbytes for array in table.arrays.values())
        for width, table in tables.items()
    }
    counted = count_memory(
        prepared, smallest_and_largest(prepared)[1], plan_workload(prepared, ()), design_of(prepared)
    )
    copies = 2.5 * max(nbytes.values())
    assert counted.views == pytest.approx(sum(nbytes.values()) + copies, rel=0.05)
    assert counted.analyses == 0


def design_of(prepared: PreparedStudy) -> Any:
    from automl.study.analyses.bias_variance import design_analysis

    return design_analysis(prepared, [])


def test_a_trial_takes_the_disk_that_is_counted(tmp_path: Path) -> None:
    prepared = prepared_with()
    folds = tuple(
        FoldResult(
            number,
            *[(0.123456789,) * 10] * 3,
            best_epoch=10,
            scores=dict.fromkeys(prepared.metrics, 0.123456789),
            training_scores=dict.fromkeys(prepared.metrics, 0.123456789),
            seconds=1.23456789,
            predictions=numpy.full((len(fold.validation), 3), 0.3, numpy.float32),
        )
        for number, fold in enumerate(prepared.splits.folds)
    )
    trial = Trial(7, {}, TrialState.COMPLETE, folds)
    kept = OutOfFold([fold.validation for fold in prepared.splits.folds], 3, 0).gather(trial)
    assert kept is not None
    write_predictions(tmp_path, 7, kept)
    write_trial(tmp_path, trial)
    sizes = {path.suffixes[0]: path.stat().st_size for path in (tmp_path / "trials").iterdir()}
    disk = count_disk(prepared, smallest_and_largest(prepared)[1])
    header = 128  # of a NumPy file
    assert sizes[".predictions"] + sizes[".curves"] - 2 * header + 2000 == disk.trial
    assert sizes[".json"] < 2000
    assert disk.trials == 4 * disk.trial


def test_memory_that_is_not_there_is_too_little() -> None:
    memory = Memory(process=900, views=50, networks=30, analyses=20, available=100, on_device=False)
    assert memory.needed == 100 and memory.suffices
    assert not replace(memory, available=99).suffices
    assert replace(memory, available=None).suffices


# --- the words -------------------------------------------------------------------------------------------------------

MEMORY = Memory(900_000_000, 50_000_000, 2_000_000, 0, 10_000_000_000, on_device=False)
DISK = Disk(trial=5_120, trials=512_000, model=420_000)
TIMES = Times(Seconds(40.0, 71.0, 180.0), Seconds(2.0, 2.0, 2.1), Seconds(10.0, 20.0, 30.0), 100, 1.0)
FOUND = Forecast(100, 300.0, 170.0, TIMES, "", 0.0, MEMORY, DISK)


def said(found: Forecast, free: int = 10**12) -> dict[str, str]:
    return dict(forecast_lines(found, free))


def test_a_forecast_is_said_in_the_units_of_people() -> None:
    assert said(FOUND) == {
        "forecast": "search 40 s to 3 min (probably 71 s) for 100 trials (budget 5 min: probably enough)",
        "then": "refit 2 s, analyses 10 s to 30 s (probably 20 s); baselines, export and report come on top",
        "memory": "up to 952 MB: encoded tables 50 MB, networks 2.0 MB, Python with TensorFlow 900 MB",
        "disk": "up to 932 kB (100 trials of 5.1 kB, the model up to 420 kB), without MLflow",
    }


@pytest.mark.parametrize(
    ("change", "ends"),
    [
        ({"search_budget": 200.0}, "(budget 5 min: enough)"),
        ({"search_budget": None, "budget": None}, "(no time limit)"),
        ({"search_budget": 200.0, "budget": None}, "(`search.minutes`: enough)"),
        (
            {"num_trials": 10_000, "times": replace(TIMES, trials_in_budget=1234)},
            "for 10,000 trials (budget 5 min, 3 min of it for the search: about 1,200 of 10,000 trials)",
        ),
        (
            {"num_trials": 1, "times": replace(TIMES, trials_in_budget=1)},
            "for 1 trial (budget 5 min: probably enough)",
        ),
    ],
)
def test_a_budget_is_compared_with_the_search(change: dict[str, Any], ends: str) -> None:
    assert said(replace(FOUND, **change))["forecast"].endswith(ends)


def test_what_does_not_fit_is_a_warning() -> None:
    poor = replace(FOUND, memory=replace(MEMORY, available=51_000_000))
    assert "This needs 52 MB more memory, and 51 MB are available." in said(poor)["warning"]
    assert "This needs 932 kB of disk, and 900 kB are free here." in said(FOUND, free=900_000)["warning"]
    assert "warning" not in said(FOUND)


def test_what_was_measured_on_a_sample_is_said() -> None:
    sampled = replace(FOUND, times=replace(TIMES, share=0.02))
    assert said(sampled)["note"] == "The times were measured on 2 % of the rows of each fold, and scaled."


def test_a_network_that_is_too_slow_gives_a_lower_bound() -> None:
    slow = replace(
        FOUND, times=None, reason="one epoch of the largest network takes more than 15 s", at_least=9e3
    )
    assert said(slow)["forecast"] == (
        "not possible: one epoch of the largest network takes more than 15 s; 100 trials with such networks take more "
        "than 2.5 h"
    )


# --- the command -----------------------------------------------------------------------------------------------------

WITHOUT_TENSORFLOW = """
import sys
from automl.cli import main
sys.argv = ["automl", "check", sys.argv[1]]
try:
    main()
except SystemExit as end:
    loaded = {name.partition(".")[0] for name in sys.modules} & {"tensorflow", "keras", "keras_tuner"}
    print("status", end.code, sorted(loaded))
"""


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"data": {"path": "t.csv", "target": "prize"}}, "prize"),
        ({"data": {"path": "t.csv", "target": "price"}, "objective": "accuracy"}, "`objective`"),
        ({"data": {"path": "t.csv", "target": "price"}, "splits": {"folds": 40}}, "folds"),
        ({"data": {"path": "t.csv", "target": "price"}, "search": {"trials": 0}}, "trials"),
        (
            {"data": {"path": "t.csv", "target": "price"}, "space": {"target_transform": "log"}},
            "target_transform",
        ),
    ],
)
def test_what_is_wrong_with_file_table_or_splits_is_said_without_tensorflow(
    tmp_path: Path, content: dict[str, Any], says: str
) -> None:
    rows = "".join(f"{row % 5},{row % 7 - 3}.5\n" for row in range(30))
    (tmp_path / "t.csv").write_text("size,price\n" + rows)
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(content))
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW, str(tmp_path / "study.yaml")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.stdout == "status 2 []\n", ran.stdout + ran.stderr
    assert "study.yaml" in ran.stderr and says in ran.stderr


def test_check_forecasts_a_study_unless_told_not_to(tmp_path: Path) -> None:
    content = {
        "data": {"sklearn": "iris"},
        "splits": {"folds": 2},
        "space": {"depth": {"choice": [0, 1]}, "width": 8},
        "search": {"algorithm": "grid", "trials": 2},
        "training": {"epochs": 5},
        "bias_variance": {"resamples": 0},
    }
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(content))
    whole, short = (
        CliRunner().invoke(check, [str(tmp_path / "study.yaml"), *options], catch_exceptions=False)
        for options in ([], ["--no-forecast"])
    )
    assert whole.exit_code == short.exit_code == 0
    assert whole.output.startswith(short.output)
    assert "forecast" not in short.output
    lines = whole.output[len(short.output) :].splitlines()
    assert [line.split()[0] for line in lines] == ["forecast", "then", "memory", "disk"]
    assert "for 2 trials (budget 5 min: enough)" in lines[0] and "2 trials of" in lines[3]
    with suppress(FileNotFoundError):
        assert not (tmp_path / "mlruns").exists()
