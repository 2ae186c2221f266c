"""Rows as the rivals of `rivals.py` read them: numbers scaled, gaps filled, categories one-hot."""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy
import pandas
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


@dataclass
class Rows:
    """The rows of one race.

    Attributes:
        folder: Where predictions go.
        inputs: float32, shape (rows, inputs), to train on.
        targets: Codes of the classes, or standardized numbers; shape (rows,).
        test: float32, shape (test rows, inputs).
        labels: The classes; None in a regression.
        scale: Mean and standard deviation of a regression's target.
        ends: Seconds of `time.monotonic` when predictions must be written.
    """

    folder: Path
    inputs: numpy.ndarray
    targets: numpy.ndarray
    test: numpy.ndarray
    labels: list[object] | None
    scale: tuple[float, float]
    ends: float

    def write(self, predicted: numpy.ndarray, note: str) -> None:
        """Predictions: probabilities of shape (rows, classes), or standardized numbers of shape (rows,)."""
        if self.labels is None:
            mean, deviation = self.scale
            frame = pandas.DataFrame({"prediction": predicted.reshape(-1) * deviation + mean})
        else:
            frame = pandas.DataFrame(predicted, columns=[str(label) for label in self.labels])
        frame.to_csv(self.folder / "predictions.csv", index=False)
        (self.folder / "notes.txt").write_text(note)


def read_rows(arguments: list[str], began: float) -> Rows:
    """The rows that FOLDER TARGET TASK SECONDS name."""
    folder, target, task, seconds = Path(arguments[0]), arguments[1], arguments[2], float(arguments[3])
    training, test = pandas.read_csv(folder / "training.csv"), pandas.read_csv(folder / "test.csv")
    features = training.drop(columns=target)
    numbers = features.select_dtypes("number").columns.tolist()
    texts = [name for name in features if name not in numbers]
    encode = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), numbers),
            ("texts", OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5), texts),
        ],
        sparse_threshold=0.0,
    )
    inputs = encode.fit_transform(features).astype(numpy.float32)
    if task == "regression":
        values = training[target].to_numpy(float)
        labels, scale = None, (float(values.mean()), float(values.std()))
        targets = (values - scale[0]) / scale[1]
    else:
        labels, scale = sorted(training[target].unique()), (0.0, 1.0)
        targets = pandas.Categorical(training[target], categories=labels).codes.astype(int)
    return Rows(
        folder, inputs, targets, encode.transform(test).astype(numpy.float32), labels, scale, began + seconds
    )


def read_arguments() -> list[str]:
    """The last four arguments of the command."""
    return sys.argv[-4:]
