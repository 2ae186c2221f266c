"""A prepared study that is small, for tests of what is known before training."""

from typing import Any

from automl.config.reading import make_study
from automl.study.preparation import PreparedStudy, prepare_study

FOLDS = 3


def prepared_with(**sections: Any) -> PreparedStudy:
    content = {
        "name": "s",
        "data": {"sklearn": "wine"},
        "splits": {"folds": FOLDS},
        "space": {"depth": 1, "width": 8, "learning_rate": {"choice": [0.01, 0.02, 0.03, 0.04]}},
        "search": {"algorithm": "grid", "trials": 4},
        "training": {"epochs": 10, "batch_size": 32, "patience": 3},
        "bias_variance": {"resamples": 0},
    }
    return prepare_study(make_study(content | sections))
