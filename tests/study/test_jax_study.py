"""A whole study under JAX: the TensorFlow study's numbers, and a SavedModel that answers as the JAX network does."""

import importlib.util
import json
import os
import subprocess
import sys
import textwrap

import numpy
import pandas
import pytest

STUDY = """
name: both
data: {{path: {folder}/table.csv, target: y}}
splits: {{folds: 2}}
space:
  depth: {{int: [1, 2]}}
  width: 8
  activation: {{choice: [leaky_relu, gelu]}}
  negative_slope: 0.3
  dropout: 0.2
  learning_rate: {{float: [0.005, 0.05], log: true}}
search: {{algorithm: random, trials: 3, seed: 5, pruner: none}}
training: {{epochs: 6, batch_size: 32, engine: {engine}}}
baselines: false
bias_variance: {{resamples: 0}}
"""

RUN = """
    import json, sys
    from pathlib import Path

    from automl.study.exporting import export_trial
    from automl.study.run import run_study

    folder = sys.argv[1]
    result = run_study(f"{folder}/study.yaml", mlruns=f"{folder}/mlruns")
    trials = sorted(result.state.trials, key=lambda trial: trial.number)
    other = next(trial.number for trial in trials if trial.number != result.state.best.number)
    loaded = "tensorflow" in sys.modules
    export_trial(result.state.folder, other, Path(folder) / "other")
    print("FOUND " + json.dumps({
        "backend": result.state.started.facts["backend"],
        "tensorflow": loaded,
        "scores": [list(trial.fold_scores("log_loss")) for trial in trials],
        "states": [trial.state for trial in trials],
        "best": result.state.best.number,
        "model": str(result.state.folder / "model"),
    }))
"""

ASK = """
    import sys
    import pandas
    from automl.serving.scoring import Scorer

    table = pandas.read_csv(sys.argv[1])
    for folder in sys.argv[2:]:
        print("ANSWERS " + Scorer(folder).predict(table).drop(columns="prediction").to_json(orient="values"))
"""


def python(script, *arguments, backend):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        env=os.environ | {"KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [
        line.split(maxsplit=1)[1]
        for line in done.stdout.splitlines()
        if line.startswith(("FOUND ", "ANSWERS "))
    ]


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    """The same study under both backends: folder and what was found."""
    if importlib.util.find_spec("jax") is None:
        pytest.skip("needs the extra [jax]")
    results = {}
    for backend in ("tensorflow", "jax"):
        folder = tmp_path_factory.mktemp(backend)
        write_table(folder / "table.csv")
        (folder / "study.yaml").write_text(STUDY.format(folder=folder, engine="auto"))
        (line,) = python(RUN, folder, backend=backend)
        results[backend] = folder, json.loads(line)
    return results


def write_table(path):
    """A number with gaps, a category, and one of many levels, which hidden layers see through an embedding."""
    generator = numpy.random.default_rng(0)
    levels = generator.integers(0, 40, 400)
    number = generator.normal(size=400)
    kind = generator.choice(["red", "blue"], 400)
    logit = 2 * number + generator.normal(size=40)[levels] + (kind == "red")
    table = pandas.DataFrame(
        {"number": number, "kind": kind, "level": [f"level {level}" for level in levels]}
    )
    table.loc[::20, "number"] = numpy.nan
    table["y"] = numpy.where(logit + generator.logistic(size=400) > 0, "yes", "no")
    table.to_csv(path, index=False)


@pytest.mark.slow
def test_a_study_under_jax_has_the_numbers_of_a_study_under_tensorflow(studies):
    (_, ours), (_, by_tensorflow) = studies["jax"], studies["tensorflow"]
    assert (ours["backend"], by_tensorflow["backend"]) == ("jax", "tensorflow")
    assert ours["states"] == by_tensorflow["states"] == ["complete"] * 3
    assert ours["best"] == by_tensorflow["best"]
    for jax_score, tensorflow_score in zip(ours["scores"], by_tensorflow["scores"], strict=True):
        assert jax_score == pytest.approx(tensorflow_score, abs=1e-5)


@pytest.mark.slow
def test_models_written_under_jax_answer_as_those_written_under_tensorflow(studies):
    """The winner of the study, and another trial that was exported afterwards."""
    models = [
        model
        for backend in ("jax", "tensorflow")
        for model in (studies[backend][1]["model"], studies[backend][0] / "other")
    ]
    table = studies["jax"][0] / "table.csv"
    answers = [json.loads(line) for line in python(ASK, table, *models, backend="tensorflow")]
    for ours, tensorflow_answer in zip(answers[:2], answers[2:], strict=True):
        numpy.testing.assert_allclose(ours, tensorflow_answer, atol=1e-5)
        assert numpy.ptp(numpy.array(ours)[:, 0]) > 0.1
