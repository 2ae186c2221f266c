"""A study, and the same with other values at some keys."""

import copy
from typing import Any

from automl.config.reading import make_study
from automl.config.study import StudyConfig

BASE: dict[str, Any] = {
    "name": "a",
    "data": {"path": "a.csv", "target": "y"},
    "space": {
        "depth": {"int": [1, 3]},
        "width": {"choice": [32, 64]},
        "dropout": {"float": [0.1, 0.4]},
        "learning_rate": {"float": [1e-3, 1e-1], "log": True},
        "activation": "relu",
    },
    "search": {"algorithm": "random", "trials": 50},
}


def changed(changes: dict[str, Any] | None = None, base: dict[str, Any] = BASE) -> StudyConfig:
    """The study with values at dotted keys; `...` removes a key."""
    content = copy.deepcopy(base)
    for key, value in (changes or {}).items():
        *sections, last = key.split(".")
        place = content
        for section in sections:
            place = place.setdefault(section, {})
        if value is ...:
            del place[last]
        else:
            place[last] = value
    return make_study(content)
