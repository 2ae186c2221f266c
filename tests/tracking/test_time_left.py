"""The time that is left covers all that comes, at the pace of this process."""

import pytest

from automl.tracking.forecast import Forecast, phase_of

REFIT, VERDICT, EXPORT = "refit of the best trial", "verdict", "export"
ANALYSES = (
    "bias and variance of 3 trials: 5 folds",
    "learning curve of the best trial",
    "columns that matter",
)
NAMES = ("refit", "verdict", "export", "bias and variance", "learning curve", "columns")


class Study:
    """A study on a clock of its own."""

    def __init__(self, num_left: int, **options: object) -> None:
        self.now = 1000.0
        self.forecast = Forecast(num_left, clock=lambda: self.now, **options)  # type: ignore[arg-type]

    @property
    def left(self) -> float | None:
        return self.forecast.left()

    def trials(self, count: int, seconds: float) -> None:
        for _ in range(count):
            self.now += seconds
            self.forecast.end_trial()

    def phase(self, name: str, seconds: float) -> None:
        self.forecast.begin(name)
        self.now += seconds
        self.forecast.end(name)


def test_nothing_is_promised_before_a_trial_has_ended() -> None:
    study = Study(10, time_limit=60.0, budget=100.0)
    study.forecast.begin("search")
    study.now += 50.0
    study.forecast.progress(0.9)
    assert study.left is None


def test_the_wait_of_the_first_trial_for_its_program_is_not_extrapolated() -> None:
    study = Study(15, skipped=NAMES)
    study.forecast.begin("search")
    study.trials(1, 3.0)
    assert study.left is None
    study.now += 10.0
    assert study.left is not None
    study.trials(2, 0.1)
    assert study.left is not None


def test_a_study_of_a_single_trial_is_forecast_when_that_has_ended() -> None:
    study = Study(1)
    study.forecast.begin("search")
    study.trials(1, 3.0)
    assert study.left is not None


def test_trials_are_forecast_at_their_pace_and_the_ending_is_added() -> None:
    study = Study(10, skipped=NAMES)
    study.forecast.begin("search")
    study.trials(3, 2.0)
    ending = study.left - 7 * 2.0
    assert 0.0 < ending < 10.0
    study.now += 0.5
    assert study.left == pytest.approx(7 * 2.0 - 0.5 + ending)
    study.trials(7, 1.0)
    study.forecast.end("search")
    assert study.left == pytest.approx(ending)


def test_time_before_the_search_is_no_part_of_the_pace() -> None:
    study = Study(10, skipped=NAMES)
    study.now += 500.0
    study.forecast.begin("search")
    study.trials(5, 2.0)
    assert study.left < 5 * 2.0 + 10.0


def test_the_pace_is_that_of_this_process() -> None:
    """Ninety of a hundred trials had ended before; ten are left."""
    study = Study(10, skipped=NAMES)
    study.forecast.begin("search")
    study.trials(3, 3.0)
    assert 21.0 < study.left < 31.0


def test_the_search_ends_at_its_time_limit() -> None:
    study = Study(1000, time_limit=60.0, skipped=NAMES)
    study.forecast.begin("search")
    study.trials(10, 1.0)
    assert 50.0 < study.left < 60.0


def test_what_comes_after_the_search_is_part_of_the_time_left() -> None:
    bare, whole = Study(10, skipped=NAMES), Study(10)
    for study in (bare, whole):
        study.forecast.begin("search")
        study.trials(5, 10.0)
    # refit and verdict 0.5, learning curve 6, columns 2.5 times a trial, bias and variance 0.3 of all, and 13 s besides
    assert whole.left - bare.left == pytest.approx(10.0 * (9.5 + 3.0) + 14.0)


def test_the_budget_of_the_command_is_never_exceeded() -> None:
    study = Study(1000, time_limit=70.0, budget=120.0)
    study.forecast.begin("search")
    study.trials(5, 10.0)
    assert study.left == pytest.approx(66.0)
    study.now += 80.0
    assert study.left == 0.0


def test_a_phase_is_forecast_from_what_of_it_is_done() -> None:
    study = Study(2, skipped=set(NAMES) - {"bias and variance"})
    study.forecast.begin("search")
    study.trials(2, 10.0)
    study.forecast.end("search")
    after = study.left
    study.forecast.begin(ANALYSES[0])
    assert study.left == pytest.approx(after)
    study.now += 30.0
    study.forecast.progress(0.25)
    ending = after - (0.3 * 2 * 10.0 + 3.0)
    assert study.left == pytest.approx(90.0 + ending)
    study.forecast.end(ANALYSES[0])
    assert study.left == pytest.approx(ending)


