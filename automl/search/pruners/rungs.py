"""A few epochs for every trial, then the best of all so far go on to their end.

Egele, Mohr, Viering and Balaprakash (2024, "The unreasonable effectiveness of early discarding after one epoch in
neural network hyperparameter optimization") find that no rule on learning curves is better than a constant number of
epochs. The numbers here are those of `benchmarks/pruning_replay.py`.
"""

import math
from collections import defaultdict
from typing import final

from automl.search.pruners.pruner import Pruner, Reports
from automl.trial import Rung

EPOCHS = 4
"""Epochs to the rung."""

SHARE = 0.2
"""Share of all trials so far that go on."""

FEWEST = 5
"""As many go on at least: of a few trials a fifth is too few."""

_LEAST_GAIN = 3
"""With fewer epochs than so many times those to the rung, a comparison saves nothing."""


@final
class Rungs(Pruner):
    """One rung: `EPOCHS` epochs on all folds of the first division."""

    def rungs(self, num_epochs: int, num_folds: int) -> tuple[Rung, ...]:
        """See `Pruner.rungs`."""
        return (Rung(EPOCHS, num_folds),) if num_epochs >= _LEAST_GAIN * EPOCHS else ()

    def judge(self, rung: Rung, reports: Reports, pool: Reports) -> dict[int, str]:
        """Trials go on that are among the best of the pool on their scale of losses; the earlier of two equal ones."""
        ended: dict[int, str] = {}
        by_scale: dict[str, list[tuple[float, int]]] = defaultdict(list)
        for number, report in pool.items():
            by_scale[report.scale].append((report.value, number))
        for own in by_scale.values():
            own.sort()
            num_best = max(FEWEST, math.ceil(SHARE * len(own)))
            needed = own[min(num_best, len(own)) - 1][0]
            for value, number in own[num_best:]:
                if number in reports:
                    ended[number] = (
                        f"after {rung.epochs} epochs its loss on the stopping rows was {value:.4g}, and the "
                        f"{num_best} best of {len(own)} trials had {needed:.4g} or less"
                    )
        return ended
