"""How many networks an ensemble may have: a bound on the time of an answer, or on the size of the model, decides."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from automl.config.budget import BudgetConfig
from automl.ensembles.averaged import Averaged
from automl.evaluation.ensemble_verdict import Cost
from automl.export.cost import cost_of
from automl.export.saved_model import ModelCard, save_model
from automl.records.files import MODEL
from automl.study.ensemble_networks import Networks, averaged_of
from automl.study.preparation import PreparedStudy
from automl.training.backend import backend_name
from automl.training.network import Network
from automl.trial import Hyperparameters
from automl.wording import number


def is_bounded(budget: BudgetConfig) -> bool:
    """Whether a study bounds what its ensemble costs."""
    return budget.latency_ms is not None or budget.model_mb is not None


def num_within(
    prepared: PreparedStudy,
    networks: Networks,
    weights: Mapping[int, float],
    hyperparameters: Mapping[int, Hyperparameters],
) -> tuple[int, str]:
    """How many of the networks may be averaged, and what that means in a clause; empty where all may.

    Time and size are measured of one network and of all, and lie on a line between them.

    Args:
        prepared: The study, which has a bound.
        networks: By number of the trial, the heaviest trial first.
        weights: How much each trial counts.
        hyperparameters: Of each trial.
    """
    if backend_name() != "tensorflow":
        return 0, "the time of an answer cannot be measured here, because Keras does not run on TensorFlow"
    heaviest = next(iter(networks))
    alone = averaged_of({heaviest: networks[heaviest][:1]}, {heaviest: 1.0}, hyperparameters)
    everyone = averaged_of(networks, weights, hyperparameters)
    card = ModelCard(prepared.config.name, None, 0, 0, {})
    single, whole = (measured(prepared, model, card) for model in (alone, everyone))
    return most_networks(prepared.config.budget, single, whole, len(everyone.parts))


def most_networks(budget: BudgetConfig, single: Cost, whole: Cost, total: int) -> tuple[int, str]:
    """The same by what one network and all of them cost."""
    most, clause = total, ""
    bounds = (
        ("latency_ms", "ms", budget.latency_ms, single.milliseconds, whole.milliseconds),
        ("model_mb", "MB", budget.model_mb, single.megabytes, whole.megabytes),
    )
    for name, unit, bound, single_cost, cost in bounds:
        if bound is None or cost <= bound:
            continue
        step = (cost - single_cost) / (total - 1)
        fitting = 1 + int((bound - single_cost) / step) if single_cost < bound and step > 0.0 else 1
        if fitting < most:
            most = fitting
            costs = f"{number(single_cost, 2)} {unit} for one network, {number(cost, 2)} {unit} for {total}"
            clause = f"`budget.{name}` is {bound:g}, and the measured cost is {costs}"
    return most, clause


def measured(prepared: PreparedStudy, model: Network | Averaged, card: ModelCard) -> Cost:
    """What a model costs, by one that is written for that and deleted."""
    row = prepared.dataset.frame(prepared.splits.training[:1])
    with TemporaryDirectory(prefix="automl-bound-") as scratch:
        folder = Path(scratch) / MODEL
        save_model(model, prepared.dataset, card, folder, prepared.builder)
        return cost_of(folder, row)
