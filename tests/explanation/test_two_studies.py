"""Two studies against each other: which winner is better, by what interval, and what cannot be compared."""

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy
import pytest
from made_states import STARTED, made_state
from paper_trials import completed, failed
from scipy import stats

from automl.errors import RecordError
from automl.evaluation.correction import corrected_difference, corrected_score
from automl.evaluation.differences import interval, paired, unpaired, widened
from automl.evaluation.metrics import METRICS
from automl.evaluation.pairing import Measured
from automl.evaluation.resampling import Estimate, ScoredRows
from automl.explanation.sides import Side
from automl.explanation.two_studies import TwoStudies, compare_studies
from automl.records import outcomes as record
from automl.records.events import Event
from automl.records.files import write_predictions
from automl.records.scored_rows import KeptRows, read_scored_rows, write_scored_rows
from automl.trial import Trial

DIGESTS = {"data": "table", "splits": "folds"}
WEAK = completed(0, 0.50, 0.56, 0.52, 0.60, 0.55)
STRONG = completed(3, 0.40, 0.47, 0.41, 0.52, 0.44)
CLOSE = completed(1, 0.52, 0.53, 0.54, 0.58, 0.56)


def side(
    folder: Path,
    letter: str,
    *trials: Trial,
    events: tuple[Event, ...] = (),
    standing: str = "",
    **changes: Any,
) -> Side:
    fields = {"digests": DIGESTS, "num_folds": 5, **changes}
    started = dataclasses.replace(STARTED, **fields)
    return Side(
        letter, f"study-{letter}", made_state(folder / letter, trials, *events, started=started), standing
    )


def compared(folder: Path, trials: list[Trial], other_trials: list[Trial], **changes: Any) -> TwoStudies:
    return compare_studies(side(folder, "A", *trials, **changes), side(folder, "B", *other_trials, **changes))


# Each known answer is written out: mean difference, and the corrected resampled t interval.


def test_winners_are_compared_fold_by_fold_with_the_corrected_interval(tmp_path: Path) -> None:
    comparison = compared(tmp_path, [WEAK], [STRONG])
    differences = numpy.subtract(STRONG.fold_scores("log_loss"), WEAK.fold_scores("log_loss"))
    half = stats.t.ppf(0.975, 4) * math.sqrt(differences.var(ddof=1) * (1 / 5 + 1 / 4))
    assert comparison.chosen.value == pytest.approx(differences.mean())
    assert comparison.chosen.low == pytest.approx(differences.mean() - half)
    assert comparison.chosen.high == pytest.approx(differences.mean() + half)
    assert comparison.sign == 1
    assert comparison.verdict.startswith(
        "B (study-B) is significantly better than A (study-A) (log_loss: difference −0.0"
    )


def test_a_larger_score_can_be_better(tmp_path: Path) -> None:
    comparison = compared(tmp_path, [WEAK], [STRONG], direction="max")
    assert comparison.sign == -1
    assert comparison.verdict.startswith("A (study-A) is significantly better than B (study-B)")


def test_a_difference_within_its_interval_is_none(tmp_path: Path) -> None:
    comparison = compared(tmp_path, [WEAK], [CLOSE])
    assert comparison.chosen.low < 0.0 < comparison.chosen.high
    assert comparison.sign == 0
    assert comparison.verdict.startswith(
        "A (study-A) and B (study-B) are not significantly different (log_loss"
    )


def test_the_best_of_each_study_is_compared_and_ended_trials_are_not(tmp_path: Path) -> None:
    comparison = compared(
        tmp_path, [WEAK, STRONG, failed(7)], [dataclasses.replace(CLOSE, number=9), failed(2)]
    )
    assert comparison.chosen.value == pytest.approx(CLOSE.mean("log_loss") - STRONG.mean("log_loss"))
    assert "not allowing for the choice among 2 and 1 trials" in comparison.verdict


def test_other_folds_are_not_paired_and_that_is_said(tmp_path: Path) -> None:
    first = side(tmp_path, "A", WEAK)
    second = side(tmp_path, "B", STRONG, digests=DIGESTS | {"splits": "others"})
    comparison = compare_studies(first, second)
    assert not comparison.same_folds
    errors = [trial.standard_error("log_loss") for trial in (WEAK, STRONG)]
    degrees = (errors[0] ** 2 + errors[1] ** 2) ** 2 / (errors[0] ** 4 / 4 + errors[1] ** 4 / 4)
    half = stats.t.ppf(0.975, degrees) * math.hypot(*errors)
    assert comparison.chosen.high - comparison.chosen.value == pytest.approx(half)
    assert half > interval(paired(STRONG, WEAK, "log_loss")).high - comparison.chosen.value
    assert any("The folds differ" in note for note in comparison.notes)


