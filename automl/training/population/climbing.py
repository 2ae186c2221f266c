"""The way of trials over rungs: which of their members train until which epoch, which wait there, how they compare."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import final

from automl.progress import Progress
from automl.training.engine import Watch
from automl.training.plan import TrainingPlan
from automl.training.population.costs import EPOCH_SHARE
from automl.training.population.grouping import Groups
from automl.training.population.jobs import Broken, Job, Outcome
from automl.training.population.planner import Lane
from automl.training.population.structure import Structure
from automl.training.rungs import epochs_at, mean_smallest, scale_of
from automl.trial import Member, Report, Rung

MOST_BYTES_WAITING = 1 << 30
"""Of the networks that wait at a rung. Where those of a cohort need more, the ones that go on begin again."""


_PASSING = 0.5
"""Share of the trials that pass a rung, by experience."""

STAGE_SHARE = 0.12
"""Of the time that is left, for the way to the next rung, where time is limited."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The way from one rung to the next, or to the end of the training.

    Attributes:
        number: Of the rung at its end, from 0.
        earlier: The rung at which it begins; None at the first epoch.
        rung: The rung at its end; None for the end of the training.
    """

    number: int
    earlier: Rung | None
    rung: Rung | None

    def job(self, job: Job, plan: TrainingPlan) -> Job | None:
        """What a member does in this stage; None for one that has nothing to do in it."""
        member = job.member
        if self.rung is not None and member.fold >= self.rung.num_folds:
            return None
        has_begun = self.earlier is not None and member.fold < self.earlier.num_folds
        begun = epochs_at(self.earlier, plan, member) if self.earlier and has_begun else 0
        until = epochs_at(self.rung, plan, member) if self.rung else 0
        if begun and until == begun:  # of a trial with few epochs two rungs can be one
            return None
        return replace(job, until=until, begun=begun)

    def part(self, rungs: Sequence[Rung], num_epochs: int, num_folds: int) -> tuple[float, float, float]:
        """How much work of a cohort lies before this stage, in it, and in all stages, in epochs of a trial."""
        trained = [0, *(rung.epochs * rung.num_folds for rung in rungs)]
        whole = max(trained[-1], EPOCH_SHARE * num_epochs * num_folds)
        ends = [*trained, whole]
        shares = [_PASSING**number for number in range(len(ends) - 1)]
        works = [share * (end - begin) for share, begin, end in zip(shares, ends[:-1], ends[1:], strict=True)]
        return sum(works[: self.number]), works[self.number], sum(works)


def stages_of(rungs: Sequence[Rung]) -> list[Stage]:
    """The stages between rungs; a single one where there are none."""
    return [
        Stage(number, earlier, rung)
        for number, (earlier, rung) in enumerate(zip([None, *rungs], [*rungs, None], strict=True))
    ]


def stage_watch(stage: Stage, watch: Watch, plan: TrainingPlan, num_folds: int) -> Watch:
    """The callbacks for a stage: its progress as a part of the cohort's, and its time.

    Until a rung, most of the time that there is when its first lane begins is left to those that go on behind it: where
    so little suffices for a few trials only, these are trained to their end, as without rungs.
    """
    before, part, total = stage.part(watch.rungs, plan.epochs, num_folds)

    def on_progress(progress: Progress) -> None:
        watch.on_progress(replace(progress, before=before / total, part=part / total))

    reserve: list[float] = [0.0] if stage.rung is None else []

    def seconds_left() -> float:
        left = watch.seconds_left()
        if not reserve:  # lanes of older cohorts may have come first
            reserve.append((1.0 - STAGE_SHARE) * left)
        return left if math.isinf(left) else left - reserve[0]

    return replace(watch, on_progress=on_progress, seconds_left=seconds_left)


@final
@dataclass(slots=True)
class Climb:
    """A trial on its way.

    Attributes:
        members: One per fold.
        structure: Of the program that trains them, once it is planned.
        outcomes: What has become of its members, by fold: they have ended, or wait at a rung.
        reports: What it was compared by so far.
    """

    members: Sequence[Member]
    structure: Structure | None = None
    outcomes: dict[int, Outcome | Broken] = field(default_factory=dict)
    reports: list[float] = field(default_factory=list)

    @property
    def trial(self) -> int:
        """Its number."""
        return self.members[0].trial

    @property
    def has_failed(self) -> bool:
        """Whether a member of it has diverged or raised."""
        return any(isinstance(outcome, Broken) or outcome.diverged for outcome in self.outcomes.values())

    @property
    def has_ended(self) -> bool:
        """Whether no member has anything left to do."""
        return len(self.outcomes) == len(self.members) and not any(map(_waits, self.outcomes.values()))

    @property
    def lowest(self) -> float:
        """Mean over the members that have begun, of a trial that has not failed, of the smallest stopping loss."""
        begun = (outcome for outcome in self.outcomes.values() if isinstance(outcome, Outcome))
        return mean_smallest(outcome.losses[:, 1].tolist() for outcome in begun)

    def take(self, outcome: Outcome | Broken, keeps: bool) -> None:
        """A member has ended or waits; without its past and its weights where these are too many to be kept."""
        if isinstance(outcome, Outcome) and outcome.waits and not keeps:
            outcome.past, outcome.weights = None, []
        self.outcomes[outcome.job.member.fold] = outcome

    def with_past(self, job: Job) -> Job | None:
        """A job with the past of its member; None for a member that has ended."""
        outcome = self.outcomes.get(job.member.fold)
        if isinstance(outcome, Outcome) and outcome.waits:
            return replace(job, past=outcome.past)
        return job if outcome is None else None

    def report(self, rung: Rung, plan: TrainingPlan) -> Report | None:
        """What it is compared by at a rung; None for a trial that has not come so far."""
        epochs, losses = epochs_at(rung, plan, self.members[0]), []
        for member in self.members[: rung.num_folds]:
            outcome = self.outcomes.get(member.fold)
            if not isinstance(outcome, Outcome) or (outcome.cut and len(outcome.losses) < epochs):
                return None
            losses.append(outcome.losses[:, 1].tolist())
        return Report(mean_smallest(losses, epochs), scale_of(self.members[0]))


def _waits(outcome: Outcome | Broken) -> bool:
    return isinstance(outcome, Outcome) and outcome.waits


def by_structure(jobs: Iterable[Job], climbs: Mapping[int, Climb]) -> Groups:
    """Jobs of trials that are on their way, by the structure of the program that has trained them so far."""
    groups: Groups = defaultdict(list)
    for job in jobs:
        structure = climbs[job.member.trial].structure
        assert structure is not None
        groups[structure].append(job)
    return groups


def going_on(lanes: Iterable[Lane], climbs: Mapping[int, Climb]) -> list[Lane]:
    """Lanes whose members go on from where they wait; without those that have ended."""
    planned = (
        (lane, tuple(filter(None, (climbs[job.member.trial].with_past(job) for job in lane.jobs))))
        for lane in lanes
    )
    return [replace(lane, jobs=jobs) for lane, jobs in planned if jobs]


def unrecorded(lanes: Iterable[Lane], recorded: frozenset[int]) -> list[Lane]:
    """Lanes with a member of a trial that is not recorded."""
    return [lane for lane in lanes if any(job.member.trial not in recorded for job in lane.jobs)]


def bytes_waiting(structure: Structure, num_slots: int, num_measured: int) -> int:
    """Memory of a network that waits: weights as they are and as they were best, the optimizer's, predictions."""
    return 4 * ((num_slots + 3) * structure.capacity + 2 * num_measured * structure.num_outputs)
