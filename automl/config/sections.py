"""The sections of a study file on its table, search, networks and analysis: frozen models, each key described.

Its space is in `ranges.py`, its budget in `budget.py`, its stores in `stores.py`.
"""

import math
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from automl.config.ranges import Section
from automl.trial import Scalar

FEWEST_RESAMPLES = 4
"""Of a table: with fewer, too many rows are in every one of them."""

SOURCES = ("path", "url", "sql", "sklearn", "frame")
"""Keys that name a table; a test holds them to be those of `data/sources/table.py`, which this layer does not know."""


class DataConfig(Section):
    """The table and its target."""

    path: str | None = Field(
        None,
        description="A file, relative to the study file: CSV, TSV or JSON (also packed, as in .csv.gz), Parquet, "
        "Feather or Excel, chosen by the suffix of its name.",
    )
    url: str | None = Field(None, description="The http or https address of such a file.")
    sql: str | None = Field(
        None,
        description="A database URL for SQLAlchemy, `sqlite:///table.db`, together with `query` or `table`; `${NAME}` "
        "stands for an environment variable.",
    )
    query: str | None = Field(
        None, min_length=1, description="A SELECT statement that returns the table, for `sql`."
    )
    table: str | None = Field(None, min_length=1, description="Name of the table or view, for `sql`.")
    encoding: str = Field(
        "utf-8", description="Text encoding of a CSV, TSV or JSON file, for example latin-1."
    )
    separator: str | None = Field(
        None,
        min_length=1,
        max_length=1,
        description="Separator of the cells of a CSV file; default: a comma, in a .tsv a tab.",
    )
    header: Literal["first_line", "none"] = Field(
        "first_line", description="none: the file has no line of names, and its first line is a row."
    )
    names: list[str] | None = Field(
        None, min_length=1, description="Names for all columns; they replace the names in the file."
    )
    skip: int = Field(
        0, ge=0, description="Number of lines above the line of names, such as a title, to skip."
    )
    sheet: str | None = Field(None, min_length=1, description="Sheet of an Excel file; default: the first.")
    sklearn: str | None = Field(
        None, description="A table bundled with scikit-learn: digits, iris, wine, breast_cancer, diabetes."
    )
    frame: bool = Field(
        False, description="Whether the table is a DataFrame from Python: `run_study(study, table=frame)`."
    )
    target: str | None = Field(
        None, description="Name of the column to predict; not needed for a scikit-learn table."
    )
    features: list[str] | None = Field(
        None, min_length=1, description="Columns to learn from; default: all but the target."
    )
    columns: dict[str, str] | None = Field(
        None,
        description="Overrides the detected type, by column: numeric, categorical, date, choices, text, drop.",
    )
    decimal: Literal[".", ","] | None = Field(
        None, description="Decimal separator of numbers in text; detected by default."
    )
    date_order: Literal["day_first", "month_first", "year_first"] | None = Field(
        None,
        description="Order of day and month in dates such as 3/4/2023 that are ambiguous in the whole column; "
        "by default such a column is not read as dates. year_first reads 14/05/06 as 2014-05-06.",
    )
    gaps: dict[str, list[int | float | str]] | None = Field(
        None, description="Cells that stand for a missing value, by column: `{income: [-999, unknown]}`."
    )
    weights: str | None = Field(
        None, description="Column with the weight of each row in losses and scores; default: equal weights."
    )
    task: Literal["auto", "binary", "multiclass", "regression"] = Field(
        "auto", description="Kind of prediction; auto chooses by the values of the target."
    )
    positive: Scalar | None = Field(
        None,
        description="The class, of two, that precision, recall, curves and the threshold refer to; default: the "
        "rarer one, or the later in the alphabet if both are equally frequent.",
    )
    rows_without_target: Literal["drop", "refuse"] = Field(
        "drop", description="What to do with rows without a target: leave them out, or stop."
    )

    @field_validator("sheet", mode="before")
    @classmethod
    def _years_too(cls, name: object) -> object:
        return str(name) if isinstance(name, int) and not isinstance(name, bool) else name

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [key for key in SOURCES if getattr(self, key)]
        if len(given) != 1:  # an address may hold a password and is not repeated
            got = " and ".join(f"`{key}`" for key in given) or "none of them"
            keys = f"{', '.join(f'`{key}`' for key in SOURCES[:-1])} and `{SOURCES[-1]}`"
            raise ValueError(f"must name exactly one of {keys}, got {got}")
        if self.sklearn is None and self.target is None:
            raise ValueError("must name its `target`, the column to predict")
        if self.url is not None and not self.url.startswith(("http://", "https://")):
            raise ValueError("must have a `url` that begins with http:// or https://, got another")
        return self

    @model_validator(mode="after")
    def _keys_of_the_source(self) -> Self:
        given = [key for key in ("query", "table") if getattr(self, key) is not None]
        if self.sql is None and given:
            raise ValueError(f"must have `{given[0]}` only together with `sql`, got it without")
        if self.sql is not None and len(given) != 1:
            got = "both" if given else "neither"
            raise ValueError(f"must have exactly one of `query` and `table` together with `sql`, got {got}")
        for key in ("encoding", "separator", "header", "names", "skip", "sheet"):
            if key in self.model_fields_set and self.path is None and self.url is None:
                raise ValueError(
                    f"must have `{key}` only together with `path` or `url`, got {getattr(self, key)!r}"
                )
        twice = [name for name in self.names or [] if (self.names or []).count(name) > 1]
        if twice:
            raise ValueError(f"must have different `names`, got {twice[0]!r} twice")
        try:
            "".encode(self.encoding)
        except LookupError:
            raise ValueError(f"must have an `encoding` that Python knows, got {self.encoding!r}") from None
        return self


