"""Every trial is trained to its end."""

from typing import final

from automl.search.pruners.pruner import Pruner, Reports
from automl.trial import Rung


@final
class NoPruner(Pruner):
    """Compares nothing."""

    def rungs(self, num_epochs: int, num_folds: int) -> tuple[Rung, ...]:
        """None."""
        del num_epochs, num_folds
        return ()

    def num_going_on(self, number: int, num_trials: int) -> int:
        """All."""
        del number
        return num_trials

    def judge(self, number: int, reports: Reports, pool: Reports) -> dict[int, str]:
        """None ends."""
        del number, reports, pool
        return {}
