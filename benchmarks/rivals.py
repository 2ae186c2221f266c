"""Equal wall time for everyone: our default study beside what people use in its place, on the same rows.

    AUTOML_TABLES=FOLDER python benchmarks/rivals.py [TABLE ...] [--minutes 3] [--state 0] [--torch PYTHON]
    AUTOML_TABLES=FOLDER python benchmarks/rivals.py --table

Each rival is a process of its own that is given the rows to train on, the seconds, and the rows to predict; one after
another, so the machine must be quiet. Who has not written its predictions 15 seconds after the time counts last and is
marked. Losses (log loss, RMSE) on a fifth of the table that nobody saw.

- automl: `data`, `target` and `budget`, nothing else.
- Optuna + Keras: TPE over depth, width, activation, dropout and rate, early stopping on a fifth; the best model so far.
- KerasTuner: its Bayesian tuner on the same space and rows.
- Both with Hyperband in their place, where `--rivals` asks for it.
- scikit-learn: MLPClassifier or MLPRegressor, random search by three folds, the best one refitted.
- RealMLP-TD and TabM-D: `pytabkit`, by their authors, one fit with its defaults (`pip install torch pytabkit` in an
  environment of its own, whose Python `--torch` names).

Writes `results/rivals.jsonl`.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy
import pandas
from sklearn.metrics import log_loss, root_mean_squared_error
from tables import REGRESSIONS, TARGETS, split

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "rivals.jsonl"
DEFAULT_TABLES = ("kin8nm", "california_housing", "letter", "adult", "german_credit")
LATE = 15.0
HOPELESS = 120.0
RIVALS = {
    "automl": "rival_automl.py",
    "Optuna + Keras": "rival_keras.py optuna",
    "KerasTuner": "rival_keras.py keras_tuner",
    "Optuna + Hyperband": "rival_keras.py optuna_hyperband",
    "KerasTuner Hyperband": "rival_keras.py keras_tuner_hyperband",
    "scikit-learn": "rival_sklearn.py",
    "RealMLP-TD": "rival_pytabkit.py RealMLP_TD",
    "TabM-D": "rival_pytabkit.py TabM_D",
}
ONE_BLAS_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""For scikit-learn, which trains two folds side by side."""

WITH_TORCH = ("RealMLP-TD", "TabM-D")


def race(name: str, state: int, seconds: float, rival: str, python: str) -> dict[str, object]:
    """One rival on one split."""
    training, test = split(name, state)
    target = TARGETS[name]
    script, *arguments = RIVALS[rival].split()
    with tempfile.TemporaryDirectory(prefix="rivals-") as folder:
        training.to_csv(Path(folder) / "training.csv", index=False)
        test.drop(columns=target).to_csv(Path(folder) / "test.csv", index=False)
        task = "regression" if name in REGRESSIONS else "classification"
        command = [python, str(HERE / script), *arguments, folder, target, task, str(seconds)]
        began = time.monotonic()
        environment = os.environ | (ONE_BLAS_THREAD if rival == "scikit-learn" else {})
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        try:
            errors = process.communicate(timeout=seconds + HOPELESS)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            errors = process.communicate()[1]
        spent = time.monotonic() - began
        path = Path(folder) / "predictions.csv"
        loss = loss_of(test[target], pandas.read_csv(path), task) if path.exists() else None
        notes = Path(folder) / "notes.txt"
        note = notes.read_text() if notes.exists() else ""
        curve = Path(folder) / "curve.json"
        points = json.loads(curve.read_text()) if curve.exists() else []
    if loss is None:
        note = f"{note} no predictions: {' '.join(errors.split())[-200:]}"
    return {
        "table": name,
        "state": state,
        "given": seconds,
        "rival": rival,
        "seconds": round(spent, 1),
        "loss": loss,
        "late": spent > seconds + LATE,
        "note": note.strip(),
        "curve": [[round(second, 1), round(value, 6)] for second, value in points],
    }


def loss_of(truth: pandas.Series, predictions: pandas.DataFrame, task: str) -> float:
    """RMSE, or log loss of probabilities by class; columns are the classes."""
    if task == "regression":
        return float(root_mean_squared_error(truth, predictions["prediction"]))
    labels = sorted(truth.unique())
    probabilities = predictions[[str(label) for label in labels]].to_numpy(numpy.float64)
    probabilities = numpy.clip(probabilities, 1e-7, None)
    return float(log_loss(truth, probabilities / probabilities.sum(axis=1, keepdims=True), labels=labels))


def table() -> None:
    """Losses by table, and the mean rank; who was late or has no predictions shares the last rank."""
    lines = [json.loads(line) for line in RESULTS.read_text().splitlines()]
    newest = {(line["table"], line["rival"]): line for line in lines}
    names = list(dict.fromkeys(line["table"] for line in lines))
    print("| rival | " + " | ".join(names) + " | mean rank |")
    print("|---" * (len(names) + 2) + "|")
    counted = {
        key: float("inf") if line["late"] or line["loss"] is None else line["loss"]
        for key, line in newest.items()
    }
    losses = pandas.Series(counted).unstack(level=0)
    ranks = losses.rank(method="max").mean(axis=1)
    for rival in ranks.sort_values().index:
        cells = []
        for name in names:
            line = newest.get((name, rival))
            if line is None or line["loss"] is None:
                cells.append("–")
            else:
                late = f" (late: {line['seconds']:.0f} s)" if line["late"] else ""
                cells.append(f"{line['loss']:.5g}{late}")
        print(f"| {rival} | " + " | ".join(cells) + f" | {ranks[rival]:.2f} |")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tables", nargs="*", default=list(DEFAULT_TABLES))
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--state", type=int, default=0)
    parser.add_argument(
        "--torch", help="a Python that has torch and pytabkit; without it two rivals are left out"
    )
    default = [rival for rival in RIVALS if "Hyperband" not in rival]
    parser.add_argument("--rivals", nargs="+", default=default, choices=list(RIVALS))
    parser.add_argument("--table", action="store_true", help="print what has been recorded")
    arguments = parser.parse_args()
    if arguments.table:
        table()
        return
    for name in arguments.tables:
        for rival in arguments.rivals:
            if rival in WITH_TORCH and not arguments.torch:
                continue
            python = arguments.torch if rival in WITH_TORCH else sys.executable
            line = race(name, arguments.state, 60.0 * arguments.minutes, rival, python)
            with RESULTS.open("a") as file:
                file.write(json.dumps(line) + "\n")
            print({key: line[key] for key in ("table", "rival", "loss", "seconds", "note")}, flush=True)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
