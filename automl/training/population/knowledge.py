"""What the plan of a cohort depends on besides its members: the views that there are, the programs that are compiled.

A cohort is planned with how all cohorts before it begin, and with the whole of those that are settled. How far the
others have come does not matter, so its plan is the same in any process, on any number of threads.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import final

from automl.networks.recipe import Recipe
from automl.training.backend import on_accelerator
from automl.training.plan import TrainingPlan
from automl.training.population.catalog import Views
from automl.training.population.grouping import Groups
from automl.training.population.jobs import Job
from automl.training.population.planner import (
    Known,
    Lane,
    Setting,
    cut_lanes,
    plan_lanes,
    spread,
    structure_of,
)
from automl.trial import Member

ACCELERATOR_PLACES = 1024
"""Networks that one program trains at once on an accelerator."""


@final
class Recipes:
    """The recipes of an engine's members: one for all members with equal hyperparameters.

    Args:
        plan: What all members of the study share.
    """

    def __init__(self, plan: TrainingPlan) -> None:
        self._plan = plan
        self._known: dict[object, Recipe | None] = {}

    def find(self, member: Member) -> Recipe | None:
        """The recipe of a member; None where only Keras can train its network, or its builder raises."""
        key = tuple(sorted(member.hyperparameters.items()))
        if key not in self._known:
            self._known[key] = None
            with suppress(Exception, SystemExit):
                self._known[key] = self._plan.builder.recipe(member.hyperparameters)
        return self._known[key]

    def of(self, member: Member) -> Recipe:
        """The recipe of a member that has one."""
        recipe = self.find(member)
        assert recipe is not None
        return recipe


@final
class Knowledge:
    """Plans members.

    Args:
        plan: What all members of the study share.
        recipes: Their networks.
        views: The views that there are.
        known: The programs that are compiled; what is planned is added.
    """

    def __init__(self, plan: TrainingPlan, recipes: Recipes, views: Views, known: Known) -> None:
        self._plan, self._recipes, self.views, self.known = plan, recipes, views, known
        self._setting: Setting | None = None

    def lanes(self, jobs: Sequence[Job]) -> list[Lane]:
        """Jobs in lanes; see `plan_lanes`."""
        return plan_lanes(jobs, self.setting, self.known)

    def few_lanes(self, jobs: Sequence[Job]) -> list[Lane]:
        """Few jobs in lanes; see `spread`."""
        return spread(self.lanes(jobs), self.setting, self.known)

    def cut(self, groups: Groups) -> list[Lane]:
        """Groups of jobs in lanes; see `cut_lanes`."""
        return cut_lanes(groups, self.setting, self.known)

    def job(self, member: Member) -> Job:
        """Without rows to stop on, or with snapshots, a member trains all its epochs and keeps its last weights."""
        place, epochs = self.views.place(member)[1], self._plan.epochs_of(member)
        recipe = self._recipes.of(member)
        if member.snapshots:
            return Job(member, recipe, place, member.snapshots[-1], 0, epochs)
        stops = len(self.views.rows(member).fold.stopping) > 0
        return Job(member, recipe, place, epochs, self._plan.patience_of(member) if stops else 0)

    def capacity(self, member: Member) -> int:
        """Number of trainable weights of its network."""
        return structure_of(self.job(member), self.setting, exact=True).capacity

    @property
    def setting(self) -> Setting:
        """What all members share."""
        if self._setting is None:
            self._setting = setting_of(self._plan, self.views.num_rows, self.views.num_measured)
        return self._setting


def setting_of(plan: TrainingPlan, num_rows: int, num_measured: int) -> Setting:
    """What all members of a study share, as far as programs depend on it.

    Args:
        plan: What they share besides.
        num_rows: Rows of a view.
        num_measured: Rows of it that are evaluated after each epoch.
    """
    return Setting(
        loss=plan.loss,
        num_rows=num_rows,
        num_measured=num_measured,
        batch_size=plan.batch_size,
        most_places=ACCELERATOR_PLACES if on_accelerator() else None,
    )


def copied(known: Known) -> Known:
    """Programs to add to, without changing what others know."""
    return {structure: set(places) for structure, places in known.items()}
