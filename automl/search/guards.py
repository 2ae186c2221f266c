"""A sampler from a rule that proposes one configuration, behind guards against what rules do wrong.

The guards, each with its test:

- values are plain, active, within bounds, and no configuration comes twice;
- a rule that fails, repeats itself or has nothing to propose is replaced, for that trial, by a random draw, and the
  proposal says so; the space is exhausted when every configuration has been tried, and not before;
- one thread at a time.

A rule sees the history of the search and the number of the trial. Whatever it draws, it draws from generators that
are seeded by the study's seed and that number, so the sampler has no state but the history.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, final

import numpy

from automl.search.history import History
from automl.search.sampler import Given, Proposal, Results, Sampler
from automl.search.space.space import Space
from automl.search.untried import Untried
from automl.trial import Hyperparameters, derive_seed

Rule: TypeAlias = Callable[[History, numpy.random.Generator], Mapping[str, Any] | None]
"""Values for the next trial; None when it has none. The generator is that trial's own."""

_LONGEST_REASON = 200


@final
class GuardedSampler(Sampler):
    """A sampler that takes its proposals from a rule.

    Args:
        rule: Proposes one configuration.
        space: The search space.
        seed: The study's seed; 0 is as good as any.
        first: Configurations to propose before any of the rule's.
        cohort_size: From the number of trials asked for to that of those to ask for next; None for any number.
    """

    def __init__(
        self,
        rule: Rule,
        space: Space,
        seed: int,
        first: Given = (),
        cohort_size: Callable[[int], int] | None = None,
    ):
        self._rule = rule
        self._space = space
        self._seed = seed
        self._first = tuple(first)
        self._cohort_size = cohort_size
        self._untried = Untried(space)
        self._history = History()
        self._lock = threading.Lock()

    def ask(self, count: int) -> list[Proposal]:
        """See `Sampler.ask`."""
        proposals: list[Proposal] = []
        with self._lock:
            while len(proposals) < count and (proposal := self._propose()) is not None:
                self._history.add(proposal.hyperparameters)
                proposals.append(proposal)
        return proposals

    def cohort_size(self) -> int | None:
        """See `Sampler.cohort_size`."""
        return None if self._cohort_size is None else self._cohort_size(len(self._history))

    def tell(self, results: Results) -> None:
        """See `Sampler.tell`."""
        with self._lock:
            self._history.tell(results)

    def restore(self, proposals: Sequence[Hyperparameters], results: Results) -> None:
        """See `Sampler.restore`."""
        with self._lock:
            if len(self._history):
                raise ValueError(f"need a new sampler to restore, got one with {len(self._history)} trials.")
            for hyperparameters in proposals:
                self._history.add(hyperparameters)
            self._history.tell(results)

    def _propose(self) -> Proposal | None:
        number = len(self._history)
        generator = numpy.random.default_rng(derive_seed(self._seed, "sampler", number))
        proposed, notes, failed = None, list[str](), False
        if number < len(self._first):
            given = self._space.complete(self._first[number], generator)
            proposed = self._accept(given, f"Entry {number + 1} of `search.first`", notes)
        if proposed is None:
            try:
                proposed = self._ask_rule(generator, notes)
            except Exception as error:
                reason = " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST_REASON]
                notes.append(f"The search algorithm failed ({reason}).")
                failed = True
        if proposed is None:
            proposed = self._untried.draw(self._history, generator)
            notes.append("Drawn at random.")
        return None if proposed is None else Proposal(number, proposed, " ".join(notes), failed)

    def _ask_rule(self, generator: numpy.random.Generator, notes: list[str]) -> Hyperparameters | None:
        """What the rule proposes, made plain; None when it has nothing new.

        Raises:
            Exception: The rule fails, or what it proposes is not in the space.
        """
        values = self._rule(self._history, generator)
        if values is None:
            notes.append("The search algorithm had no proposal.")
            return None
        plain = self._space.complete(values, generator)
        return self._accept(plain, "The proposal of the search algorithm", notes)

    def _accept(self, proposed: Hyperparameters, name: str, notes: list[str]) -> Hyperparameters | None:
        number = self._history.number_of(proposed)
        if number is None:
            return proposed
        notes.append(f"{name} equals trial {number}.")
        return None
