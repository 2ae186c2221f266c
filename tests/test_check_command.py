"""`automl check`: what is wrong before TensorFlow loads, and a forecast in words."""

import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from automl.cli.forecasting import forecast_lines
from automl.cli.prepare import check
from automl.study.footprint import Disk, Memory
from automl.study.forecast import Forecast, Seconds, Times

MEMORY = Memory(900_000_000, 50_000_000, 2_000_000, 0, 10_000_000_000, on_device=False)
DISK = Disk(trial=5_120, trials=512_000, model=420_000)
TIMES = Times(Seconds(40.0, 71.0, 180.0), Seconds(2.0, 2.0, 2.1), Seconds(10.0, 20.0, 30.0), 100, 1.0)
FORECAST = Forecast(100, 300.0, 170.0, TIMES, "", 0.0, MEMORY, DISK)


def lines_of(estimate: Forecast, free: int = 10**12) -> dict[str, str]:
    return dict(forecast_lines(estimate, free))


def test_a_forecast_is_said_in_the_units_of_people() -> None:
    assert lines_of(FORECAST) == {
        "forecast": "search 40 s to 3 min (probably 71 s) for 100 trials (budget 5 min: probably enough)",
        "then": "refit 2 s, analyses 10 s to 30 s (probably 20 s); baselines, export and report are extra",
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
    assert lines_of(replace(FORECAST, **change))["forecast"].endswith(ends)


def test_what_does_not_fit_is_a_warning() -> None:
    poor = replace(FORECAST, memory=replace(MEMORY, available=51_000_000))
    assert "This needs 52 MB more memory, and 51 MB are available." in lines_of(poor)["warning"]
    assert (
        "This needs 932 kB of disk, and 900 kB are free here." in lines_of(FORECAST, free=900_000)["warning"]
    )
    assert "warning" not in lines_of(FORECAST)


def test_what_was_measured_on_a_sample_is_said() -> None:
    sampled = replace(FORECAST, times=replace(TIMES, share=0.02))
    assert lines_of(sampled)["note"] == "The times were measured on 2 % of the rows of each fold, and scaled."


def test_a_network_that_is_too_slow_gives_a_lower_bound() -> None:
    slow = replace(
        FORECAST, times=None, reason="one epoch of the largest network takes more than 15 s", at_least=9e3
    )
    assert lines_of(slow)["forecast"] == (
        "not possible: one epoch of the largest network takes more than 15 s; 100 trials with such networks take more "
        "than 2.5 h"
    )


WITHOUT_TENSORFLOW = """
import sys
from automl.cli import main
for path in sys.argv[1:]:
    sys.argv = ["automl", "check", path]
    try:
        main()
    except SystemExit as end:
        loaded = {name.partition(".")[0] for name in sys.modules} & {"tensorflow", "keras", "keras_tuner"}
        print("status", end.code, sorted(loaded), flush=True)
        print("END", file=sys.stderr, flush=True)
"""


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"data": {"path": "t.csv", "target": "prize"}}, "prize"),
    ({"data": {"path": "t.csv", "target": "price"}, "objective": "accuracy"}, "`objective`"),
    ({"data": {"path": "t.csv", "target": "price"}, "splits": {"kind": "group", "by": "owner"}}, "owner"),
    ({"data": {"path": "t.csv", "target": "price"}, "search": {"trials": 0}}, "trials"),
    (
        {"data": {"path": "t.csv", "target": "price"}, "space": {"target_transform": "log"}},
        "target_transform",
    ),
    ({"data": {"path": "t.csv", "target": "price"}, "space": {"depht": 2}}, "Did you mean `depth`?"),
    ({"data": {"path": "t.csv", "target": "price"}, "space": {"dropout": {"float": [0, 1.5]}}}, "1.5"),
    ({"data": {"path": "t.csv", "target": "price"}, "search": {"first": [{"depth": 99}]}}, "99"),
    ({"data": {"path": "t.csv", "target": "price"}, "search": {"algorithm": "bayes"}}, "bayesian"),
]


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """What one process prints and writes of each wrong file: to start it takes seconds."""
    folder = tmp_path_factory.mktemp("wrong")
    rows = "".join(f"{row % 5},{row % 7 - 3}.5\n" for row in range(30))
    (folder / "t.csv").write_text("size,price\n" + rows)
    paths = [folder / f"study-{number}.yaml" for number in range(len(WRONG))]
    for path, (content, _) in zip(paths, WRONG, strict=True):
        path.write_text(yaml.safe_dump(content))
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW, *map(str, paths)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    parts = ran.stderr.split("END\n")
    assert ran.returncode == 0 and parts.pop() == "", ran.stderr
    return list(zip(ran.stdout.splitlines(), parts, strict=True))


@pytest.mark.parametrize("number", range(len(WRONG)), ids=[says for _, says in WRONG])
def test_what_is_wrong_with_file_table_splits_or_space_is_said_without_tensorflow(
    refused: list[tuple[str, str]], number: int
) -> None:
    printed, written = refused[number]
    assert printed == "status 2 []", written
    assert f"study-{number}.yaml" in written and WRONG[number][1] in written


def test_check_ends_with_a_forecast_unless_it_is_left_out(tmp_path: Path) -> None:
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
    assert "  forecast " not in short.output
    lines = whole.output[len(short.output) :].splitlines()
    assert [line.split()[0] for line in lines] == ["forecast", "then", "memory", "disk"]
    assert "for 2 trials (budget 5 min: enough)" in lines[0] and "2 trials of" in lines[3]
    with suppress(FileNotFoundError):
        assert not (tmp_path / "mlruns").exists()
