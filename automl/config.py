"""What a study file may say: frozen models with one description a key. The only user of pydantic.

Knows form and ranges; whether a name (an activation, a metric, a sampler) exists is asked later, of the table
that owns it. Reading YAML and locating errors in it is `studyfile.py`.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, PrivateAttr, Tag, model_validator

from automl.trial import Scalar


class Section(BaseModel):
    """A part of the study file: frozen, and a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, protected_namespaces=())


class DataConfig(Section):
    """The table and its target."""

    path: str | None = Field(None, description="A CSV file (also .gz), relative to the study file.")
    sklearn: str | None = Field(
        None, description="A table bundled with scikit-learn: digits, iris, wine, breast_cancer, diabetes."
    )
    target: str | None = Field(
        None, description="Name of the column to predict; a scikit-learn table has its own."
    )
    features: list[str] | None = Field(
        None, min_length=1, description="Columns to learn from; all but the target when left out."
    )
    task: Literal["auto", "binary", "multiclass", "regression"] = Field(
        "auto", description="What the target asks for; auto looks at its values."
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.path is None) == (self.sklearn is None):
            got = "none of them" if self.path is None else f"{self.path!r} and {self.sklearn!r}"
            raise ValueError(f"must name exactly one of `path` and `sklearn`, got {got}")
        if self.path is not None and self.target is None:
            raise ValueError("must name its `target`, the column to predict")
        return self


class SplitsConfig(Section):
    """Which rows train, stop, validate and test."""

    test: float = Field(
        0.2, ge=0.0, lt=1.0, description="Share of rows locked away until the search is over; 0 keeps none."
    )
    folds: int = Field(5, ge=2, description="Number of cross-validation folds.")
    stopping: float = Field(
        0.15,
        gt=0.0,
        lt=1.0,
        description="Share of a fold's training rows that chooses the epoch and is never scored.",
    )


class NetworkConfig(Section):
    """What is built from the hyperparameters."""

    builder: str | None = Field(
        None,
        pattern=r"^.+\.py:[A-Za-z_]\w*$",
        description="A builder of your own, `file.py:function`, called as `function(hp) -> keras.Model`; "
        "a multilayer perceptron when left out.",
    )


class SearchConfig(Section):
    """How the space is searched, and for how long."""

    algorithm: str = Field("bayesian", description="random, grid or bayesian.")
    trials: int = Field(20, ge=1, description="Number of trials at most.")
    cohort: int | None = Field(
        None,
        ge=1,
        description="Trials that are asked for and trained together; as the algorithm allows when left out.",
    )
    minutes: float | None = Field(
        None, gt=0.0, description="No new trial is started after this many minutes; no limit when left out."
    )
    seed: int = Field(0, ge=0, description="Everything random in the study derives from it.")


class TrainingConfig(Section):
    """How one network is trained."""

    epochs: int = Field(100, ge=1, description="Number of epochs at most.")
    batch_size: int = Field(64, ge=1, description="Rows a step; `space` may search it instead.")
    patience: int = Field(
        10, ge=1, description="Epochs without a better loss on the stopping rows before a network stops."
    )
    loss: Literal["auto", "mse", "mae", "huber"] = Field(
        "auto", description="Loss of a regression; cross-entropy is the loss of every classification."
    )
    class_weights: Literal["none", "balanced"] = Field(
        "none", description="balanced: a row weighs the more in the training loss the rarer its class is."
    )
    engine: Literal["auto", "population", "sequential"] = Field(
        "auto",
        description="population trains many networks as one program, sequential one after another with Keras's "
        "own fit; auto takes the population wherever it can train the networks.",
    )


class TrackingConfig(Section):
    """Where MLflow keeps the study."""

    uri: str | None = Field(
        None,
        description="An MLflow server; MLFLOW_TRACKING_URI, then a database under mlruns/ when left out.",
    )
    register_as: str | None = Field(
        None, min_length=1, description="Name under which the best model enters MLflow's model registry."
    )


