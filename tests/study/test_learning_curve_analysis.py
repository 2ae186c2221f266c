"""The learning curve of a winner: networks that are trained out, all of them new, on whole groups."""

from typing import Any

import numpy
import pandas
import pytest
from paper_trials import fold

from automl.config.reading import make_study
from automl.study.analyses import learning_curve as analysis
from automl.study.analyses.analysis import Subject
from automl.study.analyses.learning_curve import SHARES, LearningCurveAnalysis, still_falls
from automl.study.preparation import PreparedStudy, prepare_study
from automl.training.engine import Watch
from automl.training.members import plan_members
from automl.training.rows import member_fold

WATCH = Watch(lambda _: None, lambda: True)
FOLDS = 5


def linear(num_rows: int = 400) -> pandas.DataFrame:
    """A linear target of variance 4.3 with noise of variance 0.25: of the rows' number almost nothing depends."""
    generator = numpy.random.default_rng(0)
    inputs = generator.normal(size=(num_rows, 6))
    table = pandas.DataFrame(inputs, columns=list("abcdef"))
    table["y"] = inputs @ [1.5, -1.0, 0.8, 0.6, -0.5, 0.3] + generator.normal(0.0, 0.5, num_rows)
    return table


def prepared_with(epochs: int, table: pandas.DataFrame | None = None, **sections: Any) -> PreparedStudy:
    content = {
        "name": "s",
        "data": {"frame": True, "target": "y"},
        "splits": {"folds": FOLDS, "test": 0},
        "space": {"depth": 0, "learning_rate": 0.03},
        "training": {"epochs": epochs, "batch_size": 32, "patience": 5},
    }
    merged = {name: content.get(name, {}) | section for name, section in sections.items()}
    return prepare_study(make_study(content | merged), linear() if table is None else table)


def answer_of(prepared: PreparedStudy) -> tuple[Any, dict[str, Any]]:
    engine = prepared.make_engine()
    members = plan_members(0, dict(prepared.space.initial()), len(prepared.splits.folds), 0)
    [best] = list(engine.train([members], WATCH))
    subject = Subject(prepared, engine, (best,), best, frozenset(), 1e9)
    plan = LearningCurveAnalysis().plan(subject)
    assert plan is not None
    [answer] = list(LearningCurveAnalysis().answers(subject, plan, WATCH))
    assert answer.trial == 0
    return best, dict(answer.content)


def test_a_tight_budget_of_epochs_changes_no_point() -> None:
    """Of 64 to 272 rows with the same epochs, the smallest took a quarter of the steps: 4.6, 4.1 … 0.26 was seen."""
    best, tight = answer_of(prepared_with(20))
    _, ample = answer_of(prepared_with(200))
    assert tight["rows"] == ample["rows"] == [68, 95, 136, 190, 272]
    assert (tight["unfinished"], tight["thinned"], tight["loss"]) == (0, "rows", "squared_error")
    means = numpy.mean(tight["losses"], axis=1)
    assert means == pytest.approx(numpy.mean(ample["losses"], axis=1), rel=0.03)
    # noise 0.25 and 7 coefficients: 0.25 (1 + 7 / 60) at 68 rows at the most, and the stopping rows take some
    assert (means < 0.33).all()
    assert tight["losses"][-1] != [score**2 for score in best.fold_scores("rmse")], "the winner trains again"


def test_networks_whose_epochs_run_out_are_counted() -> None:
    _, slow = answer_of(prepared_with(4, space={"learning_rate": 1e-3}))
    assert slow["unfinished"] == FOLDS * len(SHARES)