def test_phases_that_took_longer_than_usual_lengthen_those_to_come() -> None:
    usual, slow = Study(2), Study(2)
    for study in (usual, slow):
        study.forecast.begin("search")
        study.trials(2, 10.0)
        study.forecast.end("search")
    usual.phase(REFIT, 8.0)
    slow.phase(REFIT, 24.0)
    assert slow.left > 2.0 * usual.left
    assert usual.left == pytest.approx(8.0 + 1.0 + 9.0 + 62.0 + 27.0 + 3.0)


def test_phases_that_were_left_out_are_not_waited_for() -> None:
    study = Study(1)
    study.forecast.begin("search")
    study.trials(1, 10.0)
    study.forecast.end("search")
    study.forecast.begin(ANALYSES[2])
    study.now += 28.0
    assert study.left < 10.0


def test_a_whole_study_is_forecast_within_its_own_length() -> None:
    """Every phase takes what is usual: then the forecast is right from the third trial on."""
    study = Study(20)
    study.forecast.begin("search")
    study.trials(3, 5.0)
    usual = {REFIT: 5.5, VERDICT: 5.5, EXPORT: 1.0, ANALYSES[0]: 33.0, ANALYSES[1]: 32.0, ANALYSES[2]: 14.5}
    ends = study.now + 17 * 5.0 + sum(usual.values()) + 3.0
    assert study.now + study.left == pytest.approx(ends)
    study.trials(17, 5.0)
    study.forecast.end("search")
    for name, seconds in usual.items():
        assert study.now + study.left == pytest.approx(ends)
        study.phase(name, seconds)
    assert study.left == pytest.approx(3.0)


def test_the_compilation_of_the_first_cohort_is_not_extrapolated() -> None:
    """The first ten trials wait twenty seconds for their programs; after that ten take five seconds."""
    study = Study(100, skipped=NAMES)
    study.forecast.begin("search")
    for wait in (20.0, 0.0):
        study.forecast.begin_cohort(10)
        study.now += wait
        for _ in range(10):
            study.now += 0.5
            study.forecast.end_trial(0.5)
    assert study.left == pytest.approx(80 * 0.5 + 3.0)


def test_cohorts_in_flight_are_forecast_by_the_pace_of_all_trials() -> None:
    """Two cohorts of ten train at once; when the older one ends, a third is asked for; a trial ends each second."""
    study = Study(40, skipped=NAMES)
    study.forecast.begin("search")
    study.forecast.begin_cohort(10)
    study.forecast.begin_cohort(10, in_flight=True)
    for done in range(1, 41):
        study.now += 1.0
        study.forecast.progress(0.9)  # of the oldest cohort, which says nothing of the others
        study.forecast.end_trial(1.0)
        if done in (10, 20):
            study.forecast.begin_cohort(10, in_flight=True)
        if done > 2:
            assert study.left == pytest.approx(40 - done + 3.0)


def test_networks_in_training_count_as_half_done() -> None:
    """Six of 40 networks have ended when 34 are about to end, after ten seconds of which most went into programs."""
    study = Study(8, skipped=NAMES)
    study.forecast.begin("search")
    study.forecast.begin_cohort(8)
    study.now += 10.0
    study.forecast.progress((6 + 0.5 * 34) / 40, 6 / 40)
    for _ in range(3):
        study.forecast.end_trial(1.0)
    assert study.left == pytest.approx(10.0 * 40 / 23 - 10.0 + 3.0)


def test_what_trials_take_by_themselves_foretells_the_analyses() -> None:
    """Of trials that took one second each, the search took ten: the rest was compilation."""
    study = Study(2, skipped=set(NAMES) - {"learning curve"})
    study.forecast.begin("search")
    study.forecast.begin_cohort(2)
    for _ in range(2):
        study.now += 10.0
        study.forecast.end_trial(1.0)
    study.forecast.end("search")
    assert study.left == pytest.approx(6.0 * 1.0 + 2.0 + 3.0)


def test_baselines_that_take_long_do_not_lengthen_what_networks_take() -> None:
    quick, slow = Study(2), Study(2)
    for study, seconds in ((quick, 1.0), (slow, 100.0)):
        study.forecast.begin("search")
        study.trials(2, 10.0)
        study.forecast.end("search")
        study.phase(VERDICT, seconds)
    assert quick.left == slow.left


def test_phases_are_known_by_how_their_names_begin() -> None:
    assert phase_of("search") == "search"
    assert list(map(phase_of, (REFIT, VERDICT, EXPORT, *ANALYSES))) == list(NAMES)
    assert phase_of("something else") == ""
