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


_SOURCES = ("path", "url", "sql", "sklearn", "frame")
"""Keys that name a table; a test holds them to be those of `data/sources/table.py`, which this layer does not know."""


class DataConfig(Section):
    """The table and its target."""

    path: str | None = Field(
        None,
        description="A file, relative to the study file: CSV, TSV or JSON (also packed, as in .csv.gz), Parquet, "
        "Feather or Excel, as its name ends.",
    )
    url: str | None = Field(None, description="The http or https address of such a file.")
    sql: str | None = Field(
        None,
        description="A database as SQLAlchemy writes it, `sqlite:///table.db`, with its `query` or `table`; `${NAME}` "
        "stands for an environment variable.",
    )
    query: str | None = Field(None, min_length=1, description="The SELECT that gives the table, for `sql`.")
    table: str | None = Field(None, min_length=1, description="Name of the table or view, for `sql`.")
    encoding: str = Field(
        "utf-8", description="How the text of a CSV, TSV or JSON file is encoded, as in latin-1."
    )
    separator: str | None = Field(
        None,
        min_length=1,
        max_length=1,
        description="What stands between the cells of a CSV file; a comma, or a tab in a .tsv, when left out.",
    )
    header: Literal["first_line", "none"] = Field(
        "first_line", description="none: the file has no line of names, and its first line is a row."
    )
    names: list[str] | None = Field(
        None,
        min_length=1,
        description="Names for all columns of the file, in place of those that stand in it.",
    )
    skip: int = Field(
        0, ge=0, description="Lines above the line of names, such as a title, that are passed over."
    )
    sklearn: str | None = Field(
        None, description="A table bundled with scikit-learn: digits, iris, wine, breast_cancer, diabetes."
    )
    frame: bool = Field(
        False,
        description="Whether the table is a DataFrame that Python gives: `run_study(study, table=frame)`.",
    )
    target: str | None = Field(
        None, description="Name of the column to predict; a scikit-learn table has its own."
    )
    features: list[str] | None = Field(
        None, min_length=1, description="Columns to learn from; all but the target when left out."
    )
    columns: dict[str, str] | None = Field(
        None,
        description="What a column holds, where looking cannot tell: numeric, categorical, date, choices, text, drop.",
    )
    decimal: Literal[".", ","] | None = Field(
        None,
        description="What stands before the decimals of numbers in text; found by looking when left out.",
    )
    date_order: Literal["day_first", "month_first"] | None = Field(
        None,
        description="What stands first in dates such as 3/4/2023 where their column cannot tell; such a column is no "
        "date when left out.",
    )
    gaps: dict[str, list[int | float | str]] | None = Field(
        None, description="Cells that mean that there is no value, by column: `{income: [-999, unknown]}`."
    )
    weights: str | None = Field(
        None,
        description="Column that says how much each row counts in losses and scores; all the same when left out.",
    )
    task: Literal["auto", "binary", "multiclass", "regression"] = Field(
        "auto", description="What the target asks for; auto looks at its values."
    )
    positive: Scalar | None = Field(
        None,
        description="Of two classes the one that precision, recall, curves and the threshold are of; the rarer one "
        "when left out, of two of equal size the later in the alphabet.",
    )
    rows_without_target: Literal["drop", "refuse"] = Field(
        "drop", description="What to do with rows whose target is a gap: leave them out, or stop."
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [key for key in _SOURCES if getattr(self, key)]
        if len(given) != 1:  # an address may hold a password and is not repeated
            got = " and ".join(f"`{key}`" for key in given) or "none of them"
            known = f"{', '.join(f'`{key}`' for key in _SOURCES[:-1])} and `{_SOURCES[-1]}`"
            raise ValueError(f"must name exactly one of {known}, got {got}")
        if self.sklearn is None and self.target is None:
            raise ValueError("must name its `target`, the column to predict")
        if self.url is not None and not self.url.startswith(("http://", "https://")):
            raise ValueError("must have a `url` that begins with http:// or https://, got another")
        return self

    @model_validator(mode="after")
    def _keys_of_the_source(self) -> Self:
        asked = [key for key in ("query", "table") if getattr(self, key) is not None]
        if self.sql is None and asked:
            raise ValueError(f"must have `{asked[0]}` only beside `sql`, got it without")
        if self.sql is not None and len(asked) != 1:
            got = "both" if asked else "neither"
            raise ValueError(f"must have exactly one of `query` and `table` beside `sql`, got {got}")
        for key in ("encoding", "separator", "header", "names", "skip"):
            if key in self.model_fields_set and self.path is None and self.url is None:
                raise ValueError(f"must have `{key}` only beside `path` or `url`, got {getattr(self, key)!r}")
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
        "together, time tests on the latest rows, column takes the folds from a column; auto chooses, and says why.",
    )
    by: str | None = Field(
        None,
        description="Column with the groups, the time or the folds; rows marked `test` in it are locked away.",
    )
    repeats: int = Field(
        1, ge=1, description="Times that the folds are drawn anew; scores are means over all."
    )
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
    stop_on: Literal["inner", "validation"] = Field(
        "inner",
        description="validation chooses the epoch on the rows that are scored, as most tools do, and its scores are "
        "called optimistic.",
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
    """What is built from the hyperparameters."""

    builder: str | None = Field(
        None,
        pattern=r"^.+\.py:[A-Za-z_]\w*$",
        description="A builder of your own, `file.py:function`, called as `function(hp) -> keras.Model`; "
        "a multilayer perceptron when left out.",
    )
    inputs: Literal["raw", "standard"] | None = Field(
        None,
        description="What a builder of your own is given: the table's numbers as they are, which are then all of its "
        "inputs, or the standard encoding; raw where all columns are numbers without gaps, when left out.",
    )

    @model_validator(mode="after")
    def _inputs_of_a_builder(self) -> Self:
        if self.inputs is not None and self.builder is None:
            raise ValueError(
                "must have `inputs` only beside a `builder` of your own; perceptrons have encodings"
            )
        return self


class TrainingConfig(Section):
    """How one network is trained."""

    epochs: int | None = Field(
        None, ge=1, description="Number of epochs at most; 100, of large tables fewer, when left out."
    )
    batch_size: int | None = Field(
        None,
        ge=1,
        description="Rows a step; 32 to 1024 by the rows of the table when left out. `space` may search it instead.",
    )
    patience: int | None = Field(
        10,
        ge=1,
        description="Epochs without a better loss on the stopping rows before a network stops; null: every network "
        "trains all its epochs. The best epoch is kept in either case.",
    )
    loss: Literal["auto", "mse", "mae", "huber", "pinball_10", "pinball_90"] = Field(
        "auto",
        description="Loss of a regression: mse, or of an objective that is the loss of a quantile that loss, when left "
        "out; cross-entropy is the loss of every classification.",
    )
    class_weights: Literal["none", "balanced"] | dict[str, float] = Field(
        "none",
        description="How much a row counts in the training loss. balanced: the more the rarer its class is; or a "
        "weight by label, `{fraud: 20}`: other classes weigh 1.",
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
    """How closely it is looked at what the trials' losses are made of."""

    resamples: int | None = Field(
        None,
        ge=0,
        description="Bootstrap resamples that each trial is trained on again, 0 for none; up to 16, as the time that "
        "the search took allows, when left out.",
    )
    seeds: int = Field(
        1, ge=1, description="Seeds a resample; two or more tell what the rows do from what the seed does."
    )
    noise: float | None = Field(
        None,
        ge=0.0,
        description="The loss that no model can undercut, where it is known: the variance of the noise in squared "
        "units of the target, or the entropy of the classes in nats. Bias is then told from noise.",
    )
    trials: Literal["auto", "top", "all"] = Field(
        "auto",
        description="top: the ten best; all: every one; auto: up to ten, as many as the time of the search allows.",
    )

    @field_validator("resamples")
    @classmethod
    def _a_spread(cls, resamples: int | None) -> int | None:
        if resamples is not None and 0 < resamples < FEWEST_RESAMPLES:
            raise ValueError(f"must be 0 or at least {FEWEST_RESAMPLES}: of fewer the spread says nothing")
        return resamples
