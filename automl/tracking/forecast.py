"""How long a study will still take: all that comes, at the pace that has been measured so far."""

import math
import time
from bisect import insort
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import final

SEARCH = "search"


@dataclass(frozen=True, slots=True)
class _Usual:
    """What a phase usually takes: so many times what a trial takes, a share of what all take, and seconds besides.

    The seconds are those of a program's compilation.
    """

    trials: float
    share: float
    seconds: float

    def cost(self, trial: float, num_trials: int) -> float:
        return (self.trials + self.share * num_trials) * trial + self.seconds


_USUAL = {
    "refit": _Usual(0.5, 0.0, 3.0),
    "verdict": _Usual(0.5, 0.0, 3.0),
    "export": _Usual(0.0, 0.0, 1.0),
    "bias and variance": _Usual(0.0, 0.3, 3.0),
    "learning curve": _Usual(6.0, 0.0, 2.0),
    "columns": _Usual(2.5, 0.0, 2.0),
}
"""Phases after the search, by how their names begin."""

ANALYSES = ("bias and variance", "learning curve", "columns")

_ENDING_SECONDS = 3.0
"""For the report, and for MLflow, when all else is done."""

_FEWEST_ENDED = 3
"""Trials that must have ended before a time is said: the first one has waited for its program, which may be most of
what it took. Wine's 24 seconds were said to be 87 after the first trial."""

_LONGEST_WAIT = 10.0
"""Seconds since the search began after which a single trial suffices."""

_SPARE_SECONDS = 4.0
"""Before the end of a budget: nothing long begins so late."""


def phase_of(name: str) -> str:
    """The phase that a name says, as in "bias and variance of 10 trials"; empty for another one."""
    return next((phase for phase in (SEARCH, *_USUAL) if name.startswith(phase)), "")


@dataclass(slots=True)
class _Part:
    """A phase or a cohort that is running.

    Attributes:
        began: When it began.
        usual: What it is expected to take before anything of it is done; None where nothing is known.
        share: What of it is done, counting networks that are in training as half done.
        sure: What of it is done, counting only what has ended.
        at: When that was said.
    """

    began: float
    usual: float | None = None
    share: float = 0.0
    sure: float = 0.0
    at: float = 0.0

    def advance(self, share: float, sure: float, now: float) -> None:
        """So much of it is done."""
        self.share, self.sure, self.at = share, sure, now

    def seconds(self) -> float | None:
        """What it takes altogether. What is usual counts less, the more is done and the longer it is exceeded."""
        if self.share <= 0.0:
            return self.usual
        elapsed = self.at - self.began
        measured = elapsed / self.share
        if self.usual is None:
            return measured
        exceeded = elapsed / max(self.usual, 0.1) - 1.0
        return self.usual + max(self.sure**2, min(exceeded, 1.0)) * (measured - self.usual)


