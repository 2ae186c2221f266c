"""What judging a study costs: the corrected score and the intervals of stored predictions, without any training.

    python benchmarks/correction_cost.py [--rows 20000] [--trials 100] [--equal] [OBJECTIVE …]

Predictions out of fold are made by a rule (the truth, noise that all trials share, noise of each) and kept in the files
of a run. Then the steps of a study's end are timed as the product does them: the threshold where the objective has one,
the corrected score with two baselines and a constant on the same resamples, the score of the winner at its threshold,
and the interval of a locked test set of a fifth of the rows. Process CPU seconds and wall seconds; the first are what
to compare on a shared machine. The limit is 10 s for 100 trials of 20,000 rows.
"""

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy

from automl.evaluation.correction import Corrected, corrected_score
from automl.evaluation.intervals import score_interval
from automl.evaluation.metrics import METRICS
from automl.evaluation.out_of_fold import OutOfFold
from automl.evaluation.resampling import Estimate, ScoredRows, whole
from automl.evaluation.thresholds import at_threshold, tuned_threshold
from automl.records.files import write_predictions
from automl.records.predictions import StoredPredictions

Array = numpy.ndarray
NUM_FOLDS = 5
CLASSES = {
    "rmse": 0,
    "mae": 0,
    "r2": 0,
    "roc_auc": 2,
    "average_precision": 2,
    "log_loss": 2,
    "f1": 2,
    "log_loss_5": 5,
    "accuracy_5": 5,
    "f1_macro_5": 5,
    "roc_auc_5": 5,
}
"""Objectives, and of how many classes; 0 for numbers."""


@dataclass(frozen=True)
class Table:
    """Rows with a truth: scores that know the target by so much, (row,) or (row, class)."""

    target: Array
    signal: Array
    num_classes: int

    def predictions(self, generator: numpy.random.Generator, spread: float) -> Array:
        """What a model with so much noise of its own says, (row,) or (row, class)."""
        noisy = self.signal + spread * generator.normal(size=self.signal.shape)
        if not self.num_classes:
            return noisy
        scores = numpy.exp(noisy - noisy.max(axis=1, keepdims=True))
        return numpy.asarray(scores / scores.sum(axis=1, keepdims=True))


def made_table(num_classes: int, num_rows: int, seed: int) -> Table:
    """Numbers with a noise of half their variance, or classes of unlike frequency, a fifth positive of two."""
    generator = numpy.random.default_rng(seed)
    if not num_classes:
        signal = generator.normal(size=num_rows)
        return Table(signal + generator.normal(size=num_rows), signal, 0)
    shares = numpy.arange(num_classes, 0, -1.0) ** 2
    target = generator.choice(num_classes, num_rows, p=shares / shares.sum())
    signal = generator.normal(size=(num_rows, num_classes)) + 1.5 * numpy.eye(num_classes)[target]
    return Table(target, signal + numpy.log(shares / shares.sum()), num_classes)


def keep_trials(table: Table, out_of_fold: OutOfFold, folder: Path, num_trials: int, equal: bool) -> None:
    """Write the predictions of trials, in the order of the rows; they differ in how much noise they have, or not."""
    for number in range(num_trials):
        generator = numpy.random.default_rng((number, 1))
        spread = 0.3 if equal else 0.3 + 0.2 * number / num_trials
        prediction = table.predictions(generator, spread)[out_of_fold.rows]
        write_predictions(folder, number, prediction[:, 1] if table.num_classes == 2 else prediction)


def judged(
    objective: str, table: Table, out_of_fold: OutOfFold, stored: StoredPredictions, test: tuple[Array, Array]
) -> tuple[Corrected, Estimate]:
    """As `automl.study.judging` does it."""
    metric = METRICS[objective]
    winner = stored[0]
    num = len(out_of_fold.rows)
    rows = ScoredRows(table.target[out_of_fold.rows], numpy.ones(num), out_of_fold.folds, numpy.arange(num))
    tuned = table.num_classes == 2 and metric.tuned
    threshold = tuned_threshold(metric, rows, winner) if tuned else 0.5
    generator = numpy.random.default_rng(2)
    rivals = {
        name: table.predictions(generator, 0.4)[out_of_fold.rows][None] for name in ("linear", "boosting")
    }
    rivals["constant"] = numpy.broadcast_to(winner.mean(axis=1, keepdims=True), winner.shape)
    corrected = corrected_score(metric, rows, stored, 0, rivals, tuned)
    target, prediction = test
    prediction = at_threshold(prediction, threshold) if tuned else prediction
    return corrected, score_interval(metric, whole(target, numpy.ones(len(target))), prediction, 0)


def measure(name: str, num_rows: int, num_trials: int, equal: bool) -> str:
    """A line of the table."""
    num_classes = CLASSES[name]
    objective = name.removesuffix("_5")
    table = made_table(num_classes, num_rows, 0)
    folds = numpy.random.default_rng(3).permutation(num_rows) % NUM_FOLDS
    out_of_fold = OutOfFold([numpy.flatnonzero(folds == fold) for fold in range(NUM_FOLDS)], num_classes, 0)
    fresh = made_table(num_classes, num_rows // 5, 4)
    test = fresh.target, fresh.predictions(numpy.random.default_rng(5), 0.3)
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        (folder / "trials").mkdir()
        keep_trials(table, out_of_fold, folder, num_trials, equal)
        begun, begun_cpu = time.perf_counter(), time.process_time()
        stored = StoredPredictions(folder, range(num_trials), out_of_fold.predictions)
        corrected, estimate = judged(objective, table, out_of_fold, stored, test)
        wall, cpu = time.perf_counter() - begun, time.process_time() - begun_cpu
    score = corrected.estimate
    return (
        f"| {objective} | {num_classes or 'numbers'} | {cpu:.1f} | {wall:.1f} | "
        f"{score.value:.4f} ({score.low:.4f} to {score.high:.4f}) | {estimate.low:.4f} to {estimate.high:.4f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("objectives", nargs="*", metavar="OBJECTIVE", help=", ".join(CLASSES))
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument(
        "--equal", action="store_true", help="trials that are all as good: none is left out early"
    )
    arguments = parser.parse_args()
    print(
        "| objective | classes | CPU, s | wall, s | corrected (95 % interval) | locked test |"
        "\n|---|---|---|---|---|---|"
    )
    for name in arguments.objectives or CLASSES:
        print(measure(name, arguments.rows, arguments.trials, arguments.equal), flush=True)


if __name__ == "__main__":
    main()
