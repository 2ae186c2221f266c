"""The population engine where only Python, NumPy, Keras and JAX are installed."""

import importlib.util
import json
import os
import subprocess
import sys
import textwrap

import pytest

SCRIPT = """
    import sys
    from importlib.abc import MetaPathFinder

    ABSENT = {
        "tensorflow", "pydantic", "pydantic_core", "mlflow", "keras_tuner", "yaml", "sqlalchemy", "optuna",
        "pandas", "sklearn", "altair",
    }

    class Blocker(MetaPathFinder):
        def find_spec(self, name, path=None, target=None):
            if name.split(".")[0] in ABSENT:
                raise ModuleNotFoundError(f"{name} is not installed", name=name)
            return None

    sys.meta_path.insert(0, Blocker())

    import json
    import numpy

    import automl.training.engines
    from automl.data.columns import TableArrays, numeric_columns
    from automl.data.folds import Fold
    from automl.data.preprocessing import make_layout
    from automl.hyperparameters import HYPERPARAMETERS
    from automl.networks.builder import FamilyBuilder
    from automl.training.engine import Watch
    from automl.training.engines import make_engine
    from automl.training.plan import TrainingPlan, TrainingSettings
    from automl.trial import Member, Task

    generator = numpy.random.default_rng(0)
    inputs = generator.normal(size=(300, 6))
    inputs[::50, 0] = numpy.nan
    target = (inputs[:, 1] + inputs[:, 2] * inputs[:, 3] > 0).astype(numpy.int64)
    names = [f"x{number}" for number in range(6)]
    table = TableArrays(numeric_columns(inputs, names), target, Task.BINARY, (0, 1), numpy.ones(300))
    rows = numpy.arange(300)
    folds = tuple(
        Fold(rows[rows % 3 == fold][:80], rows[rows % 3 == fold][80:], rows[rows % 3 != fold])
        for fold in range(2)
    )
    layout = make_layout(table.columns, rows)
    widths = {"standard": layout.num_inputs("standard")}
    builder = FamilyBuilder(widths, table.num_outputs, table.task, layout.embedded)
    settings = TrainingSettings(epochs=6, batch_size=32)
    plan = TrainingPlan(table, layout, builder, settings, ("log_loss", "accuracy", "roc_auc"))
    engine = make_engine(plan, folds)
    usual = {
        name: known.default
        for name, known in HYPERPARAMETERS.items()
        if name not in ("epochs", "patience", "batch_size", "numeric_encoding", "target_transform")
    }
    own = [
        {"width": 8, "learning_rate": 0.02},
        {"width": 16, "dropout": 0.2, "optimizer": "sgd", "learning_rate": 0.1},
    ]
    cohort = [
        [Member(trial, fold, usual | values, 7) for fold in range(2)] for trial, values in enumerate(own)
    ]
    watch = Watch(lambda progress: None, lambda: True)
    trials = sorted(engine.train(cohort, watch), key=lambda trial: trial.number)
    network = engine.refit(cohort[0][0], rows, 3)
    print("SCORES " + json.dumps([[trial.state, trial.reason, trial.folds[0].scores] for trial in trials]))
    print("PREDICTED " + json.dumps(network.predict(table.columns.take(rows[:2])).tolist()))
    print("LOADED " + json.dumps(sorted({name.split(".")[0] for name in sys.modules} & ABSENT)))
"""


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="needs the extra [jax]")
def test_populations_train_where_tensorflow_pydantic_and_pandas_are_not_installed():
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT)],
        env=os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    printed = {line.split()[0]: json.loads(line.split(maxsplit=1)[1]) for line in done.stdout.splitlines()}
    assert [(state, reason) for state, reason, _ in printed["SCORES"]] == [("complete", "")] * 2
    for _, _, scores in printed["SCORES"]:
        assert set(scores) == {"log_loss", "accuracy", "roc_auc"}
        assert scores["log_loss"] < 0.69  # below a coin's
    assert [sum(row) for row in printed["PREDICTED"]] == pytest.approx([1.0, 1.0])
    assert printed["LOADED"] == []
