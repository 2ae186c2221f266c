"""Findings about tables with a known fault, and silence about tables without one."""

from dataclasses import replace
from typing import Any

import numpy
import pandas
import pytest
from small_tables import where

from automl.config.sections import DataConfig, SplitsConfig
from automl.data import target_copies
from automl.data.audit import audit
from automl.data.dataset import Dataset, make_dataset
from automl.data.splits import Splits, make_splits

ROWS = 400


def noise(rows: int = ROWS, columns: int = 3, seed: int = 0) -> pandas.DataFrame:
    """Columns and a target of two classes that have nothing to do with each other."""
    generator = numpy.random.default_rng(seed)
    table = pandas.DataFrame(
        generator.normal(size=(rows, columns)), columns=[f"x{c}" for c in range(columns)]
    )
    return table.assign(c=generator.choice(["u", "v", "w"], rows), y=generator.choice(["no", "yes"], rows))


def read(
    table: pandas.DataFrame, columns: dict[str, str] | None = None, **keys: Any
) -> tuple[Dataset, Splits]:
    config = SplitsConfig.model_validate(keys)
    data = DataConfig.model_validate({"path": "t.csv", "target": "y", "columns": columns})
    dataset = make_dataset(table, "y", data, where, config)
    return dataset, make_splits(dataset, config, 0, where)


def findings(table: pandas.DataFrame, columns: dict[str, str] | None = None, **keys: Any) -> tuple[str, ...]:
    return audit(*read(table, columns, **keys))


@pytest.mark.parametrize("kind", ["plain", "stratified"])
def test_nothing_is_found_where_nothing_is(kind: str) -> None:
    for seed in range(20):
        assert findings(noise(seed=seed), kind=kind) == ()
        numbers = noise(seed=seed).assign(y=numpy.random.default_rng(seed).normal(size=ROWS))
        assert findings(numbers) == ()


