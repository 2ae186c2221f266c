"""Members trained in a population by hand, for tests."""

from typing import Any

import numpy
import pandas
from hypothesis import strategies as st

from automl.config.reading import make_study
from automl.networks.builder import FamilyBuilder
from automl.networks.recipe import Recipe
from automl.study.preparation import PreparedStudy, prepare_study
from automl.training.population.jobs import Job, Outcome
from automl.training.population.places import Population
from automl.training.population.planner import Setting, structure_of
from automl.training.population.programs import compile_epoch
from automl.training.population.structure import Structure
from automl.training.views import Tables
from automl.trial import FoldResult, Member, Task

NETWORK_VALUES = {
    "depth": st.integers(0, 3),
    "width": st.integers(1, 300),
    "activation": st.sampled_from(["relu", "tanh", "gelu"]),
    "dropout": st.sampled_from([0.0, 0.3]),
    "batch_normalization": st.booleans(),
    "schedule": st.sampled_from(["constant", "cosine"]),
    "batch_size": st.sampled_from([32, 64]),
    "clip_norm": st.sampled_from([0.0, 1.0]),
}
"""Strategies for hyperparameters of networks of many structures; each test adds its optimizers."""


def study(space: dict[str, Any] | None = None, data: str = "wine", **sections: Any) -> PreparedStudy:
    training = {"epochs": 4, "batch_size": 32} | sections.pop("training", {})
    return prepare_study(
        make_study(
            {
                "name": "s",
                "data": {"sklearn": data},
                "splits": {"folds": 2},
                "space": {"depth": 1, "width": 8, "learning_rate": 0.02} | (space or {}),
                "training": training,
                **sections,
            }
        )
    )


def study_of_levels() -> PreparedStudy:
    """Two columns of forty levels, which hidden layers see through embeddings, and two other columns."""
    generator = numpy.random.default_rng(0)
    levels = generator.integers(0, 40, (600, 2))
    effects = generator.normal(size=(40, 2))
    table = pandas.DataFrame({"a": levels[:, 0], "b": levels[:, 1]}).astype(str)
    table["size"] = generator.normal(size=600)
    table["kind"] = generator.choice(["x", "y"], 600)
    table["y"] = effects[levels, [0, 1]].sum(axis=1) * table["size"] + generator.normal(0.0, 0.1, 600)
    content = {
        "name": "s",
        "data": {"frame": True, "target": "y", "columns": {"a": "categorical", "b": "categorical"}},
        "splits": {"folds": 2},
        "space": {"depth": 1, "width": 8, "learning_rate": 0.02},
        "training": {"epochs": 4, "batch_size": 32},
    }
    return prepare_study(make_study(content), table)


def member(prepared: PreparedStudy, trial: int = 0, fold: int = 0, **values: Any) -> Member:
    return Member(trial, fold, dict(prepared.space.initial()) | values, 0)


def tables(prepared: PreparedStudy) -> Tables:
    return Tables(
        [prepared.plan.view(member(prepared, fold=f), fold) for f, fold in enumerate(prepared.splits.folds)]
    )


def setting(prepared: PreparedStudy) -> Setting:
    rows = len(prepared.splits.training)
    return Setting(
        prepared.plan.loss,
        rows,
        rows,
        prepared.plan.training.batch_size,
    )


COMPLETE = {"dropout": 0.0, "batch_normalization": False, "initializer": "glorot_uniform", "l2": 0.0}


def recipe_of(values: dict[str, Any], num_inputs: int = 20, num_outputs: int = 3) -> Recipe:
    """Of a perceptron, one and the same for the folds of a trial."""
    builder = FamilyBuilder({"standard": num_inputs, "piecewise": 60}, num_outputs, Task.MULTICLASS)
    return builder.recipe(COMPLETE | values)


def job(
    prepared: PreparedStudy, trained: Member, view: int = 0, num_epochs: int = 1, patience: int = 0
) -> Job:
    recipe = prepared.builder.recipe(trained.hyperparameters)
    assert recipe is not None
    return Job(trained, recipe, view, num_epochs, patience)


def jobs(prepared: PreparedStudy, members: list[Member], patience: int = 50) -> list[Job]:
    epochs = prepared.plan.training.epochs
    return [job(prepared, member, member.fold, epochs, patience) for member in members]


def joint_structure(prepared: PreparedStudy, members: list[Member]) -> Structure:
    structures = [structure_of(job, setting(prepared)) for job in jobs(prepared, members)]
    whole = structures[0]
    for structure in structures[1:]:
        whole = whole.joined(structure)
    return whole


def widened(prepared: PreparedStudy, structure: Structure, trained: Member, *widths: int) -> Structure:
    """A structure that also has room for a member of these widths."""
    layer_widths = {f"width_{number}": width for number, width in enumerate(widths, start=1)}
    wider = member(prepared, **{**trained.hyperparameters, **layer_widths})
    return structure.joined(structure_of(job(prepared, wider), setting(prepared), exact=True))


def train(
    prepared: PreparedStudy,
    members: list[Member],
    places: int = 4,
    structure: Structure | None = None,
    patience: int | None = None,
) -> list[Outcome]:
    """Outcomes in the order of the members; with a patience of 0 they keep their last weights."""
    structure = structure or joint_structure(prepared, members)
    population = Population(structure, compile_epoch(structure), tables(prepared), places)
    waiting, ended = (
        jobs(prepared, members, prepared.plan.training.patience if patience is None else patience),
        list[Outcome](),
    )
    while waiting or population.jobs:
        entering = waiting[: population.num_free]
        waiting = waiting[len(entering) :]
        population.admit(entering)
        population.run_epoch()
        ended += population.take_finished()
    return sorted(ended, key=lambda outcome: members.index(outcome.job.member))


def curves(result: FoldResult) -> list[tuple[float, float, float]]:
    return list(zip(result.training_loss, result.stopping_loss, result.validation_loss, strict=True))
