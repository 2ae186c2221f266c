"""Whether more rows would help: the winner's learning curve in a sentence, or why it says nothing."""

from collections.abc import Mapping
from typing import Any

from automl.evaluation.learning_curve import LearningCurve, learning_curve
from automl.records.state import StudyState
from automl.trial import derive_seed
from automl.wording import number

_MORE_OF = {
    "rows": ("More rows", "twice as many"),
    "groups": ("Rows of more groups", "twice as many groups"),
    "earliest rows": ("Rows of a longer past", "twice as many"),
}
"""What a learning curve has thinned, as its sentence calls it."""


def curve_of(state: StudyState) -> LearningCurve | None:
    """The winner's learning curve; None when it was not asked."""
    answer = state.learning_curve
    if not answer.get("rows"):
        return None
    seed = derive_seed(state.started.name, "learning curve")
    refused = _refused(answer)
    return learning_curve(answer["rows"], answer["losses"], seed, state.started.repeats, refused)


def _refused(answer: Mapping[str, Any]) -> str:
    """Why nothing can be said of more rows, as a clause; empty where something can."""
    unfinished = answer.get("unfinished")
    if unfinished is None:  # of an earlier version
        return (
            "it was computed by an earlier version, whose networks took fewer steps on fewer rows, "
            "and whose last point is the selected trial; run the study again"
        )
    if not unfinished:
        return ""
    count = sum(map(len, answer["losses"]))
    were = "was" if unfinished == 1 else "were"
    return (
        f"{unfinished:,} of its {count:,} networks {were} still improving when their epochs ended; raise "
        "`training.epochs`"
    )


def more_rows(state: StudyState, curve: LearningCurve | None) -> list[str]:
    """What the curve says of more rows, in sentences; none where there is no curve."""
    if curve is None:
        return []
    gain, last = curve.gain, curve.losses_mean[-1]
    if curve.refused:
        return [f"The learning curve cannot predict the effect of more rows: {curve.refused}."]
    more, twice = _MORE_OF[state.learning_curve.get("thinned", "rows")]
    if curve.says_more_rows_help:
        return [
            f"{more} would help: {twice} lower the {_loss(state)} by about {number(gain.value, 2)} (95 % "
            f"interval {number(gain.low, 2)} to {number(gain.high, 2)}) of {number(last, 3)}."
        ]
    return [f"The learning curve does not show that {more[0].lower()}{more[1:]} would help."]


def _loss(state: StudyState) -> str:
    return str(state.learning_curve.get("loss", "loss")).replace("_", " ")
