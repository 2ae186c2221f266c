"""Which members train together: groups of one structure, cut into lanes.

All decisions follow from the members and from the estimates in `costs.py`, never from a clock or from the number of
cores, so that the same cohort is always trained by the same programs.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from automl.training.population.costs import Costs, Epochs
from automl.training.population.grouping import Groups, grouped, merged
from automl.training.population.jobs import Job
from automl.training.population.places import Population
from automl.training.population.structure import Structure
from automl.training.population.updates import FAMILIES

_WIDTHS = (4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)
"""Widths that programs have; a layer in between is filled up. Beyond, multiples of 512."""

_CACHE_BYTES = 3 << 20
_LEAST_PLACES, _MOST_PLACES = 8, 32
"""On a CPU, the state of the places should stay in the cache of a core; but fewer than 8 cost more (measured)."""

_STATE_BYTES = 16
"""Weight, gradient and two moments, in bytes a weight."""

_LAST_EPOCHS = 20
"""Epochs that the last members of a lane may be expected to take."""

_LANES = range(4, 9)
"""On a CPU, a cohort of one structure is cut into so many lanes: all cores find work until the end."""

Known = dict[Structure, set[int]]
"""Compiled programs: structures, and the numbers of places that each was compiled for."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What all members of a study share, as far as programs depend on it.

    Attributes:
        loss: Name in `losses.LOSSES`.
        num_rows: Rows of a view.
        num_measured: Rows of it that are evaluated after each epoch.
        batch_size: Where the hyperparameters name none.
        most_places: Members of a program at most, on an accelerator; None on a CPU, for what fits the cache of a core.
    """

    loss: str
    num_rows: int
    num_measured: int
    batch_size: int
    most_places: int | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """Jobs for the places of one program: whoever ends makes room for the next. Lanes are independent.

    Attributes:
        structure: What the members have in common.
        num_places: Members that train at once.
        jobs: In the order in which they begin.
        seconds: The estimate of what it costs one core, without compilation.
    """

    structure: Structure
    num_places: int
    jobs: tuple[Job, ...]
    seconds: float


def plan_lanes(jobs: Sequence[Job], setting: Setting, known: Known) -> list[Lane]:
    """All jobs in lanes, the most expensive first.

    Args:
        jobs: What is to be trained.
        setting: What all members share.
        known: Programs that earlier cohorts have compiled. Those of these lanes are added.
    """
    costs = Costs(setting.num_rows, setting.num_measured, known)
    return cut_lanes(merged(grouped(_alone(jobs, setting), known, costs), costs), setting, known)


def cut_lanes(groups: Groups, setting: Setting, known: Known) -> list[Lane]:
    """Groups of jobs in lanes, the most expensive first; see `plan_lanes`."""
    costs = Costs(setting.num_rows, setting.num_measured, known)
    seconds = {name: costs.run_seconds(name, Epochs.of(group)) for name, group in groups.items()}
    longest = sum(seconds.values()) / _LANES[0]
    lanes: list[Lane] = []
    for structure, group in groups.items():
        most = setting.most_places or places_in_cache(structure)
        by_trial: dict[int, list[Job]] = defaultdict(list)
        for job in group:
            by_trial[job.member.trial].append(job)
        share = max(longest, 2 * _new(setting).compile_seconds(structure))
        num_parts = 1 if setting.most_places else round(seconds[structure] / share)
        for own in _parted(list(by_trial.values()), most, num_parts):
            places = _places(structure, own, setting, known.setdefault(structure, set()))
            lanes.append(Lane(structure, places, tuple(own), seconds[structure] * len(own) / len(group)))
    return sorted(lanes, key=lambda lane: -lane.seconds)


def spread(lanes: Sequence[Lane], setting: Setting, known: Known) -> list[Lane]:
    """Lanes of few jobs each that keep all cores busy to the end, where their training pays for a program more.

    The networks of one trial stay in one lane of a cohort, in which there are many trials. Where there are few networks
    in all, each core trains some of them. On an accelerator, lanes stay as they are.

    Args:
        lanes: As they are planned.
        setting: What all members share.
        known: Programs that are compiled. Those of these lanes are added.
    """
    if setting.most_places:
        return list(lanes)
    return [part for lane in lanes for part in _shorter(lane, setting, known)]


def _shorter(lane: Lane, setting: Setting, known: Known) -> list[Lane]:
    size = -(-len(lane.jobs) // _LANES[0])
    if size >= lane.num_places or lane.seconds <= 2 * _new(setting).compile_seconds(lane.structure):
        return [lane]
    known.setdefault(lane.structure, set()).add(size)
    parts = [lane.jobs[begin : begin + size] for begin in range(0, len(lane.jobs), size)]
    return [Lane(lane.structure, size, part, lane.seconds * len(part) / len(lane.jobs)) for part in parts]


def _alone(jobs: Sequence[Job], setting: Setting) -> dict[Structure, list[Job]]:
    """Jobs by their own structure, which the folds of a trial have in common."""
    structures: dict[int, Structure] = {}
    alone: dict[Structure, list[Job]] = defaultdict(list)
    for job in jobs:
        if id(job.recipe) not in structures:
            structures[id(job.recipe)] = structure_of(job, setting)
        alone[structures[id(job.recipe)]].append(job)
    return alone


def _new(setting: Setting) -> Costs:
    """Costs where every program is still to be compiled."""
    return Costs(setting.num_rows, setting.num_measured)


def structure_of(job: Job, setting: Setting, exact: bool = False) -> Structure:
    """The structure of one member alone, its widths filled up unless they are to be exact."""
    recipe, values = job.recipe, job.recipe.values
    return Structure(
        network=recipe.network.signature(int if exact else program_width),
        loss=recipe.loss or setting.loss,
        optimizer=FAMILIES[str(values["optimizer"])],
        batch_size=int(values.get("batch_size", setting.batch_size)),
        schedules=(str(values.get("schedule", "constant")),),
        clipped=float(values.get("clip_norm", 0.0)) > 0,
    )


def places_in_cache(structure: Structure) -> int:
    """Members of a program whose state fits the cache of a core: a power of two."""
    fitting = max(_LEAST_PLACES, _CACHE_BYTES // (_STATE_BYTES * structure.capacity))
    return int(min(_MOST_PLACES, 1 << (fitting.bit_length() - 1)))


def smaller_places(structure: Structure, population: Population, setting: Setting) -> int:
    """Places to go on with when no job waits and members have left: fewer where that pays for a new program.

    On an accelerator it never does: a step of 512 networks takes as long as four steps of one, and to compile for
    other places as long as 10,000 of them (benchmarks/README.md).
    """
    if setting.most_places:
        return population.num_places
    fewer = max(2, _power_of_2(len(population.jobs)))
    if fewer > population.num_places // 2:
        return population.num_places
    epochs = min(population.most_epochs_left, _LAST_EPOCHS)
    costs = _new(setting)
    saved = (population.num_places - fewer) * costs.epoch_seconds(structure) * epochs
    return fewer if saved > costs.compile_seconds(structure) else population.num_places


def _parted(trials: list[list[Job]], most: int, num_parts: int) -> list[list[Job]]:
    """Trials dealt out to lanes; where there is a choice, to so many that the fewest places stay empty."""
    num_jobs = sum(map(len, trials))
    most_parts = max(1, min(len(trials), -(-num_jobs // most)))
    choices = [count for count in _LANES if count <= most_parts] if num_parts >= _LANES[0] else []

    def dealt(count: int) -> list[list[Job]]:
        return [[job for trial in trials[part::count] for job in trial] for part in range(count)]

    def places_taken(count: int) -> int:
        return sum(-(-len(part) // most) * _even(len(part), most) for part in dealt(count))

    return dealt(min(choices, key=places_taken) if choices else max(1, min(num_parts, most_parts)))


def _even(num_jobs: int, most: int) -> int:
    """Places that jobs fill evenly, turn after turn."""
    turns = -(-num_jobs // most)
    return -(-num_jobs // turns)


def _places(structure: Structure, jobs: Sequence[Job], setting: Setting, compiled: set[int]) -> int:
    """Places for a lane: a number that the jobs fill evenly, or one that is compiled, where that costs less.

    On an accelerator, empty places cost next to nothing: a power of 2, or whatever is compiled and suffices.
    """
    wanted = _even(len(jobs), setting.most_places or places_in_cache(structure))
    if setting.most_places:
        sufficing = [count for count in compiled if count >= wanted]
        chosen = min(sufficing, default=min(_power_of_2(wanted), setting.most_places))
        compiled.add(chosen)
        return chosen
    costs = _new(setting)
    a_member = costs.run_seconds(structure, Epochs.of(jobs)) / len(jobs)

    def seconds(count: int) -> float:
        turns = -(-len(jobs) // count)
        return turns * count * a_member + (0.0 if count in compiled else costs.compile_seconds(structure))

    chosen = min([*sorted(compiled), wanted], key=seconds)
    compiled.add(chosen)
    return chosen


def program_width(width: int) -> int:
    """The width that programs have for layers of a given width."""
    return next((known for known in _WIDTHS if known >= width), -(-width // 512) * 512)


def _power_of_2(count: int) -> int:
    return 1 << max(0, count - 1).bit_length()
