"""A study that was killed at any moment and gone on with is the study that was never disturbed."""

import json
import shutil
from pathlib import Path

import pandas
import pytest
import tensorflow
import yaml
from postgres import running_postgres
from recording import Recorder

import automl
from automl.errors import DataError, RecordError, StudyFileError
from automl.evaluation.leaderboard import leaderboard
from automl.records.encoding import kind_of, to_json
from automl.records.events import PhaseBegun, PhaseEnded, StudyContinued
from automl.records.finding import open_records
from automl.study import run as running
from automl.trial import TrialState

pytestmark = pytest.mark.usefixtures("without_page")

NUM_TRIALS = 9
STUDY = {
    "name": "long",
    "data": {"sklearn": "wine"},
    "splits": {"folds": 3},
    "space": {
        "depth": {"int": [0, 1]},
        "width": 8,
        "learning_rate": {"float": [0.003, 0.03], "log": True},
    },
    "search": {"algorithm": "random", "trials": NUM_TRIALS, "cohort": 3, "seed": 7},
    "budget": {"minutes": None},
    "training": {
        "epochs": 12,
        "batch_size": 32,
        "patience": 5,
    },  # enough for a rung, at which some trials end
    "baselines": False,
    "bias_variance": {"resamples": 4, "trials": "top"},
    "tracking": {"to": "none"},
}


FEW = {"search": {**STUDY["search"], "trials": 2}, "bias_variance": {"resamples": 0}}
"""For what depends neither on the number of trials nor on what comes after the search."""


class Killed(BaseException):
    """Stands for SIGKILL: no code of the study runs after it."""


def write(folder: Path, **changes: object) -> Path:
    path = folder / "long.yaml"
    path.write_text(yaml.safe_dump({**STUDY, **changes}))
    return path


def run_with_kills(path: Path, moments: list[int], monkeypatch: pytest.MonkeyPatch) -> automl.StudyResult:
    """Run a study, killed when each of these numbers of events has been recorded by its process, to its end."""
    for moment in moments:
        left = iter(range(moment))

        def kill(_: object, left: object = left) -> None:
            if next(left, None) is None:
                raise Killed

        recorder = Recorder(**dict.fromkeys(("cohort", "trial", "phase", "finish"), kill))
        with monkeypatch.context() as patched, pytest.raises(Killed):
            patched.setattr(running, "_finish", lambda *_: None)
            automl.run_study(path, mlruns=path.parent / "mlruns", trackers=[recorder])
    return automl.run_study(path, mlruns=path.parent / "mlruns")


def board(result: automl.StudyResult) -> pandas.DataFrame:
    """The leaderboard without times."""
    frame = leaderboard(result.trials, result.state.objective, result.state.started.searched)
    return frame.drop(columns="seconds")


def weights(result: automl.StudyResult) -> list[tuple[str, bytes]]:
    """The bytes of each exported weight by name: TensorFlow writes them into its file in a changing order."""
    loaded = tensorflow.saved_model.load(str(result.model))
    return sorted((variable.name, variable.numpy().tobytes()) for variable in loaded._all_variables)


def happened(result: automl.StudyResult) -> list[str]:
    """What the study's events say, without times and repetitions.

    The trials of a cohort and the answers about several trials are sorted: they come as threads end.
    """
    (run,) = open_records(result.folder.parents[2]).runs("long")
    lines, unsorted = [], []
    for recorded in open_records(result.folder.parents[2]).events(run):
        event = recorded.event
        if isinstance(event, StudyContinued | PhaseBegun | PhaseEnded):
            continue
        content = json.loads(to_json(event))
        for name in ("seconds", "facts", "identifier", "time_limit", "base", "earlier"):
            content.pop(name, None)
        line = f"{kind_of(event)} {json.dumps(content, sort_keys=True)}"
        if kind_of(event) in ("trial_ended", "analyzed"):
            unsorted.append((kind_of(event), content.get("number", 0), line))
            continue
        lines += [line for *_, line in sorted(unsorted)] + ([line] if line not in lines else [])
        unsorted = []
    return lines


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> automl.StudyResult:
    folder = tmp_path_factory.mktemp("undisturbed")
    result = automl.run_study(write(folder), mlruns=folder / "mlruns")
    assert {trial.state for trial in result.trials} == {TrialState.COMPLETE, TrialState.PRUNED}
    return result


MOMENTS = [[3, 2], *(pytest.param(moment, marks=pytest.mark.slow) for moment in ([1], [8], [12, 1]))]


@pytest.mark.parametrize("moments", MOMENTS, ids=str)
def test_a_killed_study_ends_with_the_same_bits(tmp_path, undisturbed, monkeypatch, moments):
    result = run_with_kills(write(tmp_path), moments, monkeypatch)
    assert result.folder.name != undisturbed.folder.name
    pandas.testing.assert_frame_equal(board(result), board(undisturbed))
    assert weights(result) == weights(undisturbed)
    assert result.test_scores == undisturbed.test_scores
    for number in range(NUM_TRIALS):
        whole, expected = result.trial(number), undisturbed.trial(number)
        assert [fold.validation_loss for fold in whole.folds] == [
            fold.validation_loss for fold in expected.folds
        ]
    assert happened(result) == happened(undisturbed)


