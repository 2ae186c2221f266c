"""Cohorts that are offered in the record, and trained by workers that claim them there."""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import final

from automl.errors import RecordError
from automl.execution.board import Board, Standing
from automl.execution.executor import Order
from automl.records.cohort_offers import CohortOffers, Part
from automl.records.cohort_results import unpacked
from automl.records.cohort_states import CohortRow
from automl.records.file_store import FileStore
from automl.trial import Trial

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sharing:
    """How cohorts are shared with other processes.

    Attributes:
        files: Where workers put their results.
        num_helpers: How many other workers could train cohorts of this study, those included that do.
    """

    files: FileStore
    num_helpers: Callable[[], int]


@final
class RecordBoard(Board):
    """Cohorts of a run in the record.

    Args:
        offers: They.
        sharing: With whom.
    """

    def __init__(self, offers: CohortOffers, sharing: Sharing) -> None:
        self._offers, self._sharing = offers, sharing
        self._offered: set[int] = set()
        self._num_parts: Counter[int] = Counter()
        self._files: dict[int, list[str]] = defaultdict(list)
        self._num_helpers = 0

    def offer(self, order: Order, ends: float | None) -> None:
        """See `Board.offer`."""
        self._offered.add(order.number)
        self._offers.offer(order.number, ends)

    def take(self, number: int, anyway: bool = False) -> bool:
        """See `Board.take`."""
        return self._offers.take(number, anyway)

    def end_at(self, numbers: Collection[int], ends: float) -> None:
        """See `Board.end_at`."""
        self._offers.end_at(numbers, ends)

    def look(self) -> Mapping[int, Standing]:
        """See `Board.look`."""
        rows = {number: row for number, row in self._offers.look().items() if number in self._offered}
        num_helpers = self._sharing.num_helpers()
        parts = {
            number: self._offers.parts(row.identifier, self._num_parts[number])
            for number, row in rows.items()
            if row.num_parts > self._num_parts[number]
        }
        self._num_helpers = num_helpers  # from here on nothing can be away
        return {number: self._standing(row, parts.get(number, [])) for number, row in rows.items()}

    def num_helpers(self) -> int:
        """See `Board.num_helpers`."""
        return self._num_helpers

    def now(self) -> float:
        """See `Board.now`."""
        return self._offers.now()

    def withdraw(self) -> None:
        """See `Board.withdraw`."""
        self._offers.withdraw()

    def settle(self, number: int) -> None:
        """See `Board.settle`."""
        self._offered.discard(number)
        for name in self._files.pop(number, []):
            try:
                self._sharing.files.remove(name)
            except RecordError as error:  # `automl prune` deletes it
                LOGGER.warning("%s", error)

    def _standing(self, row: CohortRow, parts: Collection[Part]) -> Standing:
        read = [self._trials_in(part, row.number) for part in parts]
        self._num_parts[row.number] += len(parts)
        return Standing(
            row.state,
            row.held,
            row.progress,
            tuple(trial for trials in read for trial in trials or ()),
            is_broken=any(trials is None for trials in read),
        )

    def _trials_in(self, part: Part, number: int) -> list[Trial] | None:
        """The trials of a part; None where its file cannot be read."""
        try:
            trials = unpacked(self._sharing.files.path(part.file))
        except RecordError as error:
            LOGGER.warning("%s The trials of cohort %d are trained again.", error, number)
            return None
        self._files[number].append(part.file)
        return trials
