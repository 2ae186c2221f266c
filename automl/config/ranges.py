"""What may stand for a hyperparameter in a study file's space, and the base of all its sections."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from automl.trial import Scalar


class Section(BaseModel):
    """A part of the study file: frozen, and a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, protected_namespaces=())


def misplaced(keys: tuple[str, ...], message: str) -> ValidationError:
    """An error at a key of a section, for a check that needs other keys too.

    Args:
        keys: Where it stands, from the section that checks.
        message: What it must be, what was given, and the cure: the sentence after the key's name, without its end.
    """
    error = PydanticCustomError("value_error", "{what}", {"what": message})
    return ValidationError.from_exception_data("", [InitErrorDetails(type=error, loc=keys, input=None)])


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
    per_layer: bool = Field(False, description="For `width` only: a separate width for each hidden layer.")

    @model_validator(mode="after")
    def _one_type(self) -> Self:
        kinds = {"number" if type(value) in (int, float) else type(value).__name__ for value in self.values}
        if len(kinds) > 1:
            raise ValueError(f"must hold values of one type, got {list(self.values)}")
        if len(set(self.values)) < len(self.values):
            raise ValueError(f"must not contain a value twice, got {list(self.values)}")
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


def _check_range(entry: IntRange | FloatRange) -> None:
    low, high = entry.bounds
    if not (abs(low) < float("inf") and abs(high) < float("inf") and low <= high):
        raise ValueError(f"must have finite bounds with low <= high, got [{low}, {high}]")
    if entry.log and low <= 0:
        raise ValueError(f"must have a low bound above 0 when `log` is true, got {low}")
    if entry.log and entry.step is not None and entry.step <= 1:
        raise ValueError(f"must have a `step` above 1 when `log` is true, got {entry.step}")
