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
        description="rungs: every trial trains a few epochs, and only the best of all so far train to their end; none: "
        "every trial trains to its end.",
    )
    trials: int = Field(50, ge=1, description="Number of trials at most.")
    cohort: int | None = Field(
        None,
        ge=1,
        description="Trials that are asked for and trained together; as the algorithm allows when left out.",
    )
    minutes: float | None = Field(
        None,
        gt=0.0,
        description="Minutes of the search, as a part of `budget.minutes`; null for no limit of its own.",
    )
    first: tuple[dict[str, Scalar], ...] = Field(
        (),
        strict=False,
        description="Configurations to try before any other, `[{depth: 1, width: 64}]`; what one leaves out is drawn.",
    )
    seed: int = Field(0, ge=0, description="Everything random in the study derives from it.")

    @model_validator(mode="after")
    def _room_for_the_first(self) -> Self:
        if self.trials < len(self.first):
            must = f"must have at least {len(self.first)} `trials`, one for each entry of `first`"
            raise ValueError(f"{must}, got {self.trials}")
        return self
