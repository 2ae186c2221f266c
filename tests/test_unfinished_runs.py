"""What `show`, `explain` and `report` say of a run that is not finished, and which run they take."""

import csv
import dataclasses
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from made_states import STARTED, made_events
from paper_trials import completed, failed

from automl.cli import cli
from automl.cli.common import options_text
from automl.records.events import Event, Finished
from automl.records.files import make_run_folder
from automl.records.finding import open_records
from automl.records.outcomes import Exported
from automl.trial import Trial

TRIALS = [
    completed(0, 0.5, 1.0, width=8),
    completed(1, 0.25, 0.5, width=16),
    failed(2, "diverged: so", width=32),
]
FINISHED = (Exported(1), Finished("finished", 5.0))
KILLED = "Killed after 3 of 24 trials; no model was exported."


def record(
    mlruns: Path,
    identifier: str,
    trials: Sequence[Trial] = TRIALS,
    *events: Event,
    uri: str | None = None,
    held: bool = False,
) -> None:
    """Enter a run of `wine`; a process that has let it go without a last event was killed."""
    records = open_records(mlruns, uri, create=True)
    folder = make_run_folder(records.mlruns, "wine", identifier, "name: wine\ndata: {sklearn: wine}\n")
    started = dataclasses.replace(STARTED, identifier=identifier, num_trials=24)
    first, *later_events = [*made_events(folder, started, trials), *events]
    _, lease = records.create(folder, started, "test")
    assert first == started
    if later_events:
        records.append(lease, *later_events)
    if not held:
        records.release(lease)


