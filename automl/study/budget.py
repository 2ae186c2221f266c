"""The time that a command has, shared out over search, refit, verdict, analyses and the ending."""

import math
import time
from collections.abc import Callable
from typing import final

_SEARCH_SHARE = 0.6
"""Of the time that is left after preparation, without the ending: the search may take so much."""

_ANALYSES_SHARE = 0.25
"""Of the same time: a trial that takes longer costs more to analyze than the search leaves. What would stay unused goes
to the search, but for the refit and the verdict."""

_REFIT_SECONDS, _LEAST_VERDICT = 1.0, 0.02
"""What the search leaves in that case: refit and ensemble with their program, and this share for the verdict."""

_ENSEMBLE_SHARE, _UNASKED_SHARE = 0.12, 0.2
"""Of the time that is left after preparation, refit and an ensemble that is asked for get the first share at least:
what the trials take that are trained to their end is not known before these end, which may be with the search. The
networks of an ensemble that is not asked for get the second share at most, and as long as no trial has ended."""

_ENSEMBLE_VERDICT = 0.05
"""Of the same time: when the networks of an ensemble are made, the choice is corrected for and answers are timed."""

_VERDICT_SHARE, _WHOLE_VERDICT_SHARE = 0.3, 0.8
"""Of the time that is left after the search: baselines may take so much; the larger share where no analysis follows."""

_BIAS_VARIANCE_SHARE = 0.6
"""Of the time that is left after the export, bias and variance may take so much; the other analyses get the rest."""

_ENDING_SECONDS, _ENDING_SHARE, _OF_PREPARATION = 5.0, 0.25, 0.5
"""Kept for the export, the report and MLflow, which take 3 to 5 s on a free machine. Where the preparation has taken
long the machine is slow or busy, and this part of what it took is kept; at most this share of the budget."""


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
        self._search_began, self._search_left = self._began, math.inf
        self._refit_share, self._analyzed = 1.0, True
        self._ensemble_share, self._is_asked = 0.0, False
        self._best: float | None = None
        self._num_running = 1
        self._longest, self._last_end = 0.0, self._began
        prepared = self._clock() - self._began
        self._ending = min(max(_ENDING_SECONDS, _OF_PREPARATION * prepared), _ENDING_SHARE * self._seconds)

    @property
    def is_limited(self) -> bool:
        """Whether time may end the search."""
        return math.isfinite(min(self._seconds, self._search_seconds))

    @property
    def search_seconds(self) -> float | None:
        """Seconds that the search may take from its beginning, longer trials aside; None without a limit."""
        seconds = min(_SEARCH_SHARE * self.before_ending(), self._search_seconds)
        return seconds if math.isfinite(seconds) else None

    def left(self) -> float:
        """Seconds that are left of the whole command."""
        return self._began + self._seconds - self._clock()

    def before_ending(self) -> float:
        """Seconds that are left before the export must begin."""
        return self.left() - self._ending

    def begin_search(
        self,
        refit_share: float = 1.0,
        analyzed: bool = True,
        ensemble_share: float = 0.0,
        is_asked: bool = True,
    ) -> None:
        """The search begins now.

        Args:
            refit_share: What a refit takes, in what its trial took.
            analyzed: Whether analyses follow.
            ensemble_share: What the networks of an ensemble take, in what a trial took.
            is_asked: Whether the study file asks for an ensemble.
        """
        self._search_began = self._last_end = self._clock()
        self._search_left = self.before_ending()
        self._refit_share, self._analyzed = refit_share, analyzed
        self._ensemble_share, self._is_asked = ensemble_share, is_asked

    def begin_cohort(self, num_trials: int) -> None:
        """So many trials begin at once."""
        self._num_running = num_trials

    def take_trial(self, seconds: float, best: float | None) -> None:
        """A trial has ended.

        Args:
            seconds: What it took.
            best: What the best trial took; None while there is none.
        """
        self._longest, self._best = max(self._longest, seconds), best
        self._last_end = self._clock()

    def for_search(self) -> float:
        """Seconds that the search may still take."""
        now, seconds = self._clock(), _SEARCH_SHARE * self._search_left
        if math.isfinite(seconds) and not self._can_analyze:
            running = (now - self._last_end) / self._num_running
            kept = _REFIT_SECONDS + self._for_networks(max(self._longest, running))
            seconds = max(seconds, (1.0 - _LEAST_VERDICT) * self._search_left - kept)
        return self._search_began + min(seconds, self._search_seconds) - now

    def _for_networks(self, trial: float) -> float:
        """Seconds that the search leaves for the refit and the networks of an ensemble, by what a trial takes."""
        refit, ensemble = self._refit_share * trial, self._ensemble_share * trial
        if not self._ensemble_share:
            return refit
        if self._is_asked:
            return max(_ENSEMBLE_SHARE * self._search_left, refit + ensemble)
        most = _UNASKED_SHARE * self._search_left
        return refit + (most if self._best is None else min(ensemble, most))

    @property
    def _can_analyze(self) -> bool:
        """Whether the search leaves time for an analysis of the best trial.

        While there is none: of one of those that are running, should they take the whole share of the search.
        """
        running = _SEARCH_SHARE * self._search_left / self._num_running
        best = running if self._best is None else self._best
        return self._analyzed and best <= _ANALYSES_SHARE * self._search_left

    def for_refit(self) -> float:
        """Seconds that the refit may take: something is left for the verdict."""
        if math.isinf(self._seconds):
            return math.inf
        return self.before_ending() - _LEAST_VERDICT * self._search_left

    def for_ensemble(self) -> float:
        """Seconds that the networks of an ensemble may take: its verdict takes longer."""
        if math.isinf(self._seconds):
            return math.inf
        return self.for_refit() - _ENSEMBLE_VERDICT * self._search_left

    def for_verdict(self) -> float:
        """Seconds that baselines may take."""
        return (_VERDICT_SHARE if self._can_analyze else _WHOLE_VERDICT_SHARE) * self.before_ending()

    def for_bias_variance(self) -> float:
        """Seconds that bias and variance may take."""
        return _BIAS_VARIANCE_SHARE * self.before_ending()
