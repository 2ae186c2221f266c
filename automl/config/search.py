"""The section of a study file on its search."""

from typing import Self

from pydantic import Field, model_validator

from automl.config.ranges import Section
from automl.trial import Scalar


class SearchConfig(Section):
    """How the space is searched."""

    algorithm: str = Field("tpe", description="tpe, bayesian, random, sobol or grid.")
    pruner: str = Field(
        "rungs",
        description="rungs: every trial trains for a few epochs, and only the best so far are trained to their end; "
        "none: every trial is trained to its end.",
    )
    trials: int = Field(50, ge=1, description="Maximum number of trials.")
    cohort: int | None = Field(
        None,
        ge=1,
        description="Number of trials of a cohort, which are proposed together; the default depends on the algorithm.",
    )
    in_flight: int = Field(
        1,
        ge=1,
        description="Number of cohorts that train at the same time; each is proposed without the others' results.",
    )
    minutes: float | None = Field(
        None,
        gt=0.0,
        description="Time limit of the search in minutes, within `budget.minutes`; null for no separate limit.",
    )
    first: tuple[dict[str, Scalar], ...] = Field(
        (),
        strict=False,
        description="Configurations to try before any other, `[{depth: 1, width: 64}]`; missing values are drawn.",
    )
    seed: int = Field(0, ge=0, description="Seed of all random numbers of the study.")

    @model_validator(mode="after")
    def _room_for_the_first(self) -> Self:
        if self.trials < len(self.first):
            must = f"must have at least {len(self.first)} `trials`, one for each entry of `first`"
            raise ValueError(f"{must}, got {self.trials}")
        return self
