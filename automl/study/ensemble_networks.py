"""The networks of an ensemble, by the trials that they belong to."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from automl.ensembles.averaged import Averaged, Part
from automl.study.preparation import PreparedStudy
from automl.training.engine import Engine, FoldNetwork, Watch
from automl.training.members import plan_members
from automl.training.network import Network
from automl.trial import Hyperparameters, Member

Networks = dict[int, list[Network]]
"""By number of the trial."""


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
    networks = whole_networks(members, list(engine.fold_networks(members, watch)) if members else [])
    return networks if sum(map(len, networks.values())) == len(members) else None


def whole_networks(members: Sequence[Member], trained: Sequence[FoldNetwork]) -> Networks:
    """The networks of members in their order, by number of the trial, without those that the time has cut."""
    whole = {_key(result.member): result.network for result in trained if not result.cut}
    networks: Networks = defaultdict(list)
    for member in members:
        if _key(member) in whole:
            networks[member.trial].append(whole[_key(member)])
    return dict(networks)


def _key(member: Member) -> tuple[int, int, int]:
    return member.trial, member.fold, member.repeat


def averaged_of(
    networks: Mapping[int, Sequence[Network]],
    weights: Mapping[int, float],
    hyperparameters: Mapping[int, Hyperparameters],
) -> Averaged:
    """The model that averages them; the networks of a trial count alike."""
    parts = tuple(
        Part(network, weights[trial] / len(of_trial), hyperparameters[trial])
        for trial, of_trial in networks.items()
        for network in of_trial
    )
    return Averaged(parts, dict(weights))