class SplitsConfig(Section):
    """Which rows train, stop, validate and test."""

    kind: Literal["auto", "stratified", "plain", "group", "time", "column"] = Field(
        "auto",
        description="stratified keeps the shares of the classes, plain is random, group keeps rows of one group "
        "together, time tests on the latest rows, column takes the folds from a column; auto chooses and "
        "reports the reason.",
    )
    by: str | None = Field(
        None,
        description="Column with the groups, the time or the folds; rows marked `test` in it are the locked test rows.",
    )
    repeats: int = Field(
        1, ge=1, description="Number of times that new folds are drawn; scores are means over all of them."
    )
    test: float = Field(
        0.2,
        ge=0.0,
        lt=1.0,
        description="Share of rows kept for the locked test until the search is over; 0 keeps none.",
    )
    folds: int = Field(5, ge=2, description="Number of cross-validation folds.")
    stopping: float = Field(
        0.15,
        gt=0.0,
        lt=1.0,
        description="Share of a fold's training rows that chooses the epoch and is never scored.",
    )
    stop_on: Literal["inner", "validation"] = Field(
        "inner",
        description="validation chooses the epoch on the rows that are scored, as most tools do, and its scores "
        "are marked as optimistic.",
    )
    rare_classes: Literal["fewer_folds", "refuse", "drop"] = Field(
        "fewer_folds",
        description="What to do when a class has fewer rows than there are folds: use fewer folds, stop, or leave its "
        "rows out.",
    )

    @model_validator(mode="after")
    def _column_where_needed(self) -> Self:
        if self.kind in ("group", "time", "column") and self.by is None:
            raise ValueError(f"must name a column in `by` when `kind` is {self.kind!r}")
        if self.kind in ("stratified", "plain") and self.by is not None:
            raise ValueError(f"must not have a column in `by` when `kind` is {self.kind!r}, got {self.by!r}")
        if self.repeats > 1 and self.kind in ("time", "column"):
            raise ValueError(f"must have `repeats: 1` when `kind` is {self.kind!r}, got {self.repeats}")
        return self


