"""What `automl check` prints of a forecast, in people's units."""

import shutil
from contextlib import nullcontext
from pathlib import Path

import click

from automl.report.console import make_console
from automl.study.footprint import Disk, Memory
from automl.study.forecast import Forecast, Seconds, Times, forecast
from automl.study.preparation import PreparedStudy
from automl.wording import duration, number

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def print_forecast(prepared: PreparedStudy) -> None:
    """Time the smallest and the largest network, and print what the study will cost."""
    console = make_console(quiet=False)
    waiting = "timing the smallest and the largest network"
    with console.status(waiting) if console.is_terminal else nullcontext():
        estimate = forecast(prepared)
    for name, text in forecast_lines(estimate, shutil.disk_usage(Path.cwd()).free):
        click.echo(f"  {name:10} {text}")


def forecast_lines(estimate: Forecast, free_disk: int) -> list[tuple[str, str]]:
    """A forecast as lines, each with its name.

    Args:
        estimate: The forecast.
        free_disk: Bytes that are free on the disk.
    """
    if estimate.times is not None:
        lines = [("forecast", _search(estimate, estimate.times)), ("then", _after(estimate.times))]
    else:
        lines = [("forecast", _nothing(estimate))]
    if estimate.memory is not None:
        lines += _memory_lines(estimate.memory)
    if estimate.disk is not None:
        lines += _disk_lines(estimate.disk, estimate.num_trials, free_disk)
    if estimate.times is not None and estimate.times.share < 1.0:
        share = f"{100.0 * estimate.times.share:.2g} %"
        lines.append(("note", f"The times were measured on {share} of the rows of each fold, and scaled."))
    return lines


def _search(estimate: Forecast, times: Times) -> str:
    return f"search {_range(times.search)} for {_trials(estimate.num_trials)} ({_budget(estimate, times)})"


def _budget(estimate: Forecast, times: Times) -> str:
    if estimate.search_budget is None:
        return "no time limit"
    limit = "`search.minutes`" if estimate.budget is None else f"budget {duration(estimate.budget)}"
    if times.search.high <= estimate.search_budget:
        return f"{limit}: enough"
    if times.trials_in_budget >= estimate.num_trials:
        return f"{limit}: probably enough"
    share = f", {_about(estimate.search_budget)} of it for the search" if estimate.budget is not None else ""
    return f"{limit}{share}: about {_rounded(times.trials_in_budget)} of {_trials(estimate.num_trials)}"


def _after(times: Times) -> str:
    analyses = f", analyses {_range(times.analyses)}" if times.analyses.high > 0.0 else ""
    return f"refit {_range(times.refit)}{analyses}; baselines, export and report are extra"


def _nothing(estimate: Forecast) -> str:
    text = f"not possible: {estimate.reason}"
    if estimate.at_least <= 0.0:
        return text
    return f"{text}; {_trials(estimate.num_trials)} with such networks take more than {_about(estimate.at_least)}"


def _memory_lines(memory: Memory) -> list[tuple[str, str]]:
    parts = {"encoded tables": memory.views, "networks": memory.networks, "analyses": memory.analyses}
    listed = ", ".join(f"{name} {_bytes(size)}" for name, size in parts.items() if size)
    if memory.on_device:
        lines = [("memory", f"up to {_bytes(memory.needed)} on the GPU: {listed}")]
    else:
        total = _bytes(memory.process + memory.needed)
        lines = [("memory", f"up to {total}: {listed}, Python with TensorFlow {_bytes(memory.process)}")]
    if memory.suffices:
        return lines
    assert memory.available is not None
    cure = "Search fewer encodings, take fewer folds, smaller networks or a sample of the rows."
    shortage = (
        f"This needs {_bytes(memory.needed)} more memory, and {_bytes(memory.available)} are available."
    )
    return [*lines, ("warning", f"{shortage} {cure}")]


def _disk_lines(disk: Disk, num_trials: int, free: int) -> list[tuple[str, str]]:
    total = disk.trials + disk.model
    parts = f"{_trials(num_trials)} of {_bytes(disk.trial)}, the model up to {_bytes(disk.model)}"
    lines = [("disk", f"up to {_bytes(total)} ({parts}), without MLflow")]
    if total > free:
        shortage = f"This needs {_bytes(total)} of disk, and {_bytes(free)} are free here."
        lines.append(("warning", f"{shortage} Choose another folder with `automl run --mlruns`."))
    return lines


def _range(seconds: Seconds) -> str:
    low, likely, high = (_about(value) for value in (seconds.low, seconds.likely, seconds.high))
    if low == high:
        return likely
    return f"{low} to {high}" if likely in (low, high) else f"{low} to {high} (probably {likely})"


def _about(seconds: float) -> str:
    return duration(seconds) if seconds >= 1.0 else "less than 1 s"


def _trials(count: int) -> str:
    return "1 trial" if count == 1 else f"{number(count)} trials"


def _rounded(count: int) -> str:
    """Two digits: an estimate has no more."""
    return number(float(f"{count:.2g}"))


def _bytes(size: int) -> str:
    value = float(size)
    for unit in _UNITS:
        if value < 999.5 or unit == _UNITS[-1]:
            break
        value /= 1000.0
    return f"{value:.0f} {unit}" if value >= 9.95 or unit == "bytes" else f"{value:.1f} {unit}"