def invoke(mlruns: Path, *arguments: Any) -> Result:
    result = CliRunner().invoke(cli, [*map(str, arguments), "--mlruns", str(mlruns)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def page_of(mlruns: Path, *arguments: Any) -> str:
    invoke(mlruns, "report", *arguments, "--to", mlruns.parent / "page.html")
    return (mlruns.parent / "page.html").read_text(encoding="utf-8")


def test_a_killed_run_says_so_first_everywhere(tmp_path: Path) -> None:
    record(tmp_path / "mlruns", "a")
    for command in (["show"], ["explain"], ["explain", "--trial", 0]):
        assert invoke(tmp_path / "mlruns", *command, "wine").stdout.splitlines()[0] == KILLED
    explained = " ".join(invoke(tmp_path / "mlruns", "explain").stdout.split())
    assert "The best of the 3 trials that have ended, of 24 planned, is trial 1" in explained
    assert "The best of 3 trials" not in explained
    page = page_of(tmp_path / "mlruns", "wine")
    assert KILLED in page.partition("<h1>")[0]
    assert "The best of the 3 trials that have ended, of 24 planned, is trial 1" in page


@pytest.mark.parametrize(
    ("events", "held", "state", "words"),
    [
        ((), True, "running", "still running: 3 of 24 trials so far"),
        ((), False, "killed", "killed after 3 of 24 trials; no model was exported"),
        ((Finished("stopped"),), False, "stopped", "stopped after 3 of 24 trials; no model was exported"),
        (FINISHED, False, "finished", ""),
    ],
)
def test_json_has_the_state_as_keys(
    tmp_path: Path, events: tuple[Event, ...], held: bool, state: str, words: str
) -> None:
    record(tmp_path / "mlruns", "a", TRIALS, *events, held=held)
    content = json.loads(invoke(tmp_path / "mlruns", "show", "--format", "json").stdout)
    assert (content["state"], content["standing"]) == (state, words)
    assert (content["num_trials"], content["num_planned"], content["run"]) == (3, 24, "a")
    assert [trial["trial"] for trial in content["trials"]] == [1, 0, 2]
    first = invoke(tmp_path / "mlruns", "show").stdout.splitlines()[0]
    assert first.strip() == (
        f"{words[0].upper()}{words[1:]}."
        if words
        else "No verdict: no other model was fitted, so whether a network is needed is not known."[
            : len(first.strip())
        ]
    )
    assert len(first.strip()) > 20


def test_csv_stays_a_table_and_what_is_said_goes_elsewhere(tmp_path: Path) -> None:
    record(tmp_path / "mlruns", "a")
    shown = invoke(tmp_path / "mlruns", "show", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(shown.stdout)))
    assert [(row["rank"], row["trial"], row["log_loss"], row["width"]) for row in rows] == [
        ("1", "1", "0.375", "16"),
        ("2", "0", "0.75", "8"),
        ("", "2", "", "32"),
    ]
    assert shown.stderr.splitlines() == [KILLED[0].lower() + KILLED[1:-1]]


def test_the_newest_run_with_trials_is_taken_and_named(tmp_path: Path) -> None:
    """By the order in which runs were entered: the clock of the second one was set back."""
    mlruns = tmp_path / "mlruns"
    record(mlruns, "20260302-000000-aaaa", TRIALS, *FINISHED)
    record(mlruns, "20260301-000000-bbbb", TRIALS[:2])
    record(mlruns, "20260303-000000-cccc", [])
    which = "run 20260301-000000-bbbb, one of 3 (automl runs wine)"
    assert invoke(mlruns, "show").stdout.splitlines()[:2] == [
        "Killed after 2 of 24 trials; no model was exported.",
        which,
    ]
    assert invoke(mlruns, "explain", "wine").stdout.splitlines()[1] == which
    assert invoke(mlruns, "report", "wine", "--to", tmp_path / "page.html").stderr.splitlines()[1] == which
    assert "20260301-000000-bbbb" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert json.loads(invoke(mlruns, "show", "--format", "json").stdout)["num_runs"] == 3
    first = mlruns / "studies" / "wine" / "20260302-000000-aaaa"
    assert (
        invoke(mlruns, "show", first).stdout.splitlines()[0]
        == "run 20260302-000000-aaaa, one of 3 (automl runs wine)"
    )


def test_a_record_elsewhere_is_named_by_its_address(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    record(tmp_path / "mlruns", "a", TRIALS, *FINISHED, uri=uri)
    for command in (["show"], ["explain"], ["report", "--to", tmp_path / "page.html"]):
        invoke(tmp_path / "mlruns", *command, "wine", "--records", uri)
        lost = CliRunner().invoke(cli, [*map(str, command), "wine", "--mlruns", str(tmp_path / "mlruns")])
        assert lost.exit_code == 2 and "automl run" in lost.output


def test_a_long_leaderboard_is_cut_and_says_how_to_see_all(tmp_path: Path) -> None:
    mlruns = tmp_path / "my runs"
    record(mlruns, "a", [completed(number, 1.0 + number, width=8) for number in range(30)], *FINISHED)
    shown = " ".join(invoke(mlruns, "show", "wine").stdout.split())
    assert all(f" {number}.0000 " in shown for number in range(1, 21)), "the twenty best, of one fold each"
    assert " 21.0000 " not in shown
    command = f"automl show wine --top 30 --mlruns '{mlruns}' (or --format csv)"
    assert f"… and 10 more: {command}" in shown
    assert len(list(csv.DictReader(io.StringIO(invoke(mlruns, "show", "--format", "csv").stdout)))) == 30
    assert len(json.loads(invoke(mlruns, "show", "--format", "json").stdout)["trials"]) == 30
    whole = invoke(mlruns, "show", "wine", "--top", 30).stdout
    assert all(f" {number}.0000 " in whole for number in range(1, 31)) and "more:" not in whole


def test_the_options_of_the_next_command_hold_no_password() -> None:
    options = options_text(Path("mlruns"), "postgresql://ann:secret@host/studies")
    assert "secret" not in options and options.startswith(" --records ") and "ann" in options
    assert options_text(Path("mlruns"), None) == ""
    assert options_text(Path("my runs"), None) == " --mlruns 'my runs'"
