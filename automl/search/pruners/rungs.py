"""Some epochs for every trial, then the best of all so far go on, and after some more epochs the best of these.

Trials are compared by the losses that they have, on few folds: Egele, Mohr, Viering and Balaprakash (2024, "The
unreasonable effectiveness of early discarding after one epoch in neural network hyperparameter optimization") find no
rule on learning curves that is better than a constant number of epochs. How many must go on where follows from
`benchmarks/pruning_replay.py`: after a few epochs the networks that learn fast look best, and on small tables they are
not the best in the end.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from automl.search.pruners.pruner import Pruner, Reports
from automl.trial import Rung


@dataclass(frozen=True, slots=True)
class Step:
    """A rung and who passes it.

    Attributes:
        at: Share of its epochs that a network has trained there.
        num_folds: Folds that train until then; fewer where a study has fewer.
        share: Share of all trials that have come to the rung so far that go on.
    """

    at: float
    num_folds: int
    share: float


STEPS = (Step(0.08, 1, 0.6), Step(0.16, 2, 0.5), Step(0.32, 2, 0.5))

FEWEST = 5
"""As many go on at least: of a few trials a share is too few."""

_FEWEST_EPOCHS = 12
"""With fewer, the rungs would lie on one epoch."""


@final
class Rungs(Pruner):
    """The best share of the trials that have come to a rung so far pass it.

    Args:
        steps: The rungs, in order.
        fewest: As many go on at least.
    """

    def __init__(self, steps: Sequence[Step] = STEPS, fewest: int = FEWEST) -> None:
        self._steps, self._fewest = steps, fewest

    def rungs(self, num_epochs: int, num_folds: int) -> tuple[Rung, ...]:
        """See `Pruner.rungs`."""
        if num_epochs < _FEWEST_EPOCHS:
            return ()
        return tuple(
            Rung(round(step.at * num_epochs), min(step.num_folds, num_folds)) for step in self._steps
        )

    def num_going_on(self, number: int, num_trials: int) -> int:
        """See `Pruner.num_going_on`."""
        return min(num_trials, max(self._fewest, math.ceil(self._steps[number].share * num_trials)))

    def judge(self, number: int, reports: Reports, pool: Reports) -> dict[int, str]:
        """Trials go on that are among the best of the pool on their scale of losses; the earlier of two equal ones."""
        ended: dict[int, str] = {}
        by_scale: dict[str, list[tuple[float, int]]] = defaultdict(list)
        for trial, report in pool.items():
            by_scale[report.scale].append((report.value, trial))
        at = self._steps[number].at
        for ranked in map(sorted, by_scale.values()):
            num_best = self.num_going_on(number, len(ranked))
            needed = ranked[num_best - 1][0]
            for value, trial in ranked[num_best:]:
                if trial in reports:
                    ended[trial] = (
                        f"after {at:.0%} of its epochs its loss on the stopping rows was {value:.4g}, and the "
                        f"{num_best} best of {len(ranked)} trials had {needed:.4g} or less"
                    )
        return ended