class IntRange(Section):
    """Whole numbers from low to high, both included."""

    bounds: Annotated[tuple[int, int], Field(strict=False)] = Field(
        alias="int", description="The bounds, both included, as in `[1, 4]`."
    )
    step: int | None = Field(
        None, ge=1, description="Distance between neighbors; a factor when `log` is true."
    )
    log: bool = Field(False, description="Draw evenly on a logarithmic scale.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _check_range(self)
        return self


class FloatRange(Section):
    """Numbers from low to high, both included."""

    bounds: Annotated[tuple[float, float], Field(strict=False)] = Field(
        alias="float", description="The bounds, both included, as in `[1, 4]`."
    )
    step: float | None = Field(
        None, gt=0, description="Distance between neighbors; a factor when `log` is true."
    )
    log: bool = Field(False, description="Draw evenly on a logarithmic scale.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _check_range(self)
        return self


class Choice(Section):
    """One of a list of values."""

    values: Annotated[tuple[Scalar, ...], Field(strict=False, min_length=1)] = Field(
        alias="choice", description="The values, all of one type."
    )
    per_layer: bool = Field(False, description="`width` only: let each hidden layer have its own.")

    @model_validator(mode="after")
    def _one_type(self) -> Self:
        kinds = {"number" if type(value) in (int, float) else type(value).__name__ for value in self.values}
        if len(kinds) > 1:
            raise ValueError(f"must hold values of one type, got {list(self.values)}")
        if len(set(self.values)) < len(self.values):
            raise ValueError(f"must not hold a value twice, got {list(self.values)}")
        return self


class Fixed(Section):
    """One value, not searched. A bare value in the study file means the same."""

    value: Scalar = Field(alias="fixed", description="The value.")


def _kind(entry: Any) -> str:
    if isinstance(entry, Section):
        return {IntRange: "int", FloatRange: "float", Choice: "choice", Fixed: "fixed"}[type(entry)]
    kinds = [
        kind for kind in ("int", "float", "choice", "fixed") if isinstance(entry, dict) and kind in entry
    ]
    return kinds[0] if len(kinds) == 1 else "neither"


Range = Annotated[
    Annotated[IntRange, Tag("int")]
    | Annotated[FloatRange, Tag("float")]
    | Annotated[Choice, Tag("choice")]
    | Annotated[Fixed, Tag("fixed")],
    Discriminator(
        _kind,
        custom_error_type="range_kind",
        custom_error_message="Input should be a single value, or exactly one of `{int: [low, high]}`, "
        "`{float: [low, high]}` and `{choice: [...]}`",
    ),
]


class StudyConfig(Section):
    """One study: one question about one table."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        max_length=100,
        description="Letters, digits, `-`, `_` and `.`; the file's name when left out.",
    )
    data: DataConfig = Field(description="The table and its target.")
    splits: SplitsConfig = Field(SplitsConfig(), description="Which rows train, stop, validate and test.")
    objective: str | None = Field(
        None,
        description="Metric that ranks the trials; log_loss for classes, rmse for numbers when left out.",
    )
    space: dict[str, Range] | None = Field(
        None, description="What is searched, by hyperparameter; a small general space when left out."
    )
    network: NetworkConfig = Field(NetworkConfig(), description="What is built from the hyperparameters.")
    search: SearchConfig = Field(SearchConfig(), description="How the space is searched, and for how long.")
    training: TrainingConfig = Field(TrainingConfig(), description="How one network is trained.")
    tracking: TrackingConfig = Field(TrackingConfig(), description="Where MLflow keeps the study.")

    _text: str = PrivateAttr("")
    _file: Path | None = PrivateAttr(None)
    _folder: Path | None = PrivateAttr(None)
    _lines: dict[tuple[str | int, ...], int] = PrivateAttr(default_factory=dict)

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
    found: tuple[str | int, ...] = ()
    for key in keys:
        if (*found, key) in lines:
            found = (*found, key)
    return f"{file}:{lines.get(found, 1)}"


def study_schema() -> dict[str, Any]:
    """JSON Schema of the study file, for editors."""
    schema = StudyConfig.model_json_schema(by_alias=True)
    schema["required"] = ["data"]
    space = schema["properties"]["space"]["anyOf"][0]["additionalProperties"]
    space["oneOf"].append({"type": ["boolean", "integer", "number", "string"]})
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "automl study", **schema}


def _check_range(entry: IntRange | FloatRange) -> None:
    low, high = entry.bounds
    if not (abs(low) < float("inf") and abs(high) < float("inf") and low <= high):
        raise ValueError(f"must have finite bounds with low <= high, got [{low}, {high}]")
    if entry.log and low <= 0:
        raise ValueError(f"must have a low bound above 0 when `log` is true, got {low}")
    if entry.log and entry.step is not None and entry.step <= 1:
        raise ValueError(f"must have a `step` above 1 when `log` is true, got {entry.step}")
