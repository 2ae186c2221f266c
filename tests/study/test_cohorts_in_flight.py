"""Several cohorts train at once, and the answer is the same bits on any number of threads, and after kills."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy
import pytest
import yaml
from recording import Recorder

import automl
from automl.config.reading import load_study
from automl.records.events import CohortAsked
from automl.records.finding import open_records
from automl.search.sampler import EndedEarly
from automl.search.table import make_sampler
from automl.study.preparation import prepare_study
from automl.training.engine import Watch
from automl.training.members import plan_members
from automl.training.population import lanes
from automl.training.population.places import Population
from automl.trial import Report, Trial, TrialState

pytestmark = pytest.mark.usefixtures("without_page")

NUM_TRIALS, COHORT, FOLDS = 24, 6, 2
STUDY = {
    "name": "flying",
    "data": {"sklearn": "breast_cancer"},
    "splits": {"folds": FOLDS},
    "space": {
        "depth": {"int": [0, 1]},
        "width": 8,
        "numeric_encoding": {"choice": ["standard", "quantile"]},
        "learning_rate": {"float": [0.0003, 0.03], "log": True},
    },
    "search": {"algorithm": "tpe", "trials": NUM_TRIALS, "cohort": COHORT, "seed": 7},
    "budget": {"minutes": None},
    "training": {"epochs": 12, "batch_size": 32, "patience": 5},
    "baselines": False,
    "bias_variance": {"resamples": 0},
    "tracking": {"to": "none"},
}
"""The model of `tpe` proposes from the ninth trial on, so that what is asked depends on what was told."""


def write(folder: Path, in_flight: int) -> Path:
    path = folder / "flying.yaml"
    path.write_text(yaml.safe_dump(STUDY | {"search": STUDY["search"] | {"in_flight": in_flight}}))
    return path


@dataclass(frozen=True)
class Answer:
    """All that a study's trials are, but for their times."""

    configurations: tuple[Mapping[str, object], ...]
    trials: tuple[Trial, ...]
    curves: tuple[numpy.ndarray, ...]

    @classmethod
    def of(cls, trials: list[Trial]) -> "Answer":
        whole = sorted(trials, key=lambda trial: trial.number)
        curves = [
            numpy.array([fold.training_loss, fold.stopping_loss, fold.validation_loss])
            for trial in whole
            for fold in trial.folds
        ]
        return cls(tuple(trial.hyperparameters for trial in whole), tuple(whole), tuple(curves))


def check_equal(actual: Answer, expected: Answer) -> None:
    assert actual.configurations == expected.configurations
    for actual_trial, expected_trial in zip(actual.trials, expected.trials, strict=True):
        assert (actual_trial.number, actual_trial.state, actual_trial.reason) == (
            expected_trial.number,
            expected_trial.state,
            expected_trial.reason,
        )
        assert actual_trial.reports == expected_trial.reports
        assert [fold.scores for fold in actual_trial.folds] == [fold.scores for fold in expected_trial.folds]
        assert [fold.best_epoch for fold in actual_trial.folds] == [
            fold.best_epoch for fold in expected_trial.folds
        ]
    for actual_curve, expected_curve in zip(actual.curves, expected.curves, strict=True):
        numpy.testing.assert_array_equal(actual_curve, expected_curve)


def run(path: Path) -> Answer:
    result = automl.run_study(path, mlruns=path.parent / "mlruns")
    return Answer.of([result.trial(number) for number in range(NUM_TRIALS)])


def one_after_another(path: Path, in_flight: int) -> Answer:
    """What the study must be: the same rule, with cohorts that train one after another."""
    prepared = prepare_study(load_study(path))
    search, engine = prepared.config.search, prepared.make_engine()
    sampler = make_sampler("tpe", prepared.space, prepared.objective, NUM_TRIALS, search.seed)
    planned, cohorts = [], []

    def told_score(trial: Trial) -> float | EndedEarly | None:
        if trial.state is TrialState.PRUNED:
            return EndedEarly(len(trial.reports), trial.reports[-1], trial.scale)
        return trial.mean("log_loss") if trial.state is TrialState.COMPLETE else None

    for number in range(NUM_TRIALS // COHORT):
        known = cohorts[: max(0, number - in_flight + 1)]
        if number >= in_flight:
            sampler.tell([(trial.number, told_score(trial)) for trial in known[-1]])
            planned[len(known) - 1].settle()
        before = [trial for cohort in known for trial in cohort]

        def judge(
            rung: int, reports: Mapping[int, Report], before: list[Trial] = before
        ) -> Mapping[int, str]:
            pool = {
                trial.number: Report(trial.reports[rung], trial.scale)
                for trial in before
                if len(trial.reports) > rung
            }
            return prepared.pruner.judge(rung, reports, pool | dict(reports))

        proposals = sampler.ask(COHORT)
        members = [
            plan_members(proposal.number, proposal.hyperparameters, FOLDS, search.seed)
            for proposal in proposals
        ]
        planned.append(engine.plan(members, prepared.rungs))
        watch = Watch(lambda _: None, lambda: True, rungs=prepared.rungs, judge=judge)
        ended = [trial for trial in planned[-1].train(watch) if trial is not None or engine.wait(0.2)]
        cohorts.append(sorted(ended, key=lambda trial: trial.number))
    return Answer.of([trial for cohort in cohorts for trial in cohort])


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Answer]:
    answers: dict[int, Answer] = {}

    def of(in_flight: int) -> Answer:
        if in_flight not in answers:
            answers[in_flight] = one_after_another(
                write(tmp_path_factory.mktemp("serial"), in_flight), in_flight
            )
        return answers[in_flight]

    return of


