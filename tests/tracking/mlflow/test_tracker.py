import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from hand_made import Breakable, children, make_trial, summarize

from automl.errors import TrackingError
from automl.tracking.mlflow.outbox import PAUSE_SECONDS
from automl.tracking.mlflow.tracker import MlflowTracker
from automl.tracking.tracker import ExportedModel, StudyRecord, StudyStatus, StudySummary
from automl.trial import Trial

MakeTracker = Callable[..., MlflowTracker]


def test_a_model_that_cannot_be_logged_costs_only_itself(
    make_tracker: MakeTracker,
    record: StudyRecord,
    client: Any,
    classifier: ExportedModel,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tracker = make_tracker()
    tracker.start_study(record)
    tracker.log_trial(make_trial(0))
    tracker.finish_study(summarize(make_trial(0), model=replace(classifier, folder=tmp_path / "nowhere")))
    assert "MLflow did not take the best model" in caplog.text
    assert children(client, "best")["best model"].info.status == "FAILED"
    (parent,) = children(client, "study").values()
    assert parent.info.status == "FINISHED"
    assert "trial-0000" in parent.data.tags["mlflow.note.content"]


def test_finishing_what_never_began_does_nothing(make_tracker: MakeTracker) -> None:
    tracker = make_tracker()
    tracker.log_trial(make_trial(0))
    tracker.finish_study(StudySummary(StudyStatus.FAILED, ()))


def test_a_store_that_goes_away_is_caught_up_with(
    make_tracker: MakeTracker,
    record: StudyRecord,
    client: Any,
    breakable: Breakable,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tracker = make_tracker()
    passed = 0.0
    tracker._outbox._clock = lambda: time.monotonic() + passed
    tracker.start_study(record)
    tracker.log_trial(make_trial(0))
    breakable.broken = {"all"}
    tracker.log_trial(make_trial(1))
    calls = breakable.calls
    tracker.log_trial(make_trial(2))
    passed += PAUSE_SECONDS + 1
    tracker.log_trial(make_trial(3))
    assert breakable.calls == calls, "the store was not left alone"
    assert [record.getMessage() for record in caplog.records] == [
        "MLflow does not take the trials (the server went away). "
        "The study goes on; they are kept and tried again."
    ]
    breakable.broken = set()
    passed += PAUSE_SECONDS + 1
    tracker.log_trial(make_trial(4))
    assert sorted(children(client)) == [f"trial-000{number}" for number in range(5)]
    tracker.finish_study(summarize(*(make_trial(number) for number in range(5))))
    assert {run.info.status for run in children(client).values()} == {"FINISHED"}


@pytest.mark.parametrize("step", ["create_run", "log_batch", "log_artifacts", "set_terminated"])
@pytest.mark.parametrize("done", [False, True], ids=["lost", "done but the answer lost"])
def test_a_trial_cut_short_is_completed_and_not_doubled(
    step: str, done: bool, make_tracker: MakeTracker, record: StudyRecord, client: Any, breakable: Breakable
) -> None:
    tracker = make_tracker(lambda trial, folder, drawn: (folder / "history.csv").write_text("epoch\n"))
    tracker.start_study(record)
    breakable.broken, breakable.after = {step}, {step} if done else set()
    tracker.log_trial(make_trial(0))
    breakable.broken = set()
    tracker.finish_study(summarize(make_trial(0)))
    run = children(client)["trial-0000"]
    assert run.info.status == "FINISHED"
    assert run.data.params["width"] == "64"
    assert run.data.tags["best"] == "true"
    points = client.get_metric_history(run.info.run_id, "curves/loss")
    assert [(point.step, point.value) for point in points] == [(1, 3.0), (2, 2.0), (3, 1.0)]
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["history.csv"]


def test_a_store_that_stays_away_is_reported_at_the_end(
    make_tracker: MakeTracker, record: StudyRecord, breakable: Breakable, caplog: pytest.LogCaptureFixture
) -> None:
    tracker = make_tracker()
    tracker.start_study(record)
    tracker.log_trial(make_trial(0))
    breakable.broken = {"all"}
    tracker.log_trial(make_trial(1))
    tracker.log_trial(make_trial(2))
    tracker.finish_study(summarize(*(make_trial(number) for number in range(3))))
    assert "2 of 3 trials are not in MLflow" in caplog.text
    assert str(record.folder) in caplog.text
    assert "the study's result and what follows is not there" in caplog.text


def test_files_that_cannot_be_rendered_cost_only_themselves(
    make_tracker: MakeTracker, record: StudyRecord, client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(trial: Trial, folder: Path, drawn: bool) -> None:
        raise RuntimeError("no fonts")

    tracker = make_tracker(broken)
    tracker.start_study(record)
    tracker.log_trial(make_trial(0))
    tracker.log_trial(make_trial(1))
    assert {run.info.status for run in children(client).values()} == {"FINISHED"}
    assert "no fonts" in caplog.text


def test_a_dead_server_stops_a_study_before_it_begins(record: StudyRecord, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        uri = f"http://127.0.0.1:{server.getsockname()[1]}"
    tracker = MlflowTracker(uri, tmp_path, lambda trial, folder, drawn: None, None)
    began = time.monotonic()
    with pytest.raises(
        TrackingError, match=f"{uri}.*Nothing answers there. Start it, correct tracking.uri, or unset"
    ):
        tracker.start_study(record)
    assert time.monotonic() - began < 15
    tracker.log_trial(make_trial(0))
    tracker.finish_study(StudySummary(StudyStatus.FAILED, ()))
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_not_mlflow(record: StudyRecord, tmp_path: Path) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        do_POST = do_GET

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        uri = f"http://127.0.0.1:{server.server_port}"
        with pytest.raises(TrackingError, match=r"be a server .* that can be used, got"):
            MlflowTracker(uri, tmp_path, lambda trial, folder, drawn: None, None).start_study(record)
        server.shutdown()


def test_nothing_is_printed(
    make_tracker: MakeTracker,
    record: StudyRecord,
    classifier: ExportedModel,
    capfd: pytest.CaptureFixture[str],
) -> None:
    logging.getLogger("mlflow").setLevel(logging.CRITICAL)  # as in a process of its own
    tracker = make_tracker()
    tracker.start_study(record)
    tracker.log_trial(make_trial(0))
    tracker.finish_study(summarize(make_trial(0), model=classifier))
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")