def test_every_network_is_a_new_one_with_as_many_steps_as_the_winner() -> None:
    prepared = prepared_with(30)
    values = dict(prepared.space.initial())
    searched = plan_members(0, values, FOLDS, 0)
    anchors = analysis._anchors(prepared, values)
    members = [member for anchor in anchors for member in anchor.members]
    assert len(members) == FOLDS * len(SHARES)
    seeds = {member.seed("weights") for member in (*members, *searched)}
    assert len(seeds) == len(members) + FOLDS
    assert not {member.order_seed for member in members} & {member.order_seed for member in searched}
    for member in members:
        rows, most = (
            len(member_fold(fitted_member, prepared.splits.folds[fitted_member.fold]).fit)
            for fitted_member in (member, searched[member.fold])
        )
        steps, its_steps = -(-rows // 32), -(-most // 32)
        assert member.epochs * steps >= 2 * 30 * its_steps
        assert member.epochs * rows >= 2 * 30 * most
        assert member.patience * steps >= 5 * its_steps
    assert [member.epochs for member in anchors[-1].members] == [60] * FOLDS


def test_a_schedule_keeps_its_length_in_steps() -> None:
    """It spans the epochs: twice as many would be another configuration."""
    prepared = prepared_with(30, space={"schedule": "cosine"})
    anchors = analysis._anchors(prepared, dict(prepared.space.initial()))
    assert [member.epochs for member in anchors[-1].members] == [30] * FOLDS
    assert [member.epochs for member in anchors[0].members] == [120] * FOLDS


def test_both_engines_train_a_member_for_its_own_epochs() -> None:
    """The limit, the patience and the schedule's length of a member, not those of the study."""
    space = {"schedule": "linear", "depth": 1, "width": 4}
    results = []
    for name in ("population", "sequential"):
        prepared = prepared_with(6, training={"engine": name}, space=space, splits={"folds": 2})
        anchors = analysis._anchors(prepared, dict(prepared.space.initial()))
        [trial] = list(prepared.make_engine().train([anchors[0].members], WATCH))
        assert [len(fold.training_loss) for fold in trial.folds] == [
            member.epochs for member in anchors[0].members
        ]
        assert all(member.epochs > 20 for member in anchors[0].members)
        results.append([(fold.best_epoch, fold.scores["rmse"]) for fold in trial.folds])
    for first, second in zip(*results, strict=True):
        assert first[0] == second[0]
        assert first[1] == pytest.approx(second[1], rel=1e-4)


def test_whole_groups_are_thinned_and_of_few_groups_fewer_points_are_made() -> None:
    table = linear()
    table["site"] = numpy.arange(len(table)) % 50
    splits = {"kind": "group", "by": "site"}
    features = {"features": list("abcdef")}
    prepared = prepared_with(5, table, splits=splits, data=features)
    for anchor in analysis._anchors(prepared, dict(prepared.space.initial())):
        for member in anchor.members:
            whole = prepared.splits.folds[member.fold]
            inside = table["site"][member_fold(member, whole).fit]
            assert table["site"][whole.fit].isin(inside).sum() == len(inside)
    table["site"] = numpy.arange(len(table)) % 5
    few = analysis._anchors(
        prepared_with(5, table, splits=splits, data=features), dict(prepared.space.initial())
    )
    rows = [anchor.mean_rows for anchor in few]
    assert rows == sorted(set(rows)) and len(rows) < len(SHARES)
    assert [member.trial for anchor in few for member in anchor.members[:1]] == [
        -1 - n for n in range(len(few))
    ]
    assert all(member.share == 1.0 for member in few[-1].members)


@pytest.mark.parametrize(
    ("losses", "best", "falls"),
    [
        ([1.0] * 19 + [0.9], 20, True),  # the last of twenty is a step better
        ([1.0] * 19 + [0.9995], 20, False),  # by less than a thousandth
        ([2.0 - place / 10 for place in range(10)] + [1.2] * 10, 10, False),  # stopped in the midst
        ([1.0] * 10 + [0.9] * 9 + [0.8999], 20, False),
    ],
)
def test_a_network_still_falls_where_its_last_epochs_are_better(
    losses: list[float], best: int, falls: bool
) -> None:
    assert still_falls(fold(0, 0.5, tuple(losses), best), 20) is falls