# The others differ in the numbers of cohorts and of cores only, or are one cohort after another.
SLOW_PAIRS = ((3, 2), (1, 2), (2, 1))
IN_FLIGHT = [(2, 4), *(pytest.param(*pair, marks=pytest.mark.slow) for pair in SLOW_PAIRS)]


@pytest.mark.parametrize(("in_flight", "cores"), IN_FLIGHT)
def test_cohorts_in_flight_give_the_bits_of_cohorts_one_after_another(
    tmp_path, monkeypatch, expected, in_flight, cores
):
    """Two cohorts are slow, so that younger ones end before them."""
    run_epoch = Population.run_epoch

    def slow(self):
        if any(job.member.trial // COHORT in (0, 2) for job in self.jobs):
            time.sleep(0.02)
        run_epoch(self)

    reference = expected(in_flight)
    monkeypatch.setattr(lanes, "num_cores", lambda: cores)
    monkeypatch.setattr(Population, "run_epoch", slow)
    answer = run(write(tmp_path, in_flight))
    check_equal(answer, reference)
    assert {trial.state for trial in answer.trials} == {TrialState.COMPLETE, TrialState.PRUNED}
    (recorded,) = open_records(tmp_path / "mlruns").runs("flying")
    events = [recorded_event.event for recorded_event in open_records(tmp_path / "mlruns").events(recorded)]
    cohorts = [event for event in events if isinstance(event, CohortAsked)]
    assert [event.told for event in cohorts] == [
        max(0, number - in_flight + 1) for number in range(len(cohorts))
    ]


def test_an_interrupt_ends_all_cohorts_and_the_study_goes_on_to_the_same_bits(tmp_path, expected):
    def interrupt(_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    path, before = write(tmp_path, 2), threading.active_count()
    recorder = Recorder(trial=interrupt)
    with pytest.raises(KeyboardInterrupt):
        automl.run_study(path, mlruns=tmp_path / "mlruns", trackers=[recorder])
    assert len(recorder.values_of("cohort")) > len(recorder.values_of("trial")) > 0
    assert threading.active_count() == before
    check_equal(run(path), expected(2))


def test_under_a_time_limit_that_suffices_all_trials_end(tmp_path):
    path = write(tmp_path, 2)
    path.write_text(path.read_text().replace("minutes: null", "minutes: 30"))
    answer = run(path)
    assert not any(trial.cut for trial in answer.trials)
    assert {trial.state for trial in answer.trials} == {TrialState.COMPLETE, TrialState.PRUNED}


KILLED = """
import os, signal, sys
import automl
from automl.records.events import CohortAsked, TrialEnded
from automl.training.population import lanes
from recording import Recorder

lanes.num_cores = lambda: 3
left = iter(range(int(sys.argv[2])))

def kill(_):
    if next(left, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)

mlruns = sys.argv[1].replace("flying.yaml", "mlruns")
automl.run_study(sys.argv[1], mlruns=mlruns, trackers=[Recorder(cohort=kill, trial=kill)])
"""


@pytest.mark.slow  # an interrupt leaves cohorts in flight too, and processes are killed in `test_shared_studies`
@pytest.mark.parametrize("moments", [(11,), (2, 11, 9)], ids=str)
def test_a_study_that_is_killed_with_cohorts_in_flight_ends_with_the_same_bits(tmp_path, expected, moments):
    path = write(tmp_path, 3)
    folder = Path(__file__).parent.parent
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), str(folder.parent)])}
    for moment in moments:
        command = [sys.executable, "-c", KILLED, str(path), str(moment)]
        killed = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
    check_equal(run(path), expected(3))
