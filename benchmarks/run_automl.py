"""A work by populations: the engine without search, MLflow and files.

python benchmarks/run_automl.py WORK [ENGINE] [TRIALS] [SEED]
"""

import os
import sys
import time

BEGAN = time.perf_counter()
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy  # noqa: E402
import works  # noqa: E402
from planned import plan_of  # noqa: E402

from automl.data.folds import Fold  # noqa: E402
from automl.training.engine import Watch  # noqa: E402
from automl.training.engines import ENGINES  # noqa: E402
from automl.training.members import plan_members  # noqa: E402
from automl.training.plan import TrainingSettings  # noqa: E402

READY = time.perf_counter()


def main(name, engine="population", num_trials=None, seed=0, best_epoch=False):
    work = works.load(name, num_trials and int(num_trials))
    training = TrainingSettings(epochs=work.epochs, patience=work.epochs)
    metrics = ("log_loss", "accuracy") if work.num_classes else ("rmse",)
    # Without rows to stop on, every network trains all epochs; the sequential engine stops on the validation rows,
    # with a patience that is never used up.
    none = numpy.arange(0)
    stopping = [
        none if engine == "population" and not best_epoch else validation for _, validation in work.folds
    ]
    folds = tuple(
        Fold(fit, stop, validation) for (fit, validation), stop in zip(work.folds, stopping, strict=True)
    )
    plan = plan_of(work, training, metrics)
    cohort = [
        plan_members(number, values, len(folds), int(seed)) for number, values in enumerate(work.trials)
    ]
    trials = list(ENGINES[engine](plan, folds).train(cohort, Watch(lambda _: None, lambda: True)))
    scores = {
        str(trial.number): {metric: trial.fold_scores(metric) for metric in metrics}
        for trial in sorted(trials, key=lambda trial: trial.number)
    }
    works.report(f"automl ({engine})", (BEGAN, READY), scores, len(trials) * len(folds))


if __name__ == "__main__":
    main(*sys.argv[1:])
