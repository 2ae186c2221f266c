"""What a study records and says of trials that ended at a rung."""

import io

import numpy
import pandas
import pytest
from rich.console import Console

import automl
from automl.config.reading import make_study
from automl.errors import StudyFileError
from automl.evaluation.leaderboard import leaderboard
from automl.explanation.study import explain_study, explain_trial
from automl.records.finding import open_records, read_state
from automl.report.console import print_leaderboard
from automl.search.pruners.rungs import STEPS, Rungs
from automl.study.preparation import prepare_study
from automl.trial import TrialState

pytestmark = pytest.mark.usefixtures("without_page")

EPOCHS = 24
STUDY = {
    "name": "pruned",
    "data": {"sklearn": "wine"},
    "splits": {"folds": 3},
    "space": {"width": 8, "learning_rate": {"float": [1e-5, 0.03], "log": True}},
    "search": {"algorithm": "random", "trials": 12, "seed": 3},
    "budget": {"minutes": None},
    "training": {"epochs": EPOCHS, "batch_size": 32, "patience": 5},
    "baselines": False,
    "bias_variance": {"resamples": 0},
    "tracking": {"to": "none"},
}


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pruned")
    return automl.run_study(make_study(STUDY), mlruns=folder / "mlruns")


def by_state(result, state):
    return [trial for trial in result.trials if trial.state is state]


def test_whoever_goes_on_was_better_at_the_rung_than_whoever_does_not(result):
    """Of 12 trials 8, then 5, are to go on, and 5 at least from then on."""
    at = [[trial for trial in result.trials if len(trial.reports) > number] for number in range(3)]
    assert [len(trials) for trials in at] == [12, 8, 5]
    for number, trials in enumerate(at):
        ended = [trial for trial in trials if trial.state is TrialState.PRUNED and trial.num_passed == number]
        remaining = [trial.reports[number] for trial in trials if trial not in ended]
        assert max(remaining) <= min((trial.reports[number] for trial in ended), default=numpy.inf)


def test_a_pruned_trial_keeps_its_curves_and_says_why_it_ended(result):
    rungs = Rungs().rungs(EPOCHS, 3)
    for light in by_state(result, TrialState.PRUNED):
        trial, rung = result.trial(light.number), rungs[light.num_passed]
        assert [len(fold.stopping_loss) for fold in trial.folds] == [rung.epochs] * rung.num_folds
        assert trial.reports == light.reports
        assert f"after {STEPS[light.num_passed].at:.0%} of its epochs" in trial.reason
        assert f"ended early: {trial.reason}" in " ".join(explain_trial(result.state, trial.number))


def test_the_record_is_read_back_as_it_was(result):
    records = open_records(result.folder.parents[2])
    state = read_state(records, records.runs("pruned")[0])
    assert state.trials == result.state.trials
    assert state.num_in(TrialState.PRUNED) == len(by_state(result, TrialState.PRUNED))
    assert [trial.number for trial in state.ranked()] == [
        trial.number for trial in state.objective.rank(list(state.trials))
    ]


def test_leaderboards_list_them_apart_without_a_score(result):
    frame = leaderboard(result.trials, result.state.objective, result.state.started.searched)
    assert list(frame["state"]) == sorted(frame["state"], key=["complete", "pruned", "failed"].index)
    pruned = frame[frame["state"] == "pruned"]
    assert pruned["log_loss"].isna().all() and pruned["rank"].isna().all()
    assert not pandas.isna(pruned["reason"]).any()
    console = Console(width=200, file=io.StringIO())
    print_leaderboard(console, result.state, None)
    output = console.file.getvalue()
    assert output.count("ended early") == len(pruned) and "failed" not in output


def test_the_correction_says_from_how_many_it_chose(result):
    num_complete = len(by_state(result, TrialState.COMPLETE))
    (name,) = [name for name, _ in result.state.verdict.rows if name.startswith("corrected")]
    assert f"among {num_complete} trials (of 12; {12 - num_complete} ended early" in name
    assert not any("failed" in sentence for sentence in explain_study(result.state).remarks)


def test_without_a_pruner_every_trial_trains_to_its_end(result, tmp_path):
    study = make_study(STUDY | {"search": STUDY["search"] | {"pruner": "none"}})
    whole = automl.run_study(study, mlruns=tmp_path / "mlruns")
    assert all(trial.state is TrialState.COMPLETE and not trial.reports for trial in whole.trials)
    for trial in by_state(result, TrialState.COMPLETE):
        assert trial.mean("log_loss") == pytest.approx(whole.trials[trial.number].mean("log_loss"), rel=1e-5)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"search": {"pruner": "rung"}}, "rungs"),
        ({"search": {"pruner": "rungs"}, "training": {"epochs": 1}}, "pruner: none"),
    ],
)
def test_a_pruner_that_cannot_work_is_refused_before_training_with_the_cure(changes, says):
    with pytest.raises(StudyFileError, match=r"search\.pruner") as raised:
        prepare_study(make_study(STUDY | changes))
    assert says in str(raised.value)


def test_a_single_epoch_without_a_word_about_pruners_is_no_mistake():
    prepared = prepare_study(make_study(STUDY | {"training": {"epochs": 1}}))
    assert prepared.rungs == ()


def test_rows_that_tell_nothing_rank_nobody():
    """Of 30 rows of one class in six hundred, too few are in the stopping rows of two folds."""
    generator = numpy.random.default_rng(0)
    table = pandas.DataFrame({"x": generator.normal(size=600), "y": ["rare"] * 30 + ["usual"] * 570})
    content = STUDY | {"data": {"frame": True, "target": "y"}, "splits": {"folds": 5}}
    assert prepare_study(make_study(content), table).rungs == ()
    table["y"] = ["rare"] * 300 + ["usual"] * 300
    assert len(prepare_study(make_study(content), table).rungs) == 3
