"""Records of trials: their statistics by hand, their ranking, and the seeds that derive from names."""

import dataclasses
import itertools
import math
import os
import statistics
import subprocess
import sys

import pytest
from paper_trials import completed, failed, fold

from automl.trial import Direction, Member, Objective, Trial, TrialState, derive_seed

LOSS = Objective("log_loss", Direction.MINIMIZE)
GAIN = Objective("log_loss", Direction.MAXIMIZE)


def test_mean_and_standard_error_by_hand() -> None:
    trial = completed(0, 1.0, 2.0, 6.0)
    assert trial.fold_scores("log_loss") == (1.0, 2.0, 6.0)
    assert trial.mean("log_loss") == 3.0
    # deviations -2, -1, 3: variance 14 / 2 = 7, times 1/3 for three folds and 1/2 for their overlap
    assert trial.standard_error("log_loss") == pytest.approx(math.sqrt(7.0 * (1 / 3 + 1 / 2)), rel=1e-15)
    assert trial.training_mean("log_loss") == 1.5
    assert trial.mean("accuracy") == 0.5
    assert trial.training_mean("accuracy") == 0.75


def test_standard_error_survives_a_large_mean() -> None:
    scores = (1e8 + 1, 1e8 + 2, 1e8 + 4)
    expected = statistics.stdev(scores) * math.sqrt(1 / 3 + 1 / 2)
    assert completed(0, *scores).standard_error("log_loss") == pytest.approx(expected, rel=1e-12)


def test_repeats_of_the_folds_tell_little_that_is_new() -> None:
    """Of four scores, s² = 5/3: of two folds twice, times 1/4 for the scores and 1 for the overlap of two folds."""
    twice = dataclasses.replace(completed(0, 1.0, 2.0, 3.0, 4.0), repeats=2)
    assert twice.standard_error("log_loss") == pytest.approx(math.sqrt(5 / 3 * (1 / 4 + 1)))


def test_folds_count_as_they_are_said_to_in_the_mean() -> None:
    counts = [{"log_loss": 1.0}, {"log_loss": 3.0}, {}]
    folds = [
        dataclasses.replace(fold, counts=fold_counts)
        for fold, fold_counts in zip(completed(0, 1.0, 2.0, 6.0).folds, counts, strict=True)
    ]
    trial = Trial(0, {}, TrialState.COMPLETE, tuple(folds))
    assert trial.mean("log_loss") == pytest.approx((1.0 + 6.0 + 6.0) / 5.0)
    assert trial.mean("accuracy") == 0.5


def test_one_fold_has_no_standard_error() -> None:
    assert math.isnan(completed(0, 1.0).standard_error("log_loss"))


def test_a_trial_without_folds_has_no_numbers() -> None:
    trial = failed(0)
    assert math.isnan(trial.mean("log_loss"))
    assert math.isnan(trial.standard_error("log_loss"))
    assert math.isnan(trial.best_epoch)


def test_best_epoch_is_the_mean_over_the_folds() -> None:
    folds = (fold(0, 1.0, best_epoch=1), fold(1, 1.0, best_epoch=2))
    assert Trial(0, {}, TrialState.COMPLETE, folds).best_epoch == 1.5


def test_ranking_to_smaller_scores_puts_failed_trials_last() -> None:
    trials = [failed(0), completed(1, 3.0), completed(2, 1.0), failed(3), completed(4, 2.0)]
    assert [trial.number for trial in LOSS.rank(trials)] == [2, 4, 1, 0, 3]


def test_ranking_to_larger_scores_puts_failed_trials_last_too() -> None:
    trials = [failed(0), completed(1, 3.0), completed(2, 1.0), failed(3), completed(4, 2.0)]
    assert [trial.number for trial in GAIN.rank(trials)] == [1, 4, 2, 0, 3]


@pytest.mark.parametrize("objective", [LOSS, GAIN])
def test_equal_scores_are_won_by_the_earlier_trial(objective: Objective) -> None:
    trials = [completed(2, 1.0), completed(1, 1.0), completed(0, 1.0)]
    best = objective.best(trials)
    assert best is not None
    assert best.number == 0
    assert [trial.number for trial in objective.rank(trials)] == [0, 1, 2]