def test_folds_that_all_differ_by_the_same_are_no_certainty(tmp_path: Path) -> None:
    shifted = completed(1, *(score - 0.25 for score in WEAK.fold_scores("log_loss")))
    comparison = compared(tmp_path, [WEAK], [shifted])
    assert comparison.chosen.value == pytest.approx(-0.25)
    assert math.isnan(comparison.chosen.low)
    assert comparison.sign == 0
    assert any("No interval for the difference" in note for note in comparison.notes)


def test_of_one_fold_nothing_is_sure(tmp_path: Path) -> None:
    comparison = compared(tmp_path, [completed(0, 0.5)], [completed(0, 0.25)], num_folds=1)
    assert (comparison.chosen.value, comparison.sign) == (-0.25, 0)
    assert math.isnan(comparison.chosen.high)


# Rows: both studies choose among their trials anew in each resample.


def rows_of(count: int = 120) -> ScoredRows:
    target = numpy.arange(count) % 3
    return ScoredRows(target, numpy.ones(count), (numpy.arange(count) % 5)[None], numpy.arange(count))


def predictions_of(rows: ScoredRows, sharpness: float, seed: int) -> numpy.ndarray:
    generator = numpy.random.default_rng(seed)
    raw = generator.gamma(1.0, size=(len(rows.target), 3)) + 0.05
    raw[numpy.arange(len(raw)), rows.target] += sharpness
    return (raw / raw.sum(axis=1, keepdims=True)).astype(numpy.float32)


def scored_trial(rows: ScoredRows, number: int, prediction: numpy.ndarray) -> Trial:
    losses = [
        METRICS["log_loss"].function(rows.target[indices], prediction[indices], rows.weights[indices])
        for _, indices in rows.parts
    ]
    return completed(number, *losses)


def kept_side(
    folder: Path, letter: str, rows: ScoredRows, models: list[numpy.ndarray], **changes: Any
) -> Side:
    """A study whose rows, predictions and corrected score are recorded, as a real one leaves them."""
    trials = [scored_trial(rows, number, model) for number, model in enumerate(models)]
    best = min(trials, key=lambda trial: trial.mean("log_loss"))
    estimate = corrected_score(METRICS["log_loss"], rows, [model[None] for model in models], 5).estimate
    verdict = record.VerdictReached(best.number, corrected=dataclasses.astuple(estimate))
    recorded = side(folder, letter, *trials, events=(verdict,), **changes)
    write_scored_rows(recorded.state.folder, KeptRows(numpy.arange(len(rows.target)), rows, 3))
    for number, model in enumerate(models):
        write_predictions(recorded.state.folder, number, model)
    return recorded


def kept_pair(folder: Path) -> tuple[Side, Side]:
    rows = rows_of()
    weak = [predictions_of(rows, 1.0, seed) for seed in range(6)]
    strong = [predictions_of(rows, 3.0, seed) for seed in range(10, 13)]
    return kept_side(folder, "A", rows, weak), kept_side(folder, "B", rows, strong)


def test_the_choice_of_both_is_allowed_for_where_predictions_are_kept(tmp_path: Path) -> None:
    first, second = kept_pair(tmp_path)
    comparison = compare_studies(first, second)
    assert comparison.corrected is not None
    assert first.corrected is not None and second.corrected is not None
    assert comparison.corrected.value == second.corrected.value - first.corrected.value
    assert comparison.corrected.low < comparison.corrected.value < comparison.corrected.high
    assert comparison.judged is comparison.corrected
    assert "allowing for the choice among 6 and 3 trials" in comparison.verdict
    assert "not allowing" not in comparison.verdict


def test_swapping_the_studies_turns_the_sign_and_nothing_else(tmp_path: Path) -> None:
    first, second = kept_pair(tmp_path)
    ahead, back = compare_studies(first, second), compare_studies(second, first)
    assert ahead.sign == 1 and back.sign == -1
    for actual, expected in ((ahead.chosen, back.chosen), (ahead.corrected, back.corrected)):
        assert actual is not None and expected is not None
        assert (actual.value, actual.low, actual.high) == pytest.approx(
            (-expected.value, -expected.high, -expected.low), abs=1e-12
        )


