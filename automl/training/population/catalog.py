"""The views of an engine's members: numbered as cohorts ask for them, encoded when a lane trains on them.

A plan and the shapes of a program's arrays depend on which views an engine has been asked for, and not on their values.
An engine that goes on after an interruption therefore numbers the views of all earlier cohorts, and encodes only those
that it still trains on.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import final

from automl.data.folds import Fold
from automl.training.plan import TrainingPlan
from automl.training.views import Tables, View, ViewRows, measured_room
from automl.trial import Member


@final
class ViewCatalog:
    """Views by what they depend on. Not shared between threads.

    Args:
        plan: What all members of the study share.
        folds: The study's folds.
    """

    def __init__(self, plan: TrainingPlan, folds: tuple[Fold, ...]) -> None:
        self._plan, self._folds = plan, folds
        self._places: dict[tuple[object, ...], tuple[int, int]] = {}
        self._rows: dict[tuple[object, ...], ViewRows] = {}
        self._views: dict[int, list[ViewRows]] = defaultdict(list)
        self._tables: dict[int, Tables] = {}

    def add(self, members: Iterable[Member]) -> None:
        """Number the views of members where they are new."""
        for member in members:
            key = _key(member)
            if key not in self._places:
                width = self._plan.num_inputs(member)
                self._places[key] = width, len(self._views[width])
                self._views[width].append(self._rows_of(member))

    def place(self, member: Member) -> tuple[int, int]:
        """How many inputs a member's view has, and its number among the views with as many."""
        return self._places[_key(member)]

    def rows(self, member: Member) -> ViewRows:
        """The rows of a member's view."""
        width, number = self.place(member)
        return self._views[width][number]

    def view(self, member: Member) -> View:
        """A member's view, once `tables` has been asked for it; its arrays are in the tables."""
        width, number = self.place(member)
        view = self._tables[width].views[number]
        assert isinstance(view, View)
        return view

    @property
    def num_rows(self) -> int:
        """Rows of the largest view."""
        return max(len(view.rows) for views in self._views.values() for view in views)

    @property
    def num_measured(self) -> int:
        """Rows that the tables have room for in the losses."""
        return max(measured_room(views) for views in self._views.values())

    def table(self, width: int) -> Tables:
        """The tables of all views with so many inputs, as they were made last."""
        return self._tables[width]

    def tables(self, members: Iterable[Member]) -> dict[int, Tables]:
        """Tables by the number of inputs, in which the views of these members are encoded."""
        wanted: dict[int, dict[int, Member]] = defaultdict(dict)
        for member in members:
            width, number = self.place(member)
            wanted[width][number] = member
        for width, own in wanted.items():
            self._encode(width, own)
        return dict(self._tables)

    def _encode(self, width: int, members: dict[int, Member]) -> None:
        """Tables of one width that hold these members' views, by number, and room for all others."""
        views, earlier = list(self._views[width]), self._tables.get(width)
        new = [number for number in members if not isinstance(views[number], View)]
        if earlier is not None and len(earlier.views) == len(views) and not new:
            return
        for number in new:
            member = members[number]
            views[number] = self._plan.view(member, self._folds[member.fold], views[number])
        self._tables[width] = Tables(views, earlier)
        self._views[width] = list(self._tables[width].views)

    def _rows_of(self, member: Member) -> ViewRows:
        """One and the same for all encodings and transforms."""
        key = member.fold, member.resample, member.share
        if key not in self._rows:
            self._rows[key] = self._plan.rows(member, self._folds[member.fold])
        return self._rows[key]


def _key(member: Member) -> tuple[object, ...]:
    """What the view of a member depends on."""
    treatment = [member.hyperparameters.get(name) for name in ("numeric_encoding", "target_transform")]
    return member.fold, member.resample, member.share, *treatment