def test_ranking_is_by_the_mean_over_the_folds_of_the_objective_alone() -> None:
    lucky, steady = completed(0, 0.1, 9.0), completed(1, 2.0, 2.0)
    best = LOSS.best([lucky, steady])
    assert best is steady


@pytest.mark.parametrize("objective", [LOSS, GAIN])
def test_a_failed_trial_is_never_the_best(objective: Objective) -> None:
    half = dataclasses.replace(completed(1, 5.0), state=TrialState.FAILED, reason="diverged in fold 1")
    assert objective.best([]) is None
    assert objective.best([failed(0), half]) is None
    best = objective.best([half, completed(2, 7.0)])
    assert best is not None
    assert best.number == 2


def test_ranking_leaves_the_given_list_alone() -> None:
    trials = [completed(0, 3.0), completed(1, 1.0)]
    LOSS.rank(trials)
    assert [trial.number for trial in trials] == [0, 1]


def test_records_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        completed(0, 1.0).number = 1  # type: ignore[misc]


def test_seeds_are_what_they_were_when_studies_were_recorded() -> None:
    """BLAKE2b of the names, modulo 2³¹−1, plus 1: a change here changes every study that anyone has kept."""
    assert derive_seed(0) == 1_277_483_698
    assert derive_seed(7, 0, 0, "weights") == 1_615_103_660
    assert derive_seed(7, "test") == 663_061_590


def test_seeds_lie_in_the_range_that_every_library_takes() -> None:
    seeds = [derive_seed(study, trial) for study in range(60) for trial in range(60)]
    assert min(seeds) >= 1
    assert max(seeds) <= 2**31 - 1
    assert max(seeds) > 2**30, "half of the range is never reached"
    assert len(set(seeds)) == len(seeds)


def test_neighboring_names_have_distinct_seeds() -> None:
    members = [Member(trial, fold, {}, study) for study, trial, fold in itertools.product(range(3), repeat=3)]
    streams = ("weights", "dropout", "rows")
    seeds = [member.seed(stream) for member in members for stream in streams]
    assert len(set(seeds)) == len(seeds) == 81
    assert derive_seed(1, 11) != derive_seed(11, 1)
    assert derive_seed(1, 1, 1) != derive_seed(11, 1) != derive_seed(111)


def test_a_refit_has_its_own_seed() -> None:
    assert Member(0, -1, {}, 0).seed("weights") not in {
        Member(0, fold, {}, 0).seed("weights") for fold in range(9)
    }


def test_the_seed_of_a_member_does_not_depend_on_its_hyperparameters() -> None:
    assert Member(3, 1, {"width": 8}, 5).seed("rows") == Member(3, 1, {"width": 64}, 5).seed("rows")


def test_seeds_do_not_depend_on_the_hash_seed_of_python() -> None:
    code = "from automl.trial import derive_seed; print(derive_seed(7, 'a', 3, 'weights'), hash('a'))"
    hashes = [
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for hash_seed in ("1", "2")
    ]
    assert hashes[0][1] != hashes[1][1], "the two must hash otherwise for this to say anything"
    assert {int(seed) for seed, _ in hashes} == {derive_seed(7, "a", 3, "weights")}


def test_the_mean_of_scores_near_the_largest_number_is_one():
    trial = completed(0, 1.7e308, 1.6e308)
    assert trial.mean("log_loss") == pytest.approx(1.65e308)
    assert math.isnan(completed(0, math.inf, -math.inf).mean("log_loss"))


def test_a_score_that_is_no_number_is_the_worst():
    trials = [completed(0, math.nan), completed(1, 2.0), completed(2, math.inf), failed(3)]
    for direction in Direction:
        objective = Objective("log_loss", direction)
        assert objective.best(trials).number == (1 if direction is Direction.MINIMIZE else 2)
        assert [trial.number for trial in objective.rank(trials)][-1] == 3
