"""What the server answers, as it stands in the description of its addresses."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from automl.records.submissions import SubmissionState


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Problem(_Answer):
    """A problem document (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="about:blank: the title says what it is.")
    title: str = Field(description="Of the status.")
    status: int = Field(description="Of the answer.")
    detail: str = Field(description="What is wrong, and the cure.")


class StudyView(_Answer):
    """A study that was sent."""

    id: str = Field(description="Its name, or NAME~2 for the second study of that name.")
    name: str = Field(description="From the study file.")
    state: SubmissionState = Field(description="How far it is.")
    priority: int = Field(description="Larger ones begin first.")
    created: float = Field(description="When it was sent, in seconds since 1970.")
    changed: float = Field(description="When its state last changed, in seconds since 1970.")
    ahead: int | None = Field(description="Studies that begin before it, while it waits.")
    run: str | None = Field(description="Identifier of its run in the record, when it has begun.")
    trials: int = Field(description="Trials that have ended.")
    planned: int = Field(description="Trials at most.")
    metric: str = Field(description="Ranks the trials; empty before it has begun.")
    best: float | None = Field(description="Best mean score of a completed trial.")
    phase: str = Field(description="What it is doing; empty when it is not running.")
    seconds_left: float | None = Field(description="How long it will still take.")
    cancelled: bool = Field(description="Whether somebody has asked to cancel it.")
    reason: str = Field(description="Why it failed, or ended otherwise.")
    links: dict[str, str] = Field(description="Addresses of its parts.")


class StudyPage(_Answer):
    """A part of the queue, the newest first."""

    studies: list[StudyView] = Field(description="The studies.")
    next: str | None = Field(description="Address of the next part; null at the end.")


class TrialPage(_Answer):
    """Trials, the best first."""

    study: str = Field(description="Identifier of the study.")
    metric: str = Field(description="Ranks the trials.")
    direction: str = Field(description="min or max.")
    ended: int = Field(description="Trials that have ended.")
    trials: list[dict[str, Any]] = Field(description="Rank, number, state, scores, hyperparameters, reason.")


class TableView(_Answer):
    """A table that was sent."""

    path: str = Field(description="What a study file says under `data.path`.")
    size: int = Field(description="Bytes.")
    sha256: str = Field(description="Its digest.")


class PredictionView(_Answer):
    """Predictions, a row for each given row."""

    study: str = Field(description="Identifier of the study.")
    predictions: list[dict[str, Any]] = Field(description="`prediction`, and `probability_LABEL` of classes.")
    ignored: list[str] = Field(description="Columns that the model does not use.")


class Health(_Answer):
    """Whether the server can work."""

    status: str = Field(description="ok, or what is wrong.")
    version: str = Field(description="Of automl.")
