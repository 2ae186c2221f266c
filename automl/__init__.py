"""Keras hyperparameter studies with cross-validation, MLflow and honest scores.

    import automl
    result = automl.run_study("studies/digits.yaml")
    result.best, result.test_scores, result.model

The names below are the public interface. They load when they are first used, so that `automl --help` need not wait
for TensorFlow.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "AutoMLError": "automl.errors",
    "StudyConfig": "automl.config.study",
    "StudyResult": "automl.study.run",
    "Trial": "automl.trial",
    "export_baseline": "automl.study.exporting",
    "export_trial": "automl.study.exporting",
    "load_study": "automl.config.reading",
    "make_study": "automl.config.reading",
    "run_study": "automl.study.run",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'automl' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
