"""Keras hyperparameter studies with cross-validation, MLflow and honest scores.

    import automl
    result = automl.fit(frame, target="price", minutes=5)
    result.verdict, result.leaderboard(), result.predict(rows), result.report()

    result = automl.run_study("studies/digits.yaml")

The names below are the public interface. They load when they are first used, so that neither `import automl` nor
`automl --help` waits for TensorFlow.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "AutoMLError": "automl.errors",
    "Client": "automl.service.client",
    "NeuralClassifier": "automl.python.estimators",
    "NeuralRegressor": "automl.python.estimators",
    "Sampler": "automl.search.sampler",
    "StudyConfig": "automl.config.study",
    "StudyResult": "automl.study.result",
    "Tracker": "automl.tracking.tracker",
    "Trial": "automl.trial",
    "export_baseline": "automl.study.exporting",
    "export_trial": "automl.study.exporting",
    "fit": "automl.python.fitting",
    "load_study": "automl.config.reading",
    "make_study": "automl.config.reading",
    "run_study": "automl.study.run",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'automl' has no attribute {name!r}")
    from automl.quiet import quiet_start

    with quiet_start():  # some of them load TensorFlow
        return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
