"""Trials that wait at a rung: those that go on are as if they had never waited, the others end there."""

import dataclasses

import numpy
import pytest
from populations import jobs, joint_structure, member, study, tables

from automl.training.engine import Watch
from automl.training.failures import OUT_OF_TIME
from automl.training.members import plan_members
from automl.training.plain.engine import SequentialEngine
from automl.training.population import climbing
from automl.training.population.engine import PopulationEngine
from automl.training.population.jobs import Outcome
from automl.training.population.places import Population
from automl.training.population.programs import compile_epoch
from automl.trial import Rung, TrialState

FOLDS, EPOCHS = 2, 9
ENGINES = {"population": PopulationEngine, "sequential": SequentialEngine}
RATES = (0.05, 0.0005, 0.02, 0.001, 0.03, 0.0001)


def prepared_study(**space):
    return study(space, "wine", training={"epochs": EPOCHS, "patience": 3})


def cohort_of(prepared, rates=RATES, first=0):
    return [
        plan_members(number, dict(prepared.space.initial()) | {"learning_rate": rate}, FOLDS, 5)
        for number, rate in enumerate(rates, start=first)
    ]


def keep_best(count):
    """A judge that lets the best of those who come go on."""

    def judge(number, reports):
        del number
        ranked = sorted(reports, key=lambda trial: reports[trial].value)
        return dict.fromkeys(ranked[count:], "it is weak")

    return judge


def watch(rungs=(), judge=lambda *_: {}, **options):
    return Watch(lambda _: None, lambda: True, rungs=rungs, judge=judge, **options)


def train(engine, cohort, watching, recorded=frozenset()):
    return {trial.number: trial for trial in engine.train(cohort, watching, recorded)}


def make(name, prepared):
    return ENGINES[name](prepared.plan, prepared.splits.folds)


def check_equal(trial, expected, exact=False):
    assert trial.state is expected.state
    for fold, expected_fold in zip(trial.folds, expected.folds, strict=True):
        assert fold.best_epoch == expected_fold.best_epoch
        for name in ("training_loss", "stopping_loss", "validation_loss", "predictions"):
            close = 0.0 if exact else 1e-5
            numpy.testing.assert_allclose(
                getattr(fold, name), getattr(expected_fold, name), close, close / 10
            )


def test_a_member_that_leaves_and_returns_has_the_same_bits():
    prepared = prepared_study(dropout=0.3, optimizer="adam", batch_normalization=True)
    members = [
        member(prepared, trial, 0, learning_rate=rate) for trial, rate in enumerate((0.01, 0.03, 0.002))
    ]
    structure = joint_structure(prepared, members)
    program, table = compile_epoch(structure), tables(prepared)

    def run(population, entering):
        population.admit(entering)
        ended = {}
        while population.jobs:
            population.run_epoch()
            ended |= {outcome.job.member.trial: outcome for outcome in population.take_finished()}
        return ended

    undisturbed = run(Population(structure, program, table, 4), jobs(prepared, members, patience=3))
    until = [dataclasses.replace(job, until=4) for job in jobs(prepared, members, patience=3)]
    waiting = run(Population(structure, program, table, 4), until)
    assert all(outcome.waits and not outcome.cut and len(outcome.losses) == 4 for outcome in waiting.values())
    back = [
        dataclasses.replace(job, past=waiting[job.member.trial].past)
        for job in reversed(jobs(prepared, members, patience=3))
    ]
    population = Population(structure, program, table, 4)
    run(population, until[:1])  # others have been in the places before
    for trial, outcome in run(population, back).items():
        expected = undisturbed[trial]
        assert not outcome.waits and outcome.best_epoch == expected.best_epoch
        numpy.testing.assert_array_equal(outcome.losses, expected.losses)
        numpy.testing.assert_array_equal(outcome.predictions, expected.predictions)
        for weight, expected_weight in zip(outcome.weights, expected.weights, strict=True):
            numpy.testing.assert_array_equal(weight, expected_weight)


ONE_RUNG, TWO_RUNGS = (Rung(3, 2),), (Rung(2, 1), Rung(5, 2))
# With Keras every trial is compiled, with a rung and without: two rungs hold what one does.
WAYS_UP = [
    pytest.param("population", ONE_RUNG, id="one rung-population"),
    pytest.param("population", TWO_RUNGS, id="two rungs-population"),
    pytest.param("sequential", ONE_RUNG, id="one rung-sequential", marks=pytest.mark.slow),
    pytest.param("sequential", TWO_RUNGS, id="two rungs-sequential"),
]


