"""What a clock tells of engines whose costs are known."""

from dataclasses import replace
from typing import Any

import numpy
import pytest
from small_studies import FOLDS, prepared_with

from automl.progress import Progress
from automl.study.forecast import forecast
from automl.study.network_sizes import smallest_and_largest
from automl.study.shortened import num_fit_rows, with_fewer_rows
from automl.study.timing import MOST_ROWS, CannotTrain, TooSlow, time_networks
from automl.trial import Trial, TrialState


class Known:
    """An engine whose costs are known: it trains nothing, and moves a clock instead.

    Costs are seconds: of a compilation, of a network besides its epochs, of a row in an epoch.
    """

    compilation, member, row = 3.0, 0.25, 0.001

    def __init__(self, plan: Any, folds: Any, now: list[float], cohort_size: int) -> None:
        self._plan, self._folds, self._now = plan, folds, now
        self.cohort_size = cohort_size
        self._compiled = False

    def _compile(self) -> None:
        self._now[0] += 0.0 if self._compiled else self.compilation
        self._compiled = True

    def _epoch(self, member: Any) -> float:
        return self.row * len(self._folds[member.fold].fit)

    def train(self, cohort: Any, watch: Any, recorded: frozenset[int] = frozenset()) -> Any:
        del recorded
        self._compile()
        for members in cohort:
            for done, member in enumerate(members):
                if done:
                    self._now[0] += self.member
                for epoch in range(self._plan.epochs):
                    begins, self._now[0] = self._now[0], self._now[0] + self._epoch(member)
                    if epoch and watch.seconds_left() < 0.0:
                        self._now[0] = begins + watch.seconds_left() + self._epoch(member)
                        yield Trial(0, {}, TrialState.FAILED, reason="the budget ended")
                        return
                    if self.cohort_size == 1:
                        watch.on_progress(Progress(done, len(members), 1, epoch + 1, self._plan.epochs))
            self._now[0] += self.member
            yield Trial(members[0].trial, {}, TrialState.COMPLETE)

    def trace(self, members: Any, watch: Any, recorded: frozenset[int] = frozenset()) -> Any:
        del watch, recorded
        self._now[0] += sum(member.snapshots[-1] * self._epoch(member) for member in members)
        yield from members


def with_engine(monkeypatch: pytest.MonkeyPatch, cohort_size: int, **costs: float) -> list[float]:
    """Lets studies have such an engine; gives its clock."""
    now = [100.0]
    kind = type("Costly", (Known,), costs)
    monkeypatch.setattr(
        "automl.study.preparation.make_engine", lambda plan, folds: kind(plan, folds, now, cohort_size)
    )
    return now


@pytest.mark.parametrize("cohort_size", [1, 200])
def test_compilation_epochs_and_the_rest_are_told_apart(
    monkeypatch: pytest.MonkeyPatch, cohort_size: int
) -> None:
    prepared = prepared_with()
    now = with_engine(monkeypatch, cohort_size)
    network = smallest_and_largest(prepared)[0]
    (timing,) = time_networks(prepared, [network], clock=lambda: now[0])
    rows = numpy.mean([len(fold.fit) for fold in prepared.splits.folds])
    assert timing.share == 1.0 and timing.network == network
    assert timing.compilation == pytest.approx(3.0, rel=1e-3)
    assert timing.member == pytest.approx(0.25, rel=0.05)
    assert timing.epoch == pytest.approx(0.001 * rows, rel=0.05)  # folds differ by a row


@pytest.mark.parametrize("cohort_size", [1, 200])
def test_of_a_large_table_a_sample_is_timed_and_scaled(
    monkeypatch: pytest.MonkeyPatch, cohort_size: int
) -> None:
    prepared = prepared_with()
    fit = numpy.arange(3 * MOST_ROWS)
    large = tuple(replace(fold, fit=fit) for fold in prepared.splits.folds)
    prepared = replace(prepared, splits=replace(prepared.splits, folds=large))
    now = with_engine(monkeypatch, cohort_size, row=1e-6)
    (timing,) = time_networks(prepared, smallest_and_largest(prepared)[:1], clock=lambda: now[0])
    assert timing.share <= 1 / 3
    assert timing.epoch == pytest.approx(3 * MOST_ROWS * 1e-6, rel=1e-3)


def test_a_sample_of_rows_is_the_same_each_time_and_keeps_the_parts_apart() -> None:
    prepared = prepared_with()
    once, again = (with_fewer_rows(prepared, 0.3).splits.folds for _ in range(2))
    for fold, repeated, whole in zip(once, again, prepared.splits.folds, strict=True):
        for part in ("fit", "stopping", "validation"):
            rows = getattr(fold, part)
            assert numpy.array_equal(rows, getattr(repeated, part))
            assert set(rows) <= set(getattr(whole, part)) and len(set(rows)) == len(rows)
            assert len(rows) == numpy.ceil(0.3 * len(getattr(whole, part)))
    assert num_fit_rows(with_fewer_rows(prepared, 1.0)) == num_fit_rows(prepared)


def test_an_epoch_that_does_not_end_in_time_is_a_lower_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = prepared_with()
    now = with_engine(monkeypatch, 1, row=1.0)
    network = smallest_and_largest(prepared)[1]
    with pytest.raises(TooSlow) as caught:
        time_networks(prepared, [network], clock=lambda: now[0])
    assert caught.value.seconds == 15.0 and caught.value.network == network

    def slow(*_: Any) -> Any:
        raise caught.value

    estimate = forecast(prepared, slow)
    assert estimate.times is None
    assert estimate.reason == "one epoch of the largest network takes more than 15 s"
    assert estimate.at_least == 4 * FOLDS * 6 * 15.0  # trials, folds, epochs, seconds
    assert estimate.memory is not None and estimate.disk is not None


def test_a_network_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = prepared_with()
    with_engine(monkeypatch, 200)

    def broken(*_: Any) -> Any:
        yield Trial(0, {}, TrialState.FAILED, reason="ValueError: no such layer")

    monkeypatch.setattr(Known, "train", broken)
    with pytest.raises(CannotTrain, match="ValueError: no such layer"):
        time_networks(prepared, smallest_and_largest(prepared))
