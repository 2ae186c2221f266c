"""However a study is sent to MLflow, in pieces, again, or by processes that die at any call, it comes to the same."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fake_mlflow import FakeMlflow
from hand_made import STARTED, make_bias_variance, make_failed_trial, make_trial
from made_states import decomposed
from recorded_digits import export, record_a_study, render
from recorded_study import RecordedStudy, make_records

from automl.records.events import StudyContinued
from automl.records.store import Records
from automl.tracking.mlflow.projection import Projection
from automl.tracking.model import ExportedModel
from automl.trial import Task

InMemory = Callable[..., Projection]
TEXT = "name: digits\ndata: {sklearn: digits}\ntracking: {register_as: reader}\n"


class Dying:
    """A client of a process that dies at a call: nothing is done from then on.

    Args:
        client: The client.
        call: Number of the call, from 1.
        done: Whether the store does what that call asks; the process does not know.
    """

    def __init__(self, client: FakeMlflow, call: int, done: bool) -> None:
        self.client, self.call, self.done, self.calls = client, call, done, 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.client, name)

        def call(*args: Any, **options: Any) -> Any:
            self.calls += 1
            if self.calls == self.call and self.done:
                method(*args, **options)
            if self.calls >= self.call:
                raise ConnectionError("dead")
            return method(*args, **options)

        return call


@pytest.fixture
def model(tmp_path: Any) -> ExportedModel:
    """A folder that stands for a model."""
    import pandas

    folder = tmp_path / "exported"
    folder.mkdir()
    (folder / "model.json").write_text('{"task": "binary", "classes": ["no", "yes"]}')
    return ExportedModel(folder, Task.BINARY, pandas.DataFrame({"x": [1.0]}), ("no", "yes"))


@pytest.fixture
def records(tmp_path: Any) -> Records:
    return make_records(tmp_path / "mlruns")


@pytest.fixture
def study(records: Records) -> RecordedStudy:
    return RecordedStudy(records, replace(STARTED, text=TEXT))


def test_sending_a_study_again_changes_nothing(
    study: RecordedStudy, in_memory: InMemory, model: ExportedModel
) -> None:
    record_a_study(study, model)
    client = FakeMlflow()
    first = in_memory(study, client, render)
    assert first.complete()
    before = repr((client.runs, client.tags, client.models, client.versions))
    assert first.complete()
    assert in_memory(study, client, render).complete()
    assert repr((client.runs, client.tags, client.models, client.versions)) == before


@pytest.mark.parametrize("done", [False, True], ids=["lost", "done but the answer lost"])
def test_at_whatever_call_a_process_dies_the_next_one_completes_its_work(
    done: bool, study: RecordedStudy, in_memory: InMemory, model: ExportedModel
) -> None:
    record_a_study(study, model)
    undisturbed = FakeMlflow()
    assert in_memory(study, undisturbed, render).complete()
    expected = undisturbed.contents()
    assert set(expected["runs"]) >= {"best model", "trial-0000", "trial-0001", "trial-0002"}
    assert len(expected["versions"]) == 1
    call, dead = 0, True
    while dead:
        call += 1
        client = FakeMlflow()
        dying = Dying(client, call, done)
        try:
            whole = in_memory(study, dying, render).complete()
        except ConnectionError:
            whole = False
        dead = dying.calls >= call
        assert whole is not dead
        assert in_memory(study, client, render).complete()
        assert client.contents() == expected, f"call {call}"
    assert call > 40


def test_processes_that_die_twice_and_again_do_no_more_harm(
    study: RecordedStudy, in_memory: InMemory, model: ExportedModel
) -> None:
    record_a_study(study, model)
    undisturbed = FakeMlflow()
    assert in_memory(study, undisturbed, render).complete()
    for first in range(1, 45, 4):
        client = FakeMlflow()
        for call in (first, first // 2 + 1, first + 7, 3, first):
            try:
                in_memory(study, Dying(client, call, call % 2 == 0), render).complete()
            except ConnectionError:
                continue
        assert in_memory(study, client, render).complete()
        assert client.contents() == undisturbed.contents(), f"first at {first}"


def test_a_study_that_is_sent_piece_by_piece_comes_to_the_same(
    study: RecordedStudy, in_memory: InMemory, model: ExportedModel
) -> None:
    client = FakeMlflow()
    following = in_memory(study, client, render)
    following.begin()
    for trial in (make_trial(1, 2.0), make_failed_trial(2), make_trial(0, 3.0)):
        study.end_trial(trial)
        assert following.catch_up()
        assert in_memory(study, client, render).catch_up(), "a process that takes over"
    study.record(decomposed(study.run.folder, make_bias_variance(1)))
    assert following.catch_up()
    export(study, 1, model)
    study.finish()
    assert following.complete()
    at_once = FakeMlflow()
    assert in_memory(study, at_once, render).complete()
    assert client.contents() == at_once.contents()


def test_a_run_that_was_ended_and_went_on_is_sent_again_without_a_change(
    study: RecordedStudy, in_memory: InMemory, model: ExportedModel
) -> None:
    client = FakeMlflow()
    record_a_study(study, model)
    assert in_memory(study, client, render).complete()
    study.take_over()
    study.record(StudyContinued(TEXT, 40))
    following = in_memory(study, client, render)
    following.begin()
    study.end_trial(make_trial(3, 1.0))
    export(study, 3, model)
    study.finish()
    assert following.complete()
    state = client.contents()
    assert (state["runs"]["trial-0003"]["tags"]["best"], len(state["models"])) == ("true", 2)
    assert state["aliases"] == {"reader": {"champion": 1, "challenger": 2}}, (
        "nobody scored trial 3 on locked rows"
    )
    assert in_memory(study, client, render).complete()
    assert client.contents() == state


def test_the_record_of_one_folder_can_be_sent_to_several_stores(
    study: RecordedStudy, in_memory: InMemory, model: ExportedModel
) -> None:
    record_a_study(study, model)
    first, second = FakeMlflow(), FakeMlflow()
    assert in_memory(study, first, render).complete()
    assert in_memory(study, second, render).complete()
    assert first.contents() == second.contents()


def test_calls_per_trial_do_not_grow_and_taking_over_asks_once_for_all(
    records: Records, in_memory: InMemory
) -> None:
    study = RecordedStudy(records, replace(STARTED, num_trials=10_000))
    client = FakeMlflow()
    counted = Dying(client, 10**9, False)
    following = in_memory(study, counted)
    assert following.catch_up()
    costs = set()
    for number in range(60):
        study.end_trial(make_trial(number, 100.0 - number))
        before = counted.calls
        assert following.catch_up()
        costs.add(counted.calls - before)
    assert costs == {3}
    taking_over = Dying(client, 10**9, False)
    assert in_memory(study, taking_over).catch_up()
    assert taking_over.calls < 10
