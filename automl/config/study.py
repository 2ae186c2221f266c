"""What a study file may say: the whole of it, put together from its sections.

`sections.py`, `budget.py`, `stores.py`, `ranges.py` and this file are the only users of pydantic. They know form and
ranges; whether a name (an activation, a metric, a sampler) exists is asked later, of the table that owns it. Reading
YAML and locating errors in it is `reading.py`; what may change while a study goes on is `changes.py`.
"""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from automl.config.budget import BudgetConfig, check_share, with_budget
from automl.config.ranges import Range, Section, misplaced
from automl.config.search import SearchConfig
from automl.config.sections import (
    SOURCES,
    BiasVarianceConfig,
    DataConfig,
    NetworkConfig,
    SplitsConfig,
    TrainingConfig,
)
from automl.config.stores import RecordsConfig, TrackingConfig


class StudyConfig(Section):
    """One study: one question about one table."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        max_length=100,
        description="Letters, digits, `-`, `_` and `.`; default: the name of the file.",
    )
    data: DataConfig = Field(description="The table and its target.")
    splits: SplitsConfig = Field(
        SplitsConfig(), description="Which rows are used for training, stopping, validation and test."
    )
    objective: str | None = Field(
        None,
        description="Metric that ranks the trials; default: log_loss for classes, rmse for numbers. `f1.5` is F-beta "
        "with any beta above 0, `top_4_accuracy` that of any number of places from 2. Your own metric is "
        "`file.py:function`, called as `function(target, prediction, weights) -> float`.",
    )
    direction: Literal["min", "max"] | None = Field(
        None, description="Whether a smaller or a larger score of your own metric is better."
    )
    space: dict[str, Range] | None = Field(
        None, description="The search space, by hyperparameter; default: a small general space."
    )
    network: NetworkConfig = Field(
        NetworkConfig(), description="The network that is built from the hyperparameters."
    )
    search: SearchConfig = Field(SearchConfig(), description="How the space is searched.")
    budget: BudgetConfig = Field(
        BudgetConfig(), description="How long the whole command may take, and what ends the search early."
    )
    training: TrainingConfig = Field(TrainingConfig(), description="How one network is trained.")
    ensemble: Literal["auto", "none", "folds", "seeds", "greedy"] = Field(
        "auto",
        description="What the exported model averages: none is the single best network, trained on all training rows; "
        "folds are the networks of all folds of the best trial; seeds are several networks of the best trial, and "
        "greedy those of several trials, chosen by their out-of-fold predictions, all trained on all training rows; "
        "auto is greedy for the default space and none where `space` or `network` says otherwise.",
    )
    baselines: bool = Field(
        True,
        description="Whether a constant, a linear model and gradient boosting are scored on the same folds.",
    )
    bias_variance: BiasVarianceConfig = Field(
        BiasVarianceConfig(),
        description="Which trials are analyzed for bias and variance, and in what detail.",
    )
    tracking: TrackingConfig = Field(
        TrackingConfig(),
        description="Where trials and models are sent: MLflow, your own tracker, or nowhere.",
    )
    records: RecordsConfig = Field(
        RecordsConfig(),
        description="The database in which the study is recorded, and from which it is continued.",
    )

    _text: str = PrivateAttr("")
    _file: Path | None = PrivateAttr(None)
    _folder: Path | None = PrivateAttr(None)
    _lines: dict[tuple[str | int, ...], int] = PrivateAttr(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _older_minutes(cls, content: Any) -> Any:
        return with_budget(content) if isinstance(content, dict) else content

    @model_validator(mode="after")
    def _within_budget(self) -> Self:
        check_share(self.search.minutes, self.budget.minutes)
        return self

    @model_validator(mode="after")
    def _direction_of_an_own_metric(self) -> Self:
        if self.own_metric and self.direction is None:
            raise misplaced(("objective",), "needs a `direction` as well: min or max. Add `direction: max`")
        if not self.own_metric and self.direction is not None:
            raise misplaced(
                ("direction",), "is for your own metric; the direction of the others is known. Remove it"
            )
        return self

    @property
    def own_metric(self) -> str:
        """`file.py:function` of a metric of the study's own; empty when it has none."""
        return self.objective if self.objective and ".py:" in self.objective else ""

    @property
    def text(self) -> str:
        """The study file as it was read; empty when the study was made in Python."""
        return self._text

    @property
    def folder(self) -> Path:
        """The folder that relative paths in the study start from."""
        return self._folder or (self._file.parent if self._file else Path.cwd())

    def where(self, *keys: str | int) -> str:
        """`file:line` of the deepest of these keys that the file holds."""
        if self._file is None:
            return self.name
        return locate(self._file, self._lines, keys)


def locate(file: Path, lines: dict[tuple[str | int, ...], int], keys: tuple[str | int, ...]) -> str:
    """`file:line` of the deepest key that has a line; keys that stand for no line are stepped over."""
    deepest: tuple[str | int, ...] = ()
    for key in keys:
        if (*deepest, key) in lines:
            deepest = (*deepest, key)
    return f"{file}:{lines.get(deepest, 1)}"


def study_schema() -> dict[str, Any]:
    """JSON Schema of the study file, for editors."""
    schema = StudyConfig.model_json_schema(by_alias=True)
    schema["required"] = ["data"]
    space = schema["properties"]["space"]["anyOf"][0]["additionalProperties"]
    space["oneOf"].append({"type": ["boolean", "integer", "number", "string"]})
    data = schema["$defs"][DataConfig.__name__]
    data["oneOf"] = [
        {"required": [key], "properties": {key: {"const": True} if key == "frame" else {"type": "string"}}}
        for key in SOURCES
    ]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "automl study", **schema}