def test_a_study_and_itself_do_not_differ_at_all(tmp_path: Path) -> None:
    first, _ = kept_pair(tmp_path)
    comparison = compare_studies(first, dataclasses.replace(first, letter="B"))
    assert comparison.chosen == comparison.corrected == Estimate(0.0, 0.0, 0.0)
    assert (
        "are not significantly different (log_loss: difference 0, 95 % interval 0 to 0" in comparison.verdict
    )


def test_the_order_of_the_trials_has_no_bearing(tmp_path: Path) -> None:
    rows = rows_of()
    models = [predictions_of(rows, 1.0, seed) for seed in range(5)]
    rival = [predictions_of(rows, 1.2, 9)[None]]
    predictions = [model[None] for model in models]
    first = corrected_difference(METRICS["log_loss"], rows, predictions, rival, 3)
    reordered = corrected_difference(METRICS["log_loss"], rows, predictions[::-1], rival, 3)
    assert dataclasses.astuple(first) == pytest.approx(dataclasses.astuple(reordered), abs=1e-9)


def test_of_one_model_each_the_interval_is_that_of_its_rival(tmp_path: Path) -> None:
    """`corrected_score` has compared with models that were not chosen all along."""
    rows = rows_of()
    first, second = (predictions_of(rows, sharpness, 4)[None] for sharpness in (1.0, 2.0))
    known = corrected_score(METRICS["log_loss"], rows, [first], 3, {"other": second}).differences["other"]
    corrected = corrected_difference(METRICS["log_loss"], rows, [first], [second], 3)
    assert dataclasses.astuple(corrected) == pytest.approx(dataclasses.astuple(known), abs=1e-12)


def test_the_best_of_many_equal_trials_has_no_lead_over_one_of_them(tmp_path: Path) -> None:
    """Twenty models of pure noise against one: the lead of the best is chance, and most of it goes."""
    leads, left = [], []
    for seed in range(8):
        rows = rows_of()
        models = [predictions_of(rows, 1.0, 100 * seed + number)[None] for number in range(21)]
        means = [scored_trial(rows, 0, model[0]).mean("log_loss") for model in models]
        leads.append(min(means[:20]) - means[20])
        left.append(corrected_difference(METRICS["log_loss"], rows, models[:20], models[20:], seed).value)
    assert abs(numpy.mean(left)) < 0.5 * abs(numpy.mean(leads))


def test_without_predictions_of_a_winner_the_choice_is_not_allowed_for(tmp_path: Path) -> None:
    first, second = kept_pair(tmp_path)
    for file in (second.state.folder / "trials").glob("*.predictions.npy"):
        file.unlink()
    comparison = compare_studies(first, second)
    assert comparison.corrected is None
    assert "not allowing for the choice among 6 and 3 trials" in comparison.verdict
    assert any("larger search has the larger selection bias" in note for note in comparison.notes)


def test_rows_that_are_others_are_not_paired(tmp_path: Path) -> None:
    first, second = kept_pair(tmp_path)
    rows = read_scored_rows(second.state.folder)
    assert rows is not None
    write_scored_rows(second.state.folder, dataclasses.replace(rows, numbers=rows.numbers + 1))
    assert compare_studies(first, second).corrected is None


