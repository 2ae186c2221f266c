"""A work without dropout by scikit-learn's MLPClassifier, two processes with one BLAS thread each.

OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 python benchmarks/run_sklearn.py WORK [TRIALS]
"""

import sys
import time
import warnings

BEGAN = time.perf_counter()

import works  # noqa: E402
from joblib import Parallel, delayed  # noqa: E402
from sklearn.metrics import log_loss  # noqa: E402
from sklearn.neural_network import MLPClassifier  # noqa: E402

READY = time.perf_counter()


def fit(work, values, rows, validation):
    warnings.simplefilter("ignore")
    inputs, validation_inputs = works.scaled(work, rows, validation)
    model = MLPClassifier(
        (values["width"],) * values["depth"],
        batch_size=values["batch_size"],
        alpha=0.0,
        learning_rate_init=values["learning_rate"],
        max_iter=work.epochs,
        tol=0.0,
        n_iter_no_change=work.epochs,
        epsilon=1e-7,
    )
    model.fit(inputs, work.target[rows])
    return float(log_loss(work.target[validation], model.predict_proba(validation_inputs)))


def main(name, num_trials=None):
    work = works.load(name, num_trials and int(num_trials))
    cells = [(number, fold) for number in range(len(work.trials)) for fold in work.folds]
    losses = Parallel(n_jobs=2)(delayed(fit)(work, work.trials[number], *fold) for number, fold in cells)
    scores = {}
    for (number, _), loss in zip(cells, losses, strict=True):
        scores.setdefault(str(number), {"loss": []})["loss"].append(loss)
    works.report("scikit-learn", (BEGAN, READY), scores, len(cells))


if __name__ == "__main__":
    main(*sys.argv[1:])
