"""Which version of a registered model is the champion: by stored scores on the same locked rows alone."""

import logging
from types import SimpleNamespace

import pytest
from fake_mlflow import FakeMlflow

from automl.tracking.mlflow.registry import (
    CHALLENGER,
    CHAMPION,
    REASON,
    Candidate,
    LockedScore,
    compare_scores,
    locked_score_in,
    register_model,
)
from automl.trial import Direction

LOSS = LockedScore("rows", "log_loss", Direction.MINIMIZE, 0.3)


def scored(
    value: float, digest: str = "rows", metric: str = "log_loss", direction: str = "min"
) -> LockedScore:
    return LockedScore(digest, metric, Direction(direction), value)


@pytest.mark.parametrize(
    ("new", "old", "is_better", "why"),
    [
        (scored(0.2), LOSS, True, "log_loss 0.2 on the locked test rows, 0.3 for version 4"),
        (scored(0.4), LOSS, False, "log_loss 0.4 on the locked test rows, 0.3 for version 4"),
        (scored(0.3), LOSS, False, "log_loss 0.3 on the locked test rows, 0.3 for version 4"),
        (
            scored(0.9, metric="r2", direction="max"),
            scored(0.8, metric="r2", direction="max"),
            True,
            "r2 0.9",
        ),
        (scored(0.1, digest="other"), LOSS, False, "was scored on other locked test rows"),
        (scored(0.1, metric="brier"), LOSS, False, "was scored by log_loss, this version by brier"),
        (scored(0.9, direction="max"), LOSS, False, "was scored by log_loss"),
        (
            None,
            LOSS,
            False,
            "this version has no score on locked test rows to compare with version 4, the champion",
        ),
        (scored(0.1), None, False, "version 4, the champion, has no stored score on locked test rows"),
        (scored(float("nan")), LOSS, False, "on the locked test rows"),
    ],
)
def test_only_a_better_score_on_the_same_rows_by_the_same_objective_is_better(
    new: LockedScore | None, old: LockedScore | None, is_better: bool, why: str
) -> None:
    better, reason = compare_scores(new, old, "4")
    assert better is is_better
    assert why in reason


def test_a_score_survives_as_tags() -> None:
    score = scored(1.0 / 3.0, metric="r2", direction="max")
    assert locked_score_in(score.tags) == score
    assert locked_score_in({}) is None and locked_score_in(score.tags | {"test_score": "x"}) is None


def test_the_alias_follows_the_score_and_the_reason_is_kept_and_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = FakeMlflow()
    store = SimpleNamespace(client=client, address=SimpleNamespace(is_server=True))

    def register(model: str, test: LockedScore | None) -> dict[str, int]:
        client.models.setdefault(model, SimpleNamespace(tags={}))
        register_model(store, "reader", Candidate(model, f"run of {model}", test, f"# card of {model}"))
        return dict(client.aliases["reader"])

    with caplog.at_level(logging.INFO, "automl.tracking.mlflow.registry"):
        assert register("a", scored(0.3)) == {CHAMPION: 1}
        assert register("b", scored(0.4)) == {CHAMPION: 1, CHALLENGER: 2}
        assert register("c", scored(0.2)) == {CHAMPION: 3, CHALLENGER: 2}
        assert register("d", scored(0.1, digest="other")) == {CHAMPION: 3, CHALLENGER: 4}
        assert register("c", scored(0.2)) == {CHAMPION: 3, CHALLENGER: 4}, "again changes nothing"
        assert register("e", None) == {CHAMPION: 3, CHALLENGER: 5}
    assert [version.tags[REASON].partition(",")[0] for version in client.versions] == [
        "there was no champion",
        "log_loss 0.4 on the locked test rows",
        "log_loss 0.2 on the locked test rows",
        "version 3",
        "this version has no score on locked test rows to compare with version 3",
    ]
    assert client.versions[1].description == "# card of b"
    assert caplog.messages[0] == "reader version 1 is registered as champion: there was no champion."
    assert caplog.messages[1].startswith("reader version 2 is registered as challenger: log_loss 0.4 on the")
    assert len(caplog.messages) == 5
