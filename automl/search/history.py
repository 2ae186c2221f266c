"""What a search has asked for and been told: all that a proposal may depend on."""

from collections.abc import Sequence
from typing import TypeAlias, final

from automl.search.sampler import Result, Results
from automl.trial import Hyperparameters, Scalar

Key: TypeAlias = tuple[tuple[str, Scalar], ...]


@final
class History:
    """The trials of a search, by number."""

    def __init__(self) -> None:
        self._proposals: list[Hyperparameters] = []
        self._results: dict[int, Result] = {}
        self._numbers: dict[Key, int] = {}

    def __len__(self) -> int:
        return len(self._proposals)

    @property
    def proposals(self) -> Sequence[Hyperparameters]:
        """The configurations, in the order of asking."""
        return self._proposals

    @property
    def results(self) -> dict[int, Result]:
        """The results that are known, by number of trial."""
        return self._results

    def add(self, hyperparameters: Hyperparameters) -> None:
        """The next trial has been asked for."""
        self._numbers.setdefault(key(hyperparameters), len(self._proposals))
        self._proposals.append(hyperparameters)

    def tell(self, results: Results) -> None:
        """Scores have become known.

        Raises:
            ValueError: No trial of such a number was asked for.
        """
        for number, _ in results:
            if not 0 <= number < len(self):
                raise ValueError(f"trial {number} was never asked for; {len(self)} were.")
        self._results.update(results)

    def number_of(self, hyperparameters: Hyperparameters) -> int | None:
        """The trial that had this configuration; None when it has not been tried."""
        return self._numbers.get(key(hyperparameters))


def key(hyperparameters: Hyperparameters) -> Key:
    """What two equal configurations have in common."""
    return tuple(sorted(hyperparameters.items()))
