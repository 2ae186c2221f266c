"""Networks on all training rows: that of the best trial alone, or together with the others of an ensemble."""

from collections.abc import Mapping
from dataclasses import dataclass

from automl.errors import ExportError
from automl.study.ensemble_networks import Networks, whole_networks
from automl.study.preparation import PreparedStudy
from automl.study.session import Session
from automl.training.engine import Engine, Watch
from automl.training.members import REFIT, refit_epochs
from automl.training.network import Network
from automl.training.plan import TrialFailure
from automl.trial import Member, Trial

OUT_OF_TIME = "there was not enough time to train its networks"
NOT_TRAINED = "a network of it could not be trained again"


@dataclass(frozen=True, slots=True)
class Refit:
    """A trial's network, trained on all training rows.

    Attributes:
        network: The network.
        epochs: For how many epochs: the median of those that the folds kept.
    """

    network: Network
    epochs: int


def refit_trial(engine: Engine, prepared: PreparedStudy, trial: Trial, watch: Watch | None = None) -> Refit:
    """Train a trial's network on all training rows.

    Args:
        engine: What trains.
        prepared: The study.
        trial: The trial.
        watch: Progress and the time limit, at which the refit ends early.

    Raises:
        ExportError: It diverged.
    """
    [member] = refit_members(prepared, trial, 1)
    try:
        return Refit(engine.refit(member, prepared.splits.training, member.epochs, watch), member.epochs)
    except TrialFailure as failure:
        cure = f"Export another trial with `automl export {prepared.config.name} --trial N --to DIR`."
        raise ExportError(f"trial {trial.number} cannot be refitted: {failure}. {cure}") from None


def refit_together(
    session: Session, best: Trial, counts: Mapping[int, int], watch: Watch
) -> tuple[Refit, Networks | str]:
    """Train the networks of an ensemble on all training rows, and that of the best trial with them.

    The first network of a trial begins with the weights of its refit alone, so that the best trial's network is what
    its refit alone would be, beyond the rounding of arrays of other sizes.

    Args:
        session: The run.
        best: The best trial.
        counts: How many networks each trial of the ensemble has; they differ in their seeds.
        watch: Progress and the time limit.

    Returns:
        The network of the best trial, and the networks by number of the trial, or why there are none. Those that the
        time has cut are left out.

    Raises:
        ExportError: The network of the best trial diverged.
    """
    engine, prepared = session.engine, session.prepared
    members = [
        member
        for number, count in {best.number: 1, **counts}.items()
        for member in refit_members(prepared, session.state.whole(number), count)
    ]
    try:
        trained = list(engine.refits(members, prepared.splits.training, watch))
    except TrialFailure as failure:
        return refit_trial(engine, prepared, best, watch), f"{NOT_TRAINED}: {failure}"
    network = next((result.network for result in trained if result.member == members[0]), None)
    if network is None:
        return refit_trial(engine, prepared, best, watch), OUT_OF_TIME
    networks = whole_networks([member for member in members if member.trial in counts], trained)
    is_enough = sum(map(len, networks.values())) > 1
    return Refit(network, members[0].epochs), networks if is_enough else OUT_OF_TIME


def refit_members(prepared: PreparedStudy, trial: Trial, count: int) -> list[Member]:
    """So many networks of a trial, on all training rows, which differ in their seeds."""
    seed, epochs = prepared.config.search.seed, refit_epochs(trial)
    return [
        Member(trial.number, REFIT, trial.hyperparameters, seed, repeat=repeat, epochs=epochs)
        for repeat in range(count)
    ]


def refit_seconds(prepared: PreparedStudy, trial: Trial) -> float:
    """What a refit of a trial takes a thread, by what a row and an epoch have cost in its folds; without a program."""
    folds = prepared.splits.folds
    row_epochs = sum(len(folds[result.fold].fit) * len(result.stopping_loss) for result in trial.folds)
    seconds = sum(result.seconds for result in trial.folds)
    return seconds / row_epochs * len(prepared.splits.training) * refit_epochs(trial)
