"""Which structures share a program: those that cost less together than to compile and run a program for each."""

import heapq
from collections import defaultdict
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass

from automl.training.population.costs import Costs, Epochs
from automl.training.population.jobs import Job
from automl.training.population.structure import Structure

Groups = dict[Structure, list[Job]]
"""Jobs by the structure of the program that trains them."""


def grouped(alone: Mapping[Structure, list[Job]], programs: Collection[Structure], costs: Costs) -> Groups:
    """Groups under their own structure, or under a known one that fits them and costs less than to compile their own.

    Args:
        alone: Jobs by their own structure.
        programs: Structures of compiled programs, in the order in which they were compiled.
        costs: What programs cost.
    """
    by_kind: dict[Hashable, list[Structure]] = defaultdict(list)
    for structure in programs:
        by_kind[structure.kind].append(structure)
    groups: Groups = defaultdict(list)
    for structure, jobs in alone.items():
        fitting = [structure, *(other for other in by_kind[structure.kind] if _fits(structure, other))]
        epochs = Epochs.of(jobs)
        groups[min(fitting, key=lambda other: costs.seconds(other, epochs))] += jobs
    return groups


@dataclass(frozen=True, slots=True)
class _Group:
    """Jobs of one structure, their number in the order in which groups came to be, and what they cost alone."""

    number: int
    structure: Structure
    jobs: list[Job]
    epochs: Epochs
    seconds: float


def merged(groups: Mapping[Structure, list[Job]], costs: Costs) -> Groups:
    """Groups joined in pairs, the pair that saves most first, as long as a pair saves anything.

    What a pair saves depends on its two groups alone, so that a new group is compared with the others once.
    """
    alive: dict[int, _Group] = {}
    by_kind: dict[Hashable, list[_Group]] = defaultdict(list)
    pairs: list[tuple[float, int, int]] = []
    count = 0

    def add(structure: Structure, jobs: list[Job]) -> None:
        nonlocal count
        epochs = Epochs.of(jobs)
        group = _Group(count, structure, jobs, epochs, costs.seconds(structure, epochs))
        same_kind = [other for other in by_kind[structure.kind] if other.number in alive]
        for other in same_kind:
            saved = _saved(other, group, costs)
            if saved > 0.0:
                heapq.heappush(pairs, (-saved, other.number, count))
        by_kind[structure.kind] = [*same_kind, group]
        alive[count] = group
        count += 1

    for structure, jobs in groups.items():
        add(structure, jobs)
    while pairs:
        _, first, second = heapq.heappop(pairs)  # of equal savings, that of the oldest groups
        if first in alive and second in alive:
            first_group, second_group = alive.pop(first), alive.pop(second)
            joint = first_group.structure.joined(second_group.structure)
            third = next((group for group in alive.values() if group.structure == joint), None)
            jobs = first_group.jobs + second_group.jobs + (alive.pop(third.number).jobs if third else [])
            add(joint, sorted(jobs, key=lambda job: job.member.trial))
    return {group.structure: group.jobs for group in alive.values()}


def _saved(group: _Group, other: _Group, costs: Costs) -> float:
    """What it saves to train two groups in one program."""
    together = costs.seconds(group.structure.joined(other.structure), group.epochs + other.epochs)
    return group.seconds + other.seconds - together


def _fits(structure: Structure, other: Structure) -> bool:
    """Whether a program of another structure of the same kind can train the members."""
    return structure.joined(other) == other