@pytest.mark.parametrize(("name", "rungs"), WAYS_UP)
def test_the_best_go_on_as_if_there_were_no_rung_and_the_others_end_there(name, rungs):
    prepared = prepared_study(dropout=0.2)
    rates = RATES if name == "population" else RATES[:4]  # Keras compiles a model for each
    whole = train(make(name, prepared), cohort_of(prepared, rates), watch())
    left, ended_at = set(whole), {}
    for number, rung in enumerate(rungs):  # by the curves of trials that were trained to their end
        losses = {
            trial: numpy.mean(
                [min(fold.stopping_loss[: rung.epochs]) for fold in whole[trial].folds[: rung.num_folds]]
            )
            for trial in left
        }
        best = set(sorted(left, key=losses.get)[: len(rates) - 2 - number])
        ended_at |= dict.fromkeys(left - best, number)
        left = best
    if name == "population":
        climbed = train(
            make(name, prepared),
            cohort_of(prepared),
            watch(rungs, lambda number, reports: keep_best(4 - number)(number, reports)),
        )
    else:  # it trains one trial after another, and is told of each who ends
        climbed = train(
            make(name, prepared),
            cohort_of(prepared, rates),
            watch(
                rungs, lambda number, reports: {t: "it is weak" for t in reports if ended_at.get(t) == number}
            ),
        )
    assert set(climbed) == set(whole)
    for number, trial in climbed.items():
        if number in left:
            check_equal(trial, whole[number])
            assert len(trial.reports) == trial.num_passed == len(rungs)
            continue
        rung = rungs[ended_at[number]]
        assert trial.state is TrialState.PRUNED and trial.reason == "it is weak"
        assert trial.num_passed == ended_at[number]
        assert [len(fold.stopping_loss) for fold in trial.folds] == [rung.epochs] * rung.num_folds
        assert not any(fold.cut for fold in trial.folds)
        lowest = [min(fold.stopping_loss[: rung.epochs]) for fold in whole[number].folds[: rung.num_folds]]
        assert trial.reports[-1] == pytest.approx(numpy.mean(lowest), rel=1e-5)


def test_networks_that_are_not_kept_begin_again_with_the_same_result(monkeypatch):
    prepared = prepared_study(dropout=0.2)
    trials = train(make("population", prepared), cohort_of(prepared), watch((Rung(3, 2),), keep_best(3)))
    monkeypatch.setattr("automl.training.population.cohort.MOST_BYTES_WAITING", 0)
    again = train(make("population", prepared), cohort_of(prepared), watch((Rung(3, 2),), keep_best(3)))
    for number, trial in trials.items():
        check_equal(again[number], trial)


@pytest.mark.parametrize("name", ENGINES)
def test_a_trial_that_diverges_before_a_rung_has_failed_and_is_not_compared(name):
    prepared = study({"optimizer": "sgd"}, "diabetes", training={"epochs": EPOCHS})
    compared = []

    def judge(number, reports):
        compared.extend(trial for trial, report in reports.items() if numpy.isfinite(report.value))
        return {}

    trials = train(make(name, prepared), cohort_of(prepared, (1e-3, 1e30)), watch((Rung(3, 2),), judge))
    assert trials[0].state is TrialState.COMPLETE
    assert trials[1].state is TrialState.FAILED and trials[1].reports == ()
    assert 1 not in compared


def test_an_engine_that_goes_on_gives_the_bits_of_one_that_was_not_interrupted():
    prepared = prepared_study(dropout=0.2)
    cohorts = [cohort_of(prepared), cohort_of(prepared, RATES[::-1], first=len(RATES))]
    watching = watch((Rung(3, 2),), keep_best(3))
    engine = make("population", prepared)
    whole = train(engine, cohorts[0], watching)
    later = train(engine, cohorts[1], watching)
    resumed = make("population", prepared)
    resumed.replay(cohorts[0], watching.rungs, {number: trial.num_passed for number, trial in whole.items()})
    assert resumed._known == replayed_after(prepared, cohorts[0], watching)
    recorded = frozenset(list(later)[:4])
    remaining = train(resumed, cohorts[1], watching, recorded)
    assert set(remaining) == set(later) - recorded
    for number, trial in remaining.items():
        assert trial.reason == later[number].reason and trial.reports == later[number].reports
        check_equal(trial, later[number], exact=True)


def replayed_after(prepared, cohort, watching):
    """Programs that an engine knows that has trained a cohort."""
    engine = make("population", prepared)
    train(engine, cohort, watching)
    return engine._known


def test_transformed_targets_have_a_scale_of_their_own():
    prepared = study({"target_transform": "log"}, "diabetes")
    assert climbing.scale_of(member(prepared)) == "log"
    assert climbing.scale_of(member(prepared, target_transform="none")) == ""