def test_one_reading_is_counted_when_a_kill_comes_between_intention_and_reading(tmp_path, monkeypatch):
    path = write(tmp_path, **FEW)

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr("automl.study.judging.score_test_set", die)
        patched.setattr(running, "_finish", lambda *_: None)
        automl.run_study(path, mlruns=tmp_path / "mlruns")
    result = automl.run_study(path, mlruns=tmp_path / "mlruns")
    assert (len(result.state.intended), len(result.state.tests)) == (2, 1)
    assert not result.state.tests[0].earlier


def test_a_study_that_is_done_gives_its_result_and_trains_nothing(undisturbed, monkeypatch):
    monkeypatch.setattr(running, "run_prepared", None)
    path = undisturbed.folder.parents[3] / "long.yaml"
    again = automl.run_study(path, mlruns=path.parent / "mlruns")
    assert again.folder == undisturbed.folder
    assert again.best == undisturbed.best
    assert again.test_scores == undisturbed.test_scores


def test_more_trials_go_on_where_the_study_ended(tmp_path, undisturbed):
    unanalyzed = {"bias_variance": {"resamples": 0}}
    path = write(tmp_path, **unanalyzed, search={**STUDY["search"], "trials": 4})
    first = automl.run_study(path, mlruns=tmp_path / "mlruns")
    assert len(first.trials) == 4
    write(tmp_path, **unanalyzed)
    more = automl.run_study(path, mlruns=tmp_path / "mlruns")
    assert more.folder == first.folder and len(more.trials) == NUM_TRIALS
    for number in range(NUM_TRIALS):
        assert more.state.configurations[number] == undisturbed.state.configurations[number]
    assert more.state.continued[0].changes == (f"`search.trials` was 4 and is now {NUM_TRIALS}",)
    assert len(more.state.tests) == 1
    if more.best.number != first.best.number:
        assert more.test_scores == {}
        assert any("has no score on them" in sentence for sentence in more.verdict.sentences)


def test_a_new_winner_gets_no_score_on_rows_that_were_read_for_another(tmp_path):
    space = {"depth": 0, "learning_rate": {"choice": [1e-6, 0.03]}}
    search = {"algorithm": "random", "trials": 1, "first": [{"learning_rate": 1e-6}]}
    few = {"bias_variance": {"resamples": 0}, "space": space}
    path = write(tmp_path, search=search, **few)
    assert automl.run_study(path, mlruns=tmp_path / "mlruns").test_scores
    write(tmp_path, search={**search, "trials": 2}, **few)
    more = automl.run_study(path, mlruns=tmp_path / "mlruns")
    assert more.best.number == 1 and more.test_scores == {} and more.state.verdict.test is None
    assert "The locked test rows were read for trial 0" in " ".join(more.verdict.sentences)
    assert [test.trial for test in more.state.tests] == [0]


def test_what_must_not_change_is_refused_with_both_values(tmp_path, undisturbed):
    path = undisturbed.folder.parents[3] / "long.yaml"
    path.write_text(yaml.safe_dump({**STUDY, "splits": {"folds": 4}}))
    try:
        with pytest.raises(StudyFileError, match=r"`splits.folds` must stay 3, got 4.*--fresh"):
            automl.run_study(path, mlruns=path.parent / "mlruns")
    finally:
        write(path.parent)


def test_a_table_that_has_changed_is_refused(tmp_path, monkeypatch):
    table = "a,b,y\n" + "".join(f"{i},{i * i % 7},{i % 2}\n" for i in range(60))
    (tmp_path / "table.csv").write_text(table)
    path = write(tmp_path, data={"path": "table.csv", "target": "y"})
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(running, "_finish", lambda *_: None)

        def kill(_: object) -> None:
            raise Killed

        automl.run_study(path, mlruns=tmp_path / "mlruns", trackers=[Recorder(trial=kill)])
    (tmp_path / "table.csv").write_text(table + "1,1,1\n")
    with pytest.raises(DataError, match=r"long.yaml:\d+: the table has changed since the study ran.*--fresh"):
        automl.run_study(path, mlruns=tmp_path / "mlruns")


def test_a_run_whose_files_are_elsewhere_is_named_with_the_cure(tmp_path, undisturbed):
    shutil.copytree(undisturbed.folder.parents[2], tmp_path / "mlruns")
    path = write(tmp_path)
    shutil.rmtree(tmp_path / "mlruns" / "studies" / undisturbed.folder.parent.name)
    with pytest.raises(RecordError, match=r"files of this run .* are missing.*--mlruns.*--fresh"):
        automl.run_study(path, mlruns=tmp_path / "mlruns")


def test_a_second_run_of_the_same_study_is_refused_while_the_first_runs(tmp_path):
    path = write(tmp_path, **FEW)
    refused = []

    def again(_: object) -> None:
        if not refused:
            with pytest.raises(
                RecordError, match=r"is being run by process \d+ on .* since \d{4}-"
            ) as caught:
                automl.run_study(path, mlruns=tmp_path / "mlruns")
            refused.append(caught)

    result = automl.run_study(path, mlruns=tmp_path / "mlruns", trackers=[Recorder(trial=again)])
    assert refused and len(result.trials) == 2


def test_a_killed_study_in_postgresql_goes_on_from_an_empty_database(tmp_path, undisturbed, monkeypatch):
    with running_postgres() as server:
        path = write(tmp_path, records={"uri": server.new_database()}, bias_variance={"resamples": 0})
        result = run_with_kills(path, [6], monkeypatch)
    pandas.testing.assert_frame_equal(board(result), board(undisturbed))
    assert weights(result) == weights(undisturbed)
    assert not (tmp_path / "mlruns" / "records.db").exists()
