"""Groups and their pairs: the same plans as a plain search over all pairs finds."""

import itertools
import math

from hypothesis import given, settings
from hypothesis import strategies as st
from populations import NETWORK_VALUES, recipe_of

from automl.networks.layers.activation import Activation
from automl.networks.layers.batch_normalization import BatchNormalization
from automl.training.population.costs import Costs
from automl.training.population.grouping import grouped, merged
from automl.training.population.jobs import Job
from automl.training.population.planner import Setting, structure_of
from automl.trial import Member

SETTING = Setting("mse", 1000, 600, 64)

VALUES = st.fixed_dictionaries(
    {
        **NETWORK_VALUES,
        "optimizer": st.sampled_from(["sgd", "adam", "adamw"]),
        "numeric_encoding": st.sampled_from(["standard", "piecewise"]),
    }
)
ALIKE = st.fixed_dictionaries(
    {
        "depth": st.just(2),
        "width": st.sampled_from([8, 16, 24, 32, 48, 64, 96, 128]),
        "activation": st.sampled_from(["relu", "tanh", "gelu"]),
        "dropout": st.sampled_from([0.0, 0.3]),
        "batch_normalization": st.just(False),
        "optimizer": st.just("adam"),
        "clip_norm": st.sampled_from([0.0, 1.0]),
    }
)
"""Of one kind, with many savings that are equal."""


def activations_of(structure):
    return next((layer.names for layer in structure.network.layers if isinstance(layer, Activation)), ())


def rigid(structure):
    """What members of one program must have in common."""
    normalized = any(isinstance(layer, BatchNormalization) for layer in structure.network.layers)
    depth = len(structure.network.widths)
    return structure.num_features, depth, normalized, structure.optimizer, structure.batch_size


def plain_seconds(structure, jobs, known):
    """One structure's cost from the formula, without a memory."""
    compiling = 0.0 if structure in known else 0.7 + 0.4 * len(structure.network.widths)
    epochs = plain_epochs(jobs)
    capacity = sum(rows * columns for rows, columns in structure.shapes)
    steps = math.ceil(SETTING.num_rows / structure.batch_size)
    flops = 6 * capacity * steps * structure.batch_size + 2 * capacity * SETTING.num_measured
    activations = 4 * sum(structure.network.widths) * len(activations_of(structure)) * SETTING.num_rows
    return compiling + epochs * (flops * 2e-11 + steps * capacity * 1.5e-9 + activations * 1e-9)


def plain_epochs(jobs):
    """Epochs likely: a quarter of those behind a rung, three fifths of those that may stop early."""
    total = 0.0
    for job in jobs:
        if job.until:
            total += job.until - job.begun + 0.6 * ((job.num_epochs - job.until) // 4)
        else:
            total += (job.num_epochs - job.begun) * (0.6 if job.patience else 1.0)
    return total


def plain_joint(first, second):
    """None where one program cannot serve both."""
    return first.joined(second) if rigid(first) == rigid(second) else None


def plain_groups(jobs, known):
    """Every pair is weighed again after every merge."""
    alone = {}
    for job in jobs:
        alone.setdefault(structure_of(job, SETTING), []).append(job)
    groups = {}
    for structure, own_jobs in alone.items():
        fitting = [
            structure,
            *(candidate for candidate in known if plain_joint(structure, candidate) == candidate),
        ]
        best = min(
            fitting, key=lambda candidate, own_jobs=own_jobs: plain_seconds(candidate, own_jobs, known)
        )
        groups.setdefault(best, []).extend(own_jobs)
    while True:
        best, most = None, 0.0
        for first, second in itertools.combinations(groups, 2):
            joint = plain_joint(first, second)
            if joint is None:
                continue
            apart = plain_seconds(first, groups[first], known) + plain_seconds(second, groups[second], known)
            saved = apart - plain_seconds(joint, groups[first] + groups[second], known)
            if saved > most:
                best, most = (first, second, joint), saved
        if best is None:
            return groups
        first, second, joint = best
        together = groups.pop(first) + groups.pop(second) + groups.pop(joint, [])
        groups[joint] = sorted(together, key=lambda job: job.member.trial)


def check(cohorts, num_epochs, patience, rungs=((0, 0),)):
    """Trial by trial, `rungs` says until which epoch a member trains and after which it begins."""
    known = {}
    for cohort in cohorts:
        jobs = [
            Job(Member(trial, fold, values, 0), recipe, fold, num_epochs, patience, until=until, begun=begun)
            for trial, values in enumerate(cohort)
            for recipe in [recipe_of(values)]
            for fold in range(2)
            for until, begun in [rungs[trial % len(rungs)]]
        ]
        alone = {}
        for job in jobs:
            alone.setdefault(structure_of(job, SETTING), []).append(job)
        costs = Costs(SETTING.num_rows, SETTING.num_measured, known)
        actual, expected = merged(grouped(alone, known, costs), costs), plain_groups(jobs, known)
        assert list(actual) == list(expected), "the same structures in the same order"
        for structure, expected_jobs in expected.items():
            assert list(map(id, actual[structure])) == list(map(id, expected_jobs))
        known |= dict.fromkeys(actual, ())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(VALUES, max_size=25), min_size=1, max_size=3))
def test_groups_are_those_of_a_plain_search_over_all_pairs(cohorts):
    check(cohorts, 30, 5)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(ALIKE, max_size=25), min_size=1, max_size=3), st.sampled_from([0, 5]))
def test_of_equal_savings_the_same_pair_is_joined(cohorts, patience):
    check(cohorts, 100, patience)


LAYERS = st.tuples(ALIKE, *[st.integers(1, 300)] * 2).map(
    lambda drawn: drawn[0] | {"width_1": drawn[1], "width_2": drawn[2]}
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(LAYERS, max_size=25), min_size=1, max_size=3))
def test_groups_of_members_at_rungs_and_of_layers_of_their_own_widths_are_those_of_the_plain_search(cohorts):
    check(cohorts, 100, 5, ((4, 0), (0, 0), (16, 4), (0, 16)))
