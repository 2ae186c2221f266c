"""The time that `automl run` says is left, against the time that it then took.

    python benchmarks/eta.py STUDY.yaml … [--to docs/eta.png]

Runs each study anew in a temporary folder, asks the terminal's forecast twice a second, and compares with the end. The
table gives the error (said minus true, in seconds and as a share of the whole time) at quarters of the run, the phases'
seconds, and what came after the last event; the plot shows said and true over the run.
"""

import argparse
import io
import os
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot
from rich.console import Console

from automl.config.reading import load_study
from automl.records.events import PhaseBegun, PhaseEnded
from automl.records.finding import find_run, open_records
from automl.study.preparation import prepare_study
from automl.study.run import Request, run_prepared
from automl.tracking.terminal import TerminalTracker
from automl.tracking.tracker import Tracker

SECONDS = 0.5
QUARTERS = (0.25, 0.5, 0.75, 0.9)


@dataclass
class Forecasts:
    """What the forecast said, by the time gone since the command began.

    Attributes:
        name: Of the study.
        gone: Seconds since the command began.
        left: Seconds that were said to be left.
        total: Seconds of the whole command.
        phases: Seconds of each phase.
    """

    name: str
    gone: list[float] = field(default_factory=list)
    left: list[float] = field(default_factory=list)
    total: float = 0.0
    phases: dict[str, float] = field(default_factory=dict)


class Listener(Tracker):
    """A terminal whose forecast is asked all the time."""

    def __init__(self, terminal: TerminalTracker, began: float, forecasts: Forecasts) -> None:
        self.terminal, self.began, self.forecasts = terminal, began, forecasts
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.listen, daemon=True)

    def start(self, *arguments) -> None:
        self.terminal.start(*arguments)
        self.thread.start()

    def apply(self, *arguments) -> None:
        self.terminal.apply(*arguments)

    def log_progress(self, progress) -> None:
        self.terminal.log_progress(progress)

    def finish(self, seconds) -> None:
        self.terminal.finish(seconds)

    def abandon(self) -> None:
        self.terminal.abandon()

    def listen(self) -> None:
        while not self.over.wait(SECONDS):
            left = self.terminal.seconds_left
            if left is not None:
                self.forecasts.gone.append(time.monotonic() - self.began)
                self.forecasts.left.append(left)


def measure(path: Path) -> Forecasts:
    """Run a study and listen."""
    began = time.monotonic()
    config = load_study(path)
    forecasts = Forecasts(config.name)
    with tempfile.TemporaryDirectory(prefix="eta-") as folder:
        prepared = prepare_study(config)
        listener = Listener(TerminalTracker(Console(file=io.StringIO()), began), began, forecasts)
        records = open_records(Path(folder), None, create=True)
        run_prepared(records, prepared, Request(began=began), None, [listener])
        listener.over.set()
        forecasts.total = time.monotonic() - began
        begun: dict[str, float] = {}
        for recorded in records.events(find_run(records, config.name)):
            match recorded.event:
                case PhaseBegun(name=name):
                    begun[name] = recorded.time
                case PhaseEnded(name=name):
                    forecasts.phases[name] = recorded.time - begun[name]
    return forecasts


def show(forecasts: Forecasts) -> None:
    """The error at quarters of the run."""
    print(f"{forecasts.name}: {forecasts.total:.0f} s")
    for quarter in QUARTERS:
        at = [number for number, gone in enumerate(forecasts.gone) if gone >= quarter * forecasts.total]
        if at:
            error = forecasts.left[at[0]] - (forecasts.total - forecasts.gone[at[0]])
            print(f"  at {quarter:4.0%}: {error:+6.1f} s ({error / forecasts.total:+.0%} of the run)")
    print(
        "  phases:",
        ", ".join(f"{name} {seconds:.1f} s" for name, seconds in forecasts.phases.items()),
        flush=True,
    )


def plot(all_forecasts: list[Forecasts], path: Path) -> None:
    """Said and true seconds left over the run, a panel per study."""
    figure, panels = pyplot.subplots(
        1, len(all_forecasts), figsize=(4.2 * len(all_forecasts), 3.4), squeeze=False
    )
    for panel, forecasts in zip(panels[0], all_forecasts, strict=True):
        panel.plot([0, forecasts.total], [forecasts.total, 0], color="0.6", label="true")
        panel.plot(forecasts.gone, forecasts.left, label="said")
        panel.set(
            title=forecasts.name, xlabel="seconds since the start", ylabel="seconds left", ylim=(0, None)
        )
        panel.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("studies", nargs="+", type=Path)
    parser.add_argument("--to", type=Path)
    arguments = parser.parse_args()
    all_forecasts = []
    for path in arguments.studies:
        all_forecasts.append(measure(path))
        show(all_forecasts[-1])
    if arguments.to:
        plot(all_forecasts, arguments.to)


if __name__ == "__main__":
    main()
