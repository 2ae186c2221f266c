"""The time that a command has, shared out over search, refit, verdict, analyses and the ending."""

import math
import time
from collections.abc import Callable
from typing import final

_SEARCH_SHARE = 0.6
"""Of the time that is left after preparation, without the ending: the search may take so much."""

_VERDICT_SHARE = 0.3
"""Of the time that is left after the search: baselines may take so much."""

_BIAS_VARIANCE_SHARE = 0.6
"""Of the time that is left after the export, bias and variance may take so much; the other analyses get the rest."""

_ENDING_SECONDS, _ENDING_SHARE = 12.0, 0.25
"""Kept for the export, the report and MLflow, which take 5 to 10 s on a free machine. Where the preparation has taken
longer the machine is slow or busy, and as much is kept as the preparation took; at most this share of the budget."""


@final
class Budget:
    """The time of one command.

    Args:
        minutes: Of the whole command; None without a limit.
        search_minutes: Of the search; None without a limit of its own.
        began: When the command began, by `clock`.
        clock: Seconds that only grow; `time.monotonic` when None.
    """

    def __init__(
        self,
        minutes: float | None,
        search_minutes: float | None = None,
        began: float | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._clock = clock or time.monotonic
        self._began = self._clock() if began is None else began
        self._seconds = math.inf if minutes is None else 60.0 * minutes
        self._search_seconds = math.inf if search_minutes is None else 60.0 * search_minutes
        self._search_ends = math.inf
        prepared = self._clock() - self._began
        self._ending = min(max(_ENDING_SECONDS, prepared), _ENDING_SHARE * self._seconds)

    @property
    def is_limited(self) -> bool:
        """Whether time may end the search."""
        return math.isfinite(min(self._seconds, self._search_seconds))

    @property
    def search_seconds(self) -> float | None:
        """Seconds that the search may take from its beginning; None without a limit."""
        seconds = min(_SEARCH_SHARE * self.before_ending(), self._search_seconds)
        return seconds if math.isfinite(seconds) else None

    def left(self) -> float:
        """Seconds that are left of the whole command."""
        return self._began + self._seconds - self._clock()

    def before_ending(self) -> float:
        """Seconds that are left before the export must begin."""
        return self.left() - self._ending

    def begin_search(self) -> None:
        """The search begins now."""
        seconds = self.search_seconds
        self._search_ends = math.inf if seconds is None else self._clock() + seconds

    def for_search(self) -> float:
        """Seconds that the search may still take."""
        return self._search_ends - self._clock()

    def for_verdict(self) -> float:
        """Seconds that baselines may take."""
        return _VERDICT_SHARE * self.before_ending()

    def for_bias_variance(self) -> float:
        """Seconds that bias and variance may take."""
        return _BIAS_VARIANCE_SHARE * self.before_ending()