def with_copies(rows: int = ROWS) -> pandas.DataFrame:
    """Every row of the first half again in the second half; one cell is a gap."""
    half = noise(rows // 2)
    half.loc[3, "x0"] = numpy.nan
    return pandas.concat([half, half], ignore_index=True)


def test_equal_rows_on_both_sides_are_counted() -> None:
    dataset, splits = read(with_copies())
    tests, training = set((splits.test % 200).tolist()), set((splits.training % 200).tolist())
    num_tests = sum(row % 200 in training for row in splits.test.tolist())
    num_folds = 0
    for fold in splits.folds:
        learned = {row % 200 for row in [*fold.fit.tolist(), *fold.stopping.tolist()]}
        num_folds += sum(row % 200 in learned for row in fold.validation.tolist())
    test, folds = audit(dataset, splits)
    equal = "equal a training row in all learned columns and the target"
    assert test.startswith(f"{num_tests} of 80 test rows ({num_tests / 0.8:.1f} %) {equal}")
    assert folds.startswith(f"{num_folds} of 320 validation rows ({num_folds / 3.2:.1f} %) {equal}")
    assert "`kind: group`" in test and len(tests) < 80


def test_groups_that_hold_the_equal_rows_silence_the_finding() -> None:
    table = with_copies().assign(who=numpy.arange(ROWS) % 200)
    assert len(findings(table.drop(columns="who"))) == 2
    assert findings(table, kind="group", by="who") == ()


def test_shared_stopping_rows_are_no_rows_that_are_learned_from() -> None:
    assert findings(noise(), stop_on="validation") == ()
    assert len(findings(with_copies(), stop_on="validation")) == 2


def test_zeros_of_both_signs_are_equal() -> None:
    table = with_copies().assign(z=numpy.repeat([0.0, -0.0], ROWS // 2))
    table.loc[[7, 207], "z"] = 1.0
    assert len(findings(table)) == 2


def test_equal_rows_of_a_coarse_table_are_no_finding() -> None:
    """Of 2 × 3 × 3 kinds of rows, all 400 rows are equal to others, by chance."""
    generator = numpy.random.default_rng(0)
    table = pandas.DataFrame(generator.integers(0, 3, (ROWS, 3)), columns=["a", "b", "y"])
    assert findings(table, {"a": "categorical"}) == ()


def test_equal_rows_with_another_target_are_counted() -> None:
    """Of 50 rows with a copy, the copies have the other class: 100 rows, of which the training rows are counted."""
    table = noise()
    table.iloc[50:100] = table.iloc[:50].to_numpy()
    table.loc[50:99, "y"] = table.loc[:49, "y"].map({"no": "yes", "yes": "no"}).to_numpy()
    [finding] = findings(table, test=0.0)
    assert finding.startswith("100 of 400 training rows (25.0 %) equal another in all learned columns")
    assert "another target" in finding


@pytest.mark.parametrize(
    ("copy", "is_reported"),
    [
        (lambda y: 3.0 * y - 1.0, True),
        (lambda y: -numpy.exp(y), True),
        (lambda y: numpy.where(numpy.arange(len(y)) % 3 == 0, numpy.nan, y), True),
        (lambda y: y + numpy.random.default_rng(1).normal(0.0, 0.2, len(y)), False),
        (lambda y: numpy.where(numpy.arange(len(y)) < 9, y, numpy.nan), False),
    ],
    ids=["line", "falling curve", "gaps", "noise", "9 rows"],
)
def test_a_column_in_the_order_of_the_target(copy: Any, is_reported: bool) -> None:
    target = numpy.random.default_rng(0).normal(size=ROWS)
    messages = findings(noise().assign(y=target, copy=copy(target)))
    assert len(messages) == is_reported
    assert all("'copy'" in finding and "known at prediction time" in finding for finding in messages)


def test_rank_correlation_is_spearmans() -> None:
    table = noise().assign(y=numpy.random.default_rng(0).normal(size=ROWS))
    table["copy"] = table["y"] + numpy.random.default_rng(1).normal(0.0, 0.005, ROWS)
    dataset, splits = read(table)
    rows = table.iloc[splits.training]
    expected = rows["copy"].corr(rows["y"], method="spearman")
    [finding] = audit(dataset, splits)
    assert f"'copy' ({expected:.4f})" in finding


LEVELS = {"no": ["a", "b"], "yes": ["c", "d"]}


def leaky(table: pandas.DataFrame, wrong: int, seed: int = 0) -> list[str]:
    """Levels of which each belongs to a class, but for some rows."""
    generator = numpy.random.default_rng(seed)
    levels = numpy.array([generator.choice(LEVELS[label]) for label in table["y"]])
    levels[generator.permutation(len(levels))[:wrong]] = "a"
    return levels.tolist()


@pytest.mark.parametrize(("wrong", "is_reported"), [(0, True), (2, True), (40, False)])
def test_levels_that_name_the_class(wrong: int, is_reported: bool) -> None:
    table = noise()
    messages = findings(table.assign(leak=leaky(table, wrong)), test=0.0)
    assert len(messages) == is_reported
    assert all("'leak'" in finding and "determine the class" in finding for finding in messages)


def test_gaps_can_name_the_class() -> None:
    table = noise()
    late = numpy.where(table["y"] == "yes", numpy.arange(ROWS) % 7, numpy.nan)
    [finding] = findings(table.assign(days_late=late))
    assert "'days_late' (1.0000)" in finding


def test_values_that_hardly_repeat_name_no_class() -> None:
    """A city of three rows, and one that is alone: whatever its class, it would be named without a mistake."""
    table = noise()
    cities = [f"city {row // 3}" for row in numpy.argsort(table["y"], kind="stable").argsort()]
    assert findings(table.assign(city=cities), {"city": "categorical"}) == ()
    rare = numpy.arange(1000) % 40 == 0
    table = noise(1000).assign(y=numpy.where(rare, "rare", "usual"))
    alone = [f"city {row}" if row % 40 == 0 else "capital" for row in range(1000)]
    assert findings(table.assign(city=alone)) == ()
    assert len(findings(table.assign(city=numpy.where(rare, "elsewhere", "capital")))) == 1


def test_a_class_of_nearly_all_rows_is_named_by_any_column_and_that_is_no_finding() -> None:
    table = noise(4000).assign(y=numpy.where(numpy.arange(4000) % 1000 < 4, "rare", "usual"))
    assert findings(table) == ()
    [finding] = findings(table.assign(leak=numpy.where(table["y"] == "rare", "p", "q")))
    assert "'leak' (1.0000)" in finding


def test_a_threshold_that_parts_two_classes() -> None:
    table = noise()
    generator = numpy.random.default_rng(0)
    parted = numpy.where(table["y"] == "yes", -1.0, 1.0) * generator.uniform(0.1, 9.0, ROWS)
    [finding] = findings(table.assign(parted=parted))
    assert "'parted' (1.0000)" in finding and "AUC" in finding and "may be a copy of the target" in finding
    three = table.assign(y=generator.choice(["a", "b", "c"], ROWS), parted=parted)
    assert findings(three) == ()


def test_the_labels_of_test_rows_are_not_looked_at() -> None:
    table = noise().assign(leak=leaky(noise(), 0))
    dataset, splits = read(table)
    target = dataset.target.copy()
    target[splits.test] = 0
    assert audit(replace(dataset, target=target), splits) == audit(dataset, splits) != ()


def test_many_columns_are_one_finding() -> None:
    target = numpy.random.default_rng(0).normal(size=ROWS)
    table = noise(columns=0).drop(columns="c").assign(y=target, **{f"copy{c}": c + target for c in range(9)})
    [finding] = findings(table)
    assert "'copy4' (1.0000), 4 more." in finding


def test_of_large_tables_a_part_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target_copies, "MOST_ROWS", 100)
    rows = target_copies.some_rows(numpy.arange(1000, 2000))
    assert len(set(rows.tolist())) == 100 and rows.min() >= 1000
    table = noise()
    assert len(findings(table.assign(leak=leaky(table, 0)))) == 1


def test_equal_times_are_counted() -> None:
    table = noise().assign(t=[*range(300), *[300] * 100])
    [finding] = findings(table, kind="time", by="t")
    assert finding.startswith("100 of 400 rows share a timestamp with another row.")
    assert (
        findings(noise().assign(t=numpy.random.default_rng(0).permutation(ROWS) + 0.5), kind="time", by="t")
        == ()
    )


def test_dates_that_automatic_splits_pass_over_are_mentioned() -> None:
    days = pandas.date_range("2020-01-01", periods=ROWS).strftime("%Y-%m-%d")
    table = noise().assign(day=days[numpy.random.default_rng(0).permutation(ROWS)])
    hint = "the table has dates ('day'), and the splits ignore them. `kind: time` with `by: day` is"
    [finding] = findings(table)
    assert finding.startswith(hint)
    assert findings(table, kind="stratified") == ()
    dropped = read(table.drop(columns="day"))
    assert audit(*dropped) == ()
    assert audit(*dropped, table)[0].startswith(hint)
    assert findings(table.assign(day=numpy.arange(ROWS) / 2), kind="time", by="day") == ()


def test_times_of_day_are_no_order_to_split_by() -> None:
    times = [f"{row % 24:02}:{row % 60:02}" for row in range(ROWS)]
    assert findings(noise().assign(at=times)) == ()
