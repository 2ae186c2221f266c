"""The networks of a study: the space and what builds them, our own or a user's."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from automl.config.study import StudyConfig
from automl.data.features.encodings import ENCODINGS
from automl.data.preprocessing import Layout
from automl.data.targets import TARGET_TRANSFORMS
from automl.errors import NetworkError, SearchSpaceError, StudyFileError, explain, one_of
from automl.networks.activations import ACTIVATIONS, REFUSED
from automl.networks.builder import FamilyBuilder, NetworkBuilder
from automl.networks.custom import CustomBuilder, check_network, discover_space, load_function, obstacle_of
from automl.networks.families.table import FAMILIES, NUMBER_EMBEDDINGS
from automl.networks.initializers import INITIALIZERS
from automl.networks.probe import BuilderProbe
from automl.search.space.space import Space
from automl.study.inputs import population_note
from automl.study.table import PreparedTable
from automl.training.plain.optimizers import OPTIMIZERS
from automl.training.schedules import SCHEDULES

TABLES: Mapping[str, Collection[str]] = {
    "family": FAMILIES,
    "number_embedding": NUMBER_EMBEDDINGS,
    "activation": ACTIVATIONS,
    "optimizer": OPTIMIZERS,
    "initializer": INITIALIZERS,
    "schedule": SCHEDULES,
    "numeric_encoding": ENCODINGS,
    "target_transform": TARGET_TRANSFORMS,
}
"""Hyperparameters whose values are names, and the tables that own those names."""


def make_networks(prepared_table: PreparedTable) -> tuple[Space, NetworkBuilder, tuple[str, ...]]:
    """The space, what builds its networks, and what a person should know of how these are trained.

    Raises:
        NetworkError: A user's builder gives no network for this table.
        SearchSpaceError: A name in the space is unknown, or inputs would change their number.
        StudyFileError: Populations are asked for, and cannot train the network.
    """
    config, dataset, layout = prepared_table.config, prepared_table.dataset, prepared_table.layout
    _check_names(config, prepared_table.space)
    reference = config.network.builder
    builder: NetworkBuilder
    if reference is None:
        widths = {name: layout.num_inputs(name) for name in ENCODINGS}
        bins = tuple(map(int, layout.numbers.num_bins))
        builder = FamilyBuilder(widths, dataset.num_outputs, dataset.task, layout.embedded, bins)
        return prepared_table.space, builder, ()
    where = config.where("network", "builder")
    try:
        probe = BuilderProbe(reference, config.folder)
    except NetworkError as error:
        raise NetworkError(f"{where}: {error}") from None
    probe.start()
    function = load_function(reference, config.folder, where, probe)
    space = discover_space(function, prepared_table.space, where)
    builder = CustomBuilder(function, space, dataset.task)
    try:
        check_network(builder, space, (only_width(config, space, layout), dataset.num_outputs), dataset.task)
    except NetworkError as error:
        raise NetworkError(f"{where}: {error}") from error
    obstacle = obstacle_of(builder, space.initial())
    if obstacle and config.training.engine == "population":
        must, cure = (
            "be 'auto' or 'sequential' for this network",
            f"A population cannot train it: {obstacle}.",
        )
        raise StudyFileError(
            explain("training.engine", must, "population", cure, where=config.where("training", "engine"))
        )
    return space, replace(builder, stacks=not obstacle), (population_note(config, obstacle),)


def only_width(config: StudyConfig, space: Space, layout: Layout) -> int:
    """Inputs of a user's own network, which has one number of them."""
    parameter = space.find("numeric_encoding")
    encodings = [str(name) for name in parameter.possible() or []] if parameter else ["standard"]
    widths = {layout.num_inputs(name): name for name in encodings}
    if len(widths) > 1:
        must = "keep the number of inputs for your own network"
        cure = f"Choose among encodings of one width; widths here: {sorted(widths)}."
        where = config.where("space", "numeric_encoding")
        raise SearchSpaceError(explain("numeric_encoding", must, encodings, cure, where=where))
    return next(iter(widths))


def _check_names(config: StudyConfig, space: Space) -> None:
    for parameter in space.parameters:
        by_network = parameter.name == "family" and config.network.family is not None
        if parameter.name not in TABLES or not (parameter.name in (config.space or {}) or by_network):
            continue
        names = TABLES[parameter.name]
        for name in parameter.possible() or []:
            if str(name) in names:
                continue
            where = config.where("network", "family") if by_network else config.where("space", parameter.name)
            if parameter.name == "activation" and name in REFUSED:
                raise SearchSpaceError(f"{where}: `activation` must not be {name!r}: {REFUSED[str(name)]}.")
            must = f"name an {parameter.name}" if parameter.name[0] in "aeio" else f"name a {parameter.name}"
            raise SearchSpaceError(explain(parameter.name, must, name, one_of(names, name), where=where))