class NetworkConfig(Section):
    """The network that is built from the hyperparameters."""

    builder: str | None = Field(
        None,
        pattern=r"^.+\.py:[A-Za-z_]\w*$",
        description="Your own builder, `file.py:function`, called as `function(hp) -> "
        "keras.Model`; default: a multilayer perceptron.",
    )
    family: str | None = Field(
        None,
        description="Family of the networks: perceptron, residual or tabm; short for the same line in `space`; "
        "default: perceptron.",
    )
    inputs: Literal["raw", "standard"] | None = Field(
        None,
        description="Inputs of your own builder: the numbers of the table unchanged, or the standard "
        "encoding; default: raw if all columns are numbers without gaps, otherwise standard.",
    )

    @model_validator(mode="after")
    def _inputs_of_a_builder(self) -> Self:
        if self.family is not None and self.builder is not None:
            raise ValueError(
                f"must not have a `family` together with your own `builder`, got {self.family!r}"
            )
        if self.inputs is not None and self.builder is None:
            raise ValueError(
                "must have `inputs` only together with your own `builder`; perceptrons have encodings"
            )
        return self


class TrainingConfig(Section):
    """How one network is trained."""

    epochs: int | None = Field(
        None, ge=1, description="Maximum number of epochs; default: 100, fewer for large tables."
    )
    batch_size: int | None = Field(
        None,
        ge=1,
        description="Rows per step; default: 32 to 1024, by the number of rows. `space` may search it instead.",
    )
    patience: int | None = Field(
        10,
        ge=1,
        description="Epochs without a better loss on the stopping rows before a network stops; null: every network "
        "trains for all epochs. The best epoch is kept in either case.",
    )
    loss: Literal["auto", "mse", "mae", "huber", "pinball_10", "pinball_90"] = Field(
        "auto",
        description="Loss of a regression; default: mse, or the quantile loss if that is the objective. "
        "The loss of a classification is always cross-entropy.",
    )
    class_weights: Literal["none", "balanced"] | dict[str, float] = Field(
        "none",
        description="Weight of a row in the training loss. balanced: inversely proportional to the frequency of "
        "its class; "
        "or a weight by label, `{fraud: 20}`, where other classes have weight 1.",
    )
    engine: Literal["auto", "population", "sequential"] = Field(
        "auto",
        description="population trains many networks as one program, sequential one after another with Keras's "
        "own fit; auto takes the population wherever it can train the networks.",
    )

    @field_validator("class_weights")
    @classmethod
    def _above_zero(cls, weights: str | dict[str, float]) -> str | dict[str, float]:
        for label, weight in weights.items() if isinstance(weights, dict) else ():
            if not 0.0 < weight < math.inf:
                raise ValueError(f"must be above 0 for every class, got {weight:g} for {label!r}")
        return weights


class BiasVarianceConfig(Section):
    """The bias–variance analysis of the best trials."""

    resamples: int | None = Field(
        None,
        ge=0,
        description="Number of bootstrap resamples on which each analyzed trial is trained again, 0 for none; default: "
        "up to 16, in proportion to the time of the search.",
    )
    seeds: int = Field(
        1,
        ge=1,
        description="Seeds per resample; two or more separate the variance due to the rows from the "
        "variance due to the seed.",
    )
    noise: float | None = Field(
        None,
        ge=0.0,
        description="The smallest loss that any model can reach, if it is known: the variance of the noise in squared "
        "units of the target, or the entropy of the classes in nats. Bias and noise are then reported separately.",
    )
    trials: Literal["auto", "top", "all"] = Field(
        "auto",
        description="top: the ten best; all: every one; auto: up to ten, as many as the time of the search allows.",
    )

    @field_validator("resamples")
    @classmethod
    def _a_spread(cls, resamples: int | None) -> int | None:
        if resamples is not None and 0 < resamples < FEWEST_RESAMPLES:
            raise ValueError(f"must be 0 or at least {FEWEST_RESAMPLES}: fewer cannot estimate a variance")
        return resamples
