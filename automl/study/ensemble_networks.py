"""The networks of an ensemble: those of all folds of a trial, or several that are trained on all training rows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from automl.ensembles.averaged import Averaged, Part
from automl.study.preparation import PreparedStudy
from automl.training.engine import Engine, FoldNetwork, Watch
from automl.training.members import REFIT, plan_members
from automl.training.network import Network
from automl.trial import Hyperparameters, Member

Networks = dict[int, list[Network]]
"""By number of the trial."""


@dataclass(frozen=True, slots=True)
class Copies:
    """Networks of one configuration that differ in their seeds.

    Attributes:
        hyperparameters: Of the trial.
        epochs: For how many each trains.
        count: How many there are.
    """

    hyperparameters: Hyperparameters
    epochs: int
    count: int


def fold_networks(
    engine: Engine, prepared: PreparedStudy, trials: Mapping[int, Hyperparameters], watch: Watch
) -> Networks | None:
    """The networks of all folds of trials, by number of the trial; None where the time was over.

    Raises:
        TrialFailure: One of them cannot be trained.
    """
    num_folds, seed = len(prepared.splits.folds), prepared.config.search.seed
    members = [
        member for trial, values in trials.items() for member in plan_members(trial, values, num_folds, seed)
    ]
    return _networks(members, list(engine.fold_networks(members, watch)) if members else [])


def refitted_networks(
    engine: Engine, prepared: PreparedStudy, trials: Mapping[int, Copies], watch: Watch
) -> Networks | None:
    """Networks of trials that are trained on all training rows; None where the time was over.

    The first one of a trial begins with the weights of its refit alone.

    Raises:
        TrialFailure: One of them cannot be trained.
    """
    seed = prepared.config.search.seed
    members = [
        Member(trial, REFIT, copies.hyperparameters, seed, repeat=repeat, epochs=copies.epochs)
        for trial, copies in trials.items()
        for repeat in range(copies.count)
    ]
    return _networks(
        members, list(engine.refits(members, prepared.splits.training, watch)) if members else []
    )


def _networks(members: Sequence[Member], trained: Sequence[FoldNetwork]) -> Networks | None:
    """Networks in the order of their members."""
    if len(trained) < len(members) or any(network.cut for network in trained):
        return None
    by_member = {(own.member.trial, own.member.fold, own.member.repeat): own.network for own in trained}
    networks: Networks = defaultdict(list)
    for member in members:
        networks[member.trial].append(by_member[member.trial, member.fold, member.repeat])
    return dict(networks)


def averaged_of(
    networks: Mapping[int, Sequence[Network]],
    weights: Mapping[int, float],
    hyperparameters: Mapping[int, Hyperparameters],
) -> Averaged:
    """The model that averages them; the networks of a trial count alike."""
    parts = tuple(
        Part(network, weights[trial] / len(own), hyperparameters[trial])
        for trial, own in networks.items()
        for network in own
    )
    return Averaged(parts, dict(weights))