@final
class Forecast:
    """Seconds that a study will still take. Every question and every event takes the same short time.

    The pace is that of this process, however many trials earlier ones have run. Its first cohort, which waits for most
    compilations, is no measure for the later ones as soon as there are some. What phases take beside the search is
    guessed from what a trial takes by itself, and corrected by what those took that are over.

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
        self._fewest_ended, self._search_began = min(_FEWEST_ENDED, num_left), self._began
        self._time_limit = math.inf if time_limit is None else time_limit
        self._ends = math.inf if budget is None else self._began + budget
        self._coming = [name for name in _USUAL if name not in skipped]
        self._phase, self._part = SEARCH, _Part(self._began)
        self._searched = False
        self._cohort, self._cohort_size, self._cohort_done = _Part(self._began), num_left, 0
        self._pruned = self._flies = False
        self._cohorts: list[tuple[int, float]] = []
        self._trials: list[float] = []
        self._taken = self._expected = 0.0

    def begin_cohort(self, num_trials: int, in_flight: bool = False) -> None:
        """So many trials have been asked for.

        Args:
            num_trials: How many.
            in_flight: Whether trials that were asked for before may still train: then all of them are one cohort here,
                and the trials that have ended are the measure of what is done.
        """
        if in_flight:
            most = self._cohort_done + self._num_left
            self._cohort_size, self._flies = min(self._cohort_size + num_trials, most), True
            share = self._cohort_done / self._cohort_size
            self._cohort.advance(share, share, self._cohort.at)
            return
        now = self._clock()
        if self._cohort_done:
            self._cohorts.append((self._cohort_done, now - self._cohort.began))
        pace = self._pace if self._cohorts else None
        self._cohort = _Part(now, None if pace is None else num_trials * pace)
        self._cohort_size, self._cohort_done, self._pruned = num_trials, 0, False
        self._flies = False

    def end_trial(self, seconds: float | None = None) -> None:
        """A trial has ended.

        Args:
            seconds: What it took, of networks that train together its share; None or 0 where that says nothing.
        """
        self._num_done, self._num_left = self._num_done + 1, self._num_left - 1
        self._cohort_done += 1
        if seconds:
            insort(self._trials, seconds)
        share = self._cohort_done / self._cohort_size
        if self._flies:
            self._cohort.advance(share, share, self._clock())
        elif not self._pruned or share >= 1.0:  # those that are left take longer
            self._cohort.advance(max(share, self._cohort.share), max(share, self._cohort.sure), self._clock())

    def prune_trial(self) -> None:
        """A trial has been ended early, which says nothing of what the others take."""
        self._pruned = True
        self.end_trial()

    def begin(self, name: str) -> None:
        """A phase begins. Those that should have come before it are not coming any more."""
        phase = phase_of(name)
        if phase == SEARCH:
            self._search_began = self._clock()
            self._cohort = _Part(self._search_began)
        elif phase in self._coming:
            self._coming = self._coming[self._coming.index(phase) + 1 :]
        is_known = phase in _USUAL and self._num_done > 0
        self._phase, self._part = phase, _Part(self._clock(), self._corrected(phase) if is_known else None)

    def end(self, name: str) -> None:
        """A phase is over."""
        phase, seconds = phase_of(name), self._clock() - self._part.began
        if phase == SEARCH:
            self._searched = True
        elif phase and phase != "verdict" and self._num_done:  # its baselines say nothing of the networks
            self._taken += seconds
            self._expected += self._usual(phase)
        self._phase = ""

    def progress(self, share: float, sure: float | None = None) -> None:
        """So much is done of the phase, or of the running cohort of a search, from 0 to 1.

        Args:
            share: Networks in training count as half done.
            sure: They count as not done; `share` when None.
        """
        if self._phase == SEARCH and self._flies:
            return
        part = self._cohort if self._phase == SEARCH else self._part
        part.advance(share, share if sure is None else sure, self._clock())

    def left(self) -> float | None:
        """Seconds that are left; None before enough trials have ended."""
        if not self._is_measured:
            return None
        coming = sum(map(self._corrected, self._coming)) + _ENDING_SECONDS
        left = self._search_left + self._phase_left + coming
        return max(0.0, min(left, self._ends - _SPARE_SECONDS - self._clock()))

    @property
    def _is_measured(self) -> bool:
        is_enough = (
            self._num_done >= self._fewest_ended or self._clock() - self._search_began >= _LONGEST_WAIT
        )
        return self._num_done > 0 and is_enough

    @property
    def _trial_seconds(self) -> float:
        """What a trial takes by itself: the lower quartile, because others have waited for their programs."""
        if self._trials:
            return self._trials[len(self._trials) // 4]
        return self._pace

    @property
    def _pace(self) -> float:
        """Seconds of the search for each further trial."""
        ended = list(self._cohorts)
        if self._cohort_done >= self._cohort_size:
            ended.append((self._cohort_done, self._cohort.at - self._cohort.began))
        if len(ended) > 1:
            return sum(seconds for _, seconds in ended[1:]) / sum(count for count, _ in ended[1:])
        count, seconds = ended[0] if ended else (self._cohort_size, self._cohort.seconds() or 0.0)
        first = seconds / count
        return (first + min(first, self._trial_seconds)) / 2.0 if self._trials else first

    @property
    def _search_left(self) -> float:
        if self._searched:
            return 0.0
        now, cohort = self._clock(), self._cohort
        running = max(0.0, (cohort.seconds() or 0.0) - (now - cohort.began))
        later = max(0, self._num_left - (self._cohort_size - self._cohort_done)) * self._pace
        return max(0.0, min(running + later, self._time_limit - (now - self._part.began)))

    @property
    def _phase_left(self) -> float:
        if self._phase not in _USUAL:
            return 0.0
        return max(0.0, (self._part.seconds() or 0.0) - (self._clock() - self._part.began))

    def _corrected(self, phase: str) -> float:
        return (self._taken + 1.0) / (self._expected + 1.0) * self._usual(phase)

    def _usual(self, phase: str) -> float:
        return _USUAL[phase].cost(
            self._trial_seconds, self._num_done + (0 if self._searched else self._num_left)
        )