@pytest.mark.parametrize("limit", [60, 80, 100, 150])
def test_when_time_is_short_a_trial_is_recorded_with_what_it_was_compared_by(monkeypatch, limit):
    prepared, values, ticks = prepared_study(), {}, iter(range(10_000))
    monkeypatch.setattr("automl.training.population.costs._COMPILE_SECONDS", 0.0)
    monkeypatch.setattr("automl.training.population.costs._COMPILE_LAYER_SECONDS", 0.0)
    monkeypatch.setattr("automl.training.population.lanes.num_cores", lambda: 1)

    def judge(number, reports):
        values.update({(number, trial): report.value for trial, report in reports.items()})
        return {}

    watching = watch(
        (Rung(2, 1), Rung(5, 2)), judge, limited=True, seconds_left=lambda: float(limit - next(ticks))
    )
    cohort = [  # of two structures, the second of which may begin only when the first one is at the second rung
        plan_members(
            number, dict(prepared.space.initial()) | {"depth": depth, "learning_rate": 0.01}, FOLDS, 5
        )
        for number, depth in enumerate((1, 1, 1, 4, 4, 4))
    ]
    trials = train(make("population", prepared), cohort, watching)
    assert values
    for (number, trial), value in values.items():
        assert trials[trial].reports[number] == value


@pytest.mark.parametrize("epochs_in_time", [1, 6, 40])
def test_when_time_is_short_some_of_it_is_left_for_those_that_go_on(epochs_in_time):
    """A clock that ticks with every epoch of a population: whoever has begun ends in a known state."""
    prepared = prepared_study()
    ticks = iter(range(10_000))
    limit = 4 * epochs_in_time

    def seconds_left():
        return float(limit - next(ticks))

    watching = watch((Rung(3, 2),), keep_best(3), limited=True, seconds_left=seconds_left)
    trials = train(make("population", prepared), cohort_of(prepared), watching)
    for trial in trials.values():
        assert trial.state is not TrialState.FAILED or trial.reason == OUT_OF_TIME
    if epochs_in_time == 40:
        assert sum(trial.state is TrialState.COMPLETE for trial in trials.values()) >= 3


def test_who_has_not_come_to_a_rung_is_not_compared_there_and_who_has_not_begun_is_left_out():
    """Of three trials one has trained its three epochs, one was cut after two, one has not begun."""
    prepared = prepared_study()
    cohort = cohort_of(prepared, RATES[:3])
    climbs = {members[0].trial: climbing.Climb(members) for members in cohort}
    planned = make("population", prepared).plan(cohort, (Rung(3, 2),))
    for trial, losses in ((0, (0.9, 0.7, 0.8)), (1, (0.5, 0.6))):
        for climber in cohort[trial]:
            curve = numpy.array([[9.0, loss, 9.0] for loss in losses])
            climbs[trial].outcomes[climber.fold] = Outcome(
                planned._knowledge.job(climber),
                None,
                curve,
                1,
                False,
                None,
                [],
                [],
                0.0,
                cut=len(losses) < 3,
                waits=True,
            )
    reports_judged = {}
    ended = planned._judge(
        0, Rung(3, 2), climbs, watch(judge=lambda number, reports: reports_judged.update(reports) or {})
    )
    assert ended == [] and set(reports_judged) == {0} and reports_judged[0].value == pytest.approx(0.7)
    assert {trial: climb.reports for trial, climb in climbs.items()} == {0: [0.7], 1: [0.5]}


def test_the_time_of_a_stage_begins_with_its_first_lane():
    """Of 50 seconds that are left then, 12 % are for the way to the rung; lanes of an older cohort took 50 before."""
    left = [100.0]
    whole = watch((Rung(3, 2),), limited=True, seconds_left=lambda: left[0])
    to_the_rung, to_the_end = (
        climbing.stage_watch(stage, whole, prepared_study().plan, FOLDS)
        for stage in climbing.stages_of(whole.rungs)
    )
    left[0] = 50.0
    assert to_the_rung.seconds_left() == pytest.approx(6.0)
    left[0] = 47.0
    assert to_the_rung.seconds_left() == pytest.approx(3.0)
    assert to_the_end.seconds_left() == 47.0


def test_progress_counts_a_stage_by_the_epochs_of_the_half_that_passed_each_rung():
    """100 epochs of which 60 are expected, 5 folds: 8 + half of 24 + a quarter of 32 + an eighth of 236 epochs."""
    rungs = (Rung(8, 1), Rung(16, 2), Rung(32, 2))
    parts = [stage.part(rungs, 100, 5) for stage in climbing.stages_of(rungs)]
    assert [part for _, part, _ in parts] == [8.0, 12.0, 8.0, 29.5]
    assert [before for before, _, _ in parts] == [0.0, 8.0, 20.0, 28.0]
    assert {total for *_, total in parts} == {57.5}
    assert climbing.stages_of(())[0].part((), 100, 5) == (0, 300.0, 300.0)
