"""How long a study will still take: all that comes, at the pace that has been measured so far."""

import math
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import final

SEARCH = "search"


@dataclass(frozen=True, slots=True)
class _Usual:
    """What a phase usually takes: a number of times what a trial takes, a share of the search, and seconds besides."""

    trials: float
    share: float
    seconds: float

    def cost(self, pace: float, search: float) -> float:
        return self.trials * pace + self.share * search + self.seconds


_USUAL = {
    "refit": _Usual(1.0, 0.0, 3.0),
    "verdict": _Usual(0.5, 0.0, 4.0),
    "export": _Usual(0.0, 0.0, 4.0),
    "bias and variance": _Usual(0.0, 0.4, 3.0),
    "learning curve": _Usual(12.0, 0.0, 3.0),
    "columns": _Usual(2.5, 0.0, 3.0),
}
"""Phases after the search, by how their names begin."""

ANALYSES = ("bias and variance", "learning curve", "columns")

_ENDING_SECONDS = 4.0
"""For the report, and for MLflow, when all else is done."""


def phase_of(name: str) -> str:
    """The phase that a name says, as in "bias and variance of 10 trials"; empty for another one."""
    return next((known for known in (SEARCH, *_USUAL) if name.startswith(known)), "")


@final
class Forecast:
    """Seconds that a study will still take. Every question and every event takes the same short time.

    The pace is that of this process, however many trials earlier ones have run. What phases take beside the search is
    guessed from the pace, and corrected by what those took that are over.

    Args:
        num_left: Trials that are still to come.
        time_limit: Seconds that the search may take; None without a limit.
        budget: Seconds that are left of the whole command; None without a limit.
        skipped: Phases that will not come.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        num_left: int,
        time_limit: float | None = None,
        budget: float | None = None,
        skipped: Collection[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock, self._began = clock, clock()
        self._num_left, self._num_done = num_left, 0
        self._time_limit = math.inf if time_limit is None else time_limit
        self._ends = math.inf if budget is None else self._began + budget
        self._coming = [name for name in _USUAL if name not in skipped]
        self._phase, self._phase_began, self._done = SEARCH, self._began, 0.0
        self._last_end = self._began
        self._search: float | None = None
        self._taken = self._expected = 0.0

    def end_trial(self) -> None:
        """A trial has ended."""
        self._num_done, self._num_left = self._num_done + 1, self._num_left - 1
        self._last_end = self._clock()

    def begin(self, name: str) -> None:
        """A phase begins. Those that should have come before it are not coming any more."""
        phase = phase_of(name)
        self._phase, self._phase_began, self._done = phase, self._clock(), 0.0
        if phase == SEARCH:
            self._search, self._last_end = None, self._phase_began
        elif phase in self._coming:
            self._coming = self._coming[self._coming.index(phase) + 1 :]

    def end(self, name: str) -> None:
        """A phase is over."""
        phase, seconds = phase_of(name), self._clock() - self._phase_began
        if phase == SEARCH:
            self._search = seconds
        elif phase and self._pace is not None:
            self._taken += seconds
            self._expected += self._usual(phase)
        self._phase, self._done = "", 0.0

    def progress(self, share: float) -> None:
        """So much of the phase is done, from 0 to 1."""
        self._done = share

    def left(self) -> float | None:
        """Seconds that are left; None before a trial has ended."""
        if self._pace is None:
            return None
        correction = (self._taken + 1.0) / (self._expected + 1.0)
        coming = correction * sum(map(self._usual, self._coming)) + _ENDING_SECONDS
        left = self._search_left + self._phase_left(correction) + coming
        return max(0.0, min(left, self._ends - self._clock()))

    @property
    def _pace(self) -> float | None:
        """Seconds per trial."""
        if not self._num_done:
            return None
        began = self._phase_began if self._phase == SEARCH else self._last_end - (self._search or 0.0)
        return (self._last_end - began) / self._num_done

    @property
    def _search_left(self) -> float:
        if self._search is not None or self._pace is None:
            return 0.0
        at_pace = self._num_left * self._pace - (self._clock() - self._last_end)
        limit = self._time_limit - (self._clock() - self._phase_began)
        return max(0.0, min(at_pace, limit))

    def _phase_left(self, correction: float) -> float:
        if self._phase not in _USUAL:
            return 0.0
        elapsed = self._clock() - self._phase_began
        if self._done > 0.0:
            return elapsed * (1.0 - self._done) / self._done
        return max(0.0, correction * self._usual(self._phase) - elapsed)

    def _usual(self, phase: str) -> float:
        search = self._search
        if search is None:
            search = self._clock() - self._phase_began + self._search_left
        return _USUAL[phase].cost(self._pace or 0.0, search)
