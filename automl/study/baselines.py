"""Plain models on the folds of a study, as far as the time allows."""

from automl.study.session import Session
from automl.training.baselines import BASELINES, BaselineResult, run_baseline


def train_baselines(session: Session) -> dict[str, BaselineResult]:
    """What each baseline has done, by name; none of those that there is no time for."""
    prepared = session.prepared
    results = {}
    for number, name in enumerate(BASELINES if prepared.config.baselines else ()):
        session.interrupts.check()
        seconds = session.budget.for_verdict() / (len(BASELINES) - number)
        if seconds > 0.0:
            folds = prepared.splits.folds
            results[name] = run_baseline(
                name, prepared.dataset, prepared.layout, folds, prepared.metric, seconds
            )
    return results