def test_kept_rows_come_back_as_they_were(tmp_path: Path) -> None:
    rows = rows_of()
    written = KeptRows(
        numpy.arange(5, 125), dataclasses.replace(rows, units=rows.units // 4, unit="groups"), 3
    )
    write_scored_rows(tmp_path, written)
    back = read_scored_rows(tmp_path)
    assert back is not None and back.fits(written)
    assert (back.scored.unit, back.num_classes) == ("groups", 3)
    assert numpy.array_equal(back.scored.units, written.scored.units)


def test_a_broken_file_of_rows_is_said(tmp_path: Path) -> None:
    (tmp_path / "scored_rows.npz").write_bytes(b"torn")
    with pytest.raises(RecordError, match=r"scored_rows\.npz"):
        read_scored_rows(tmp_path)


# An interval of rows and folds together.


def test_what_folds_spread_beyond_their_rows_widens_the_interval() -> None:
    rows = Estimate(0.1, 0.1 - 0.04, 0.1 + 0.04)
    of_rows = 0.04 / stats.t.ppf(0.975, 999)
    calm = widened(0.1, rows, 1000, Measured(0.1, 0.5 * of_rows, 4.0))
    wild = widened(0.1, rows, 1000, Measured(0.1, 2.0 * of_rows, 4.0))
    assert interval(calm).low == pytest.approx(0.06)
    assert wild.error == pytest.approx(2.0 * of_rows)
    assert 4.0 < wild.degrees < 10.0
    assert math.isnan(widened(0.1, rows, 1000, Measured(0.1, math.nan, math.nan)).error)


def test_scores_that_count_differently_give_the_difference_of_the_means() -> None:
    def counting(trial: Trial) -> Trial:
        folds = [dataclasses.replace(fold, counts={"log_loss": 1.0 + fold.fold}) for fold in trial.folds]
        return dataclasses.replace(trial, folds=tuple(folds))

    first, second = counting(WEAK), counting(STRONG)
    assert paired(first, second, "log_loss").value == first.mean("log_loss") - second.mean("log_loss")
    assert unpaired(first, second, "log_loss").value == first.mean("log_loss") - second.mean("log_loss")


# The locked test.


def read_by(trial: int, score: float, digest: str = "rows") -> record.TestReadingDone:
    return record.TestReadingDone(trial, digest, {"log_loss": score}, (score, score - 0.1, score + 0.1))


def test_scores_on_the_same_locked_rows_are_subtracted_with_a_warning(tmp_path: Path) -> None:
    first = side(tmp_path, "A", WEAK, events=(read_by(0, 0.5),))
    second = side(tmp_path, "B", STRONG, events=(read_by(3, 0.25),), digests=DIGESTS | {"splits": "others"})
    comparison = compare_studies(first, second)
    assert comparison.test == -0.25
    assert any("same locked test rows" in note for note in comparison.notes)


def test_scores_on_other_locked_rows_are_not_subtracted(tmp_path: Path) -> None:
    first = side(tmp_path, "A", WEAK, events=(read_by(0, 0.5),))
    second = side(
        tmp_path, "B", STRONG, events=(read_by(3, 0.25, "others"),), digests=DIGESTS | {"splits": "others"}
    )
    comparison = compare_studies(first, second)
    assert comparison.test is None
    assert any("locked test rows differ" in note for note in comparison.notes)


def test_a_reading_for_an_earlier_winner_is_none_of_this_one(tmp_path: Path) -> None:
    first = side(tmp_path, "A", WEAK, events=(read_by(5, 0.5),))
    assert first.test is None


# What cannot be compared.


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"metric": "accuracy"}, "two objectives, log_loss (min) in A and accuracy (min) in B"),
        ({"digests": DIGESTS | {"data": "other"}}, "are of two tables"),
        ({"digests": {}}, "the table of B (study-B)"),
        ({"digests": DIGESTS | {"metric:profit.py": "new"}}, "the file of the metric log_loss has changed"),
    ],
)
def test_what_has_no_common_measure_is_refused(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(RecordError) as caught:
        compare_studies(side(tmp_path, "A", WEAK), side(tmp_path, "B", STRONG, **changes))
    assert words in str(caught.value)
    assert "A (study-A) and B (study-B)" in str(caught.value)
    assert "again" in str(caught.value)


@pytest.mark.parametrize(
    ("trials", "words"), [([], "no trial has ended"), ([failed(0)], "no trial has completed")]
)
def test_a_study_without_a_winner_is_refused(tmp_path: Path, trials: list[Trial], words: str) -> None:
    with pytest.raises(RecordError, match=words):
        compare_studies(side(tmp_path, "A", WEAK), side(tmp_path, "B", *trials))


def test_tables_of_earlier_versions_are_known_by_their_fact(tmp_path: Path) -> None:
    old = {"digests": {}, "facts": {"data_digest": "table"}}
    comparison = compare_studies(side(tmp_path, "A", WEAK, **old), side(tmp_path, "B", STRONG))
    assert not comparison.same_folds


def test_what_is_not_finished_or_optimistic_is_said(tmp_path: Path) -> None:
    first = side(tmp_path, "A", WEAK, standing="killed after 1 of 3 trials")
    second = side(tmp_path, "B", STRONG, optimistic=True)
    comparison = compare_studies(first, second)
    assert "A (study-A): killed after 1 of 3 trials." in comparison.notes
    assert "optimistic: the scored rows chose the epochs in B" in comparison.verdict
    assert any("not comparable" in note for note in comparison.notes)


@pytest.mark.parametrize(
    ("algorithm", "guided"),
    [("random", False), ("grid", False), ("sobol", False), ("tpe", True), ("bayesian", True), ("", False)],
)
def test_a_search_is_guided_where_its_algorithm_sees_scores(
    tmp_path: Path, algorithm: str, guided: bool
) -> None:
    assert side(tmp_path, "A", WEAK, facts={"algorithm": algorithm}).is_guided is guided
