"""The views of an engine's members: numbered as cohorts ask for them, encoded when a lane trains on them.

A plan and the shapes of a program's arrays depend on which views an engine has been asked for, and not on their values.
An engine that goes on after an interruption therefore numbers the views of all earlier cohorts, and encodes only those
that it still trains on. A cohort keeps to the views that there were when it was planned, whatever later ones ask for.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import final

from automl.data.folds import Fold
from automl.training.plan import TrainingPlan
from automl.training.views import Tables, View, ViewRows, measured_room
from automl.trial import Member

Key = tuple[object, ...]


@final
class Shelf:
    """The views with one number of inputs that there were at some time, and their tables.

    Args:
        outlines: Their rows, in the order of their numbers.
        earlier: The shelf of the first ones of them, whose encoded views are copied.
    """

    def __init__(self, outlines: tuple[ViewRows, ...], earlier: "Shelf | None" = None) -> None:
        self.outlines = outlines
        self._earlier = earlier
        self._tables: Tables | None = None

    @property
    def tables(self) -> Tables:
        """As they were made last; `encode` comes first."""
        assert self._tables is not None
        return self._tables

    def encode(self, plan: TrainingPlan, folds: tuple[Fold, ...], members: Mapping[int, Member]) -> Tables:
        """Tables that hold these members' views, by number, and room for all others."""
        earlier = self._encoded
        views: list[ViewRows] = list(self.outlines)
        if earlier is not None:
            views[: len(earlier.views)] = earlier.views
        new = [number for number in members if not isinstance(views[number], View)]
        if self._tables is None or new:
            for number in new:
                member = members[number]
                views[number] = plan.view(member, folds[member.fold], self.outlines[number])
            self._tables, self._earlier = Tables(views, earlier), None
        return self._tables

    @property
    def _encoded(self) -> Tables | None:
        """The tables that there are: its own, or those of the first of its views."""
        if self._tables is not None or self._earlier is None:
            return self._tables
        return self._earlier._encoded


@final
class Views:
    """The views that there were at some time. Not shared between threads.

    Args:
        plan: What all members of the study share.
        folds: The study's folds.
        places: How many inputs a view has, and its number among the views with as many; later ones may be added.
        shelves: By the number of inputs.
    """

    def __init__(
        self,
        plan: TrainingPlan,
        folds: tuple[Fold, ...],
        positions: Mapping[Key, tuple[int, int]],
        shelves: Mapping[int, Shelf],
    ) -> None:
        self._plan, self._folds = plan, folds
        self._places, self.shelves = positions, shelves

    def place(self, member: Member) -> tuple[int, int]:
        """How many inputs a member's view has, and its number among the views with as many."""
        return self._places[key_of(member)]

    def rows(self, member: Member) -> ViewRows:
        """The rows of a member's view."""
        width, number = self.place(member)
        return self.shelves[width].outlines[number]

    def view(self, member: Member) -> View:
        """A member's view, once `tables` has been asked for it; its arrays are in the tables."""
        width, number = self.place(member)
        view = self.shelves[width].tables.views[number]
        assert isinstance(view, View)
        return view

    @property
    def num_rows(self) -> int:
        """Rows of the largest view."""
        return max(len(view.rows) for shelf in self.shelves.values() for view in shelf.outlines)

    @property
    def num_measured(self) -> int:
        """Rows that the tables have room for in the losses."""
        return max(measured_room(shelf.outlines) for shelf in self.shelves.values())

    def table(self, width: int) -> Tables:
        """The tables of all views with so many inputs, as they were made last."""
        return self.shelves[width].tables

    def tables(self, members: Iterable[Member]) -> dict[int, Tables]:
        """Tables by the number of inputs, in which the views of these members are encoded."""
        wanted: dict[int, dict[int, Member]] = defaultdict(dict)
        for member in members:
            width, number = self.place(member)
            wanted[width][number] = member
        return {
            width: self.shelves[width].encode(self._plan, self._folds, views)
            for width, views in wanted.items()
        }


@final
class ViewCatalog:
    """Views by what they depend on. Not shared between threads.

    Args:
        plan: What all members of the study share.
        folds: The study's folds.
    """

    def __init__(self, plan: TrainingPlan, folds: tuple[Fold, ...]) -> None:
        self._plan, self._folds = plan, folds
        self._places: dict[Key, tuple[int, int]] = {}
        self._rows: dict[Key, ViewRows] = {}
        self._outlines: dict[int, list[ViewRows]] = defaultdict(list)
        self._latest = Views(plan, folds, self._places, {})

    def add(self, members: Iterable[Member]) -> Views:
        """Number the views of members where they are new. Gives all views that there are now."""
        grown = set()
        for member in members:
            key = key_of(member)
            if key not in self._places:
                width = self._plan.num_inputs(member)
                self._places[key] = width, len(self._outlines[width])
                self._outlines[width].append(self._rows_of(member))
                grown.add(width)
        if grown:
            shelves = dict(self._latest.shelves)
            for width in sorted(grown):
                shelves[width] = Shelf(tuple(self._outlines[width]), shelves.get(width))
            self._latest = Views(self._plan, self._folds, self._places, shelves)
        return self._latest

    def _rows_of(self, member: Member) -> ViewRows:
        """One and the same for all encodings and transforms."""
        key = member.fold, member.resample, member.share
        if key not in self._rows:
            self._rows[key] = self._plan.rows(member, self._folds[member.fold])
        return self._rows[key]


def key_of(member: Member) -> Key:
    """What the view of a member depends on."""
    treatment = [member.hyperparameters.get(name) for name in ("numeric_encoding", "target_transform")]
    return member.fold, member.resample, member.share, *treatment
