"""How long a study may take: the `budget` section, and what the older `search.minutes` means beside it."""

from typing import Any

from pydantic import Field

from automl.config.ranges import Section, misplaced


class BudgetConfig(Section):
    """Limits that end a study before all of its trials have run."""

    minutes: float | None = Field(
        5.0,
        gt=0.0,
        allow_inf_nan=False,
        description="Time limit of the whole command in minutes: search, analysis, refit, baselines, export and "
        "MLflow; null for no limit.",
    )
    stop_at: float | None = Field(
        None,
        allow_inf_nan=False,
        description="Cross-validated objective that ends the search as soon as a completed trial reaches it.",
    )
    stop_after: int | None = Field(
        None,
        ge=1,
        description="Number of trials in a row, trained to their end, without improvement that ends the search.",
    )
    latency_ms: float | None = Field(
        None,
        gt=0.0,
        allow_inf_nan=False,
        description="Milliseconds that the exported model may take for a row, on this machine; an ensemble that takes "
        "longer has fewer networks.",
    )
    model_mb: float | None = Field(
        None,
        gt=0.0,
        allow_inf_nan=False,
        description="Megabytes that the exported model may have; an ensemble that is larger has fewer networks.",
    )


def with_budget(content: dict[str, Any]) -> dict[str, Any]:
    """A study's content in which `search.minutes` alone limits the search, and nothing the whole command.

    That is what a study file meant before there was a budget. A file that has `budget.minutes` keeps it.
    """
    search, budget = content.get("search"), content.get("budget", {})
    if "minutes" not in _given(search) or "minutes" in _given(budget):
        return content
    if isinstance(budget, BudgetConfig):
        return content | {"budget": budget.model_copy(update={"minutes": None})}
    return content | {"budget": budget | {"minutes": None}} if isinstance(budget, dict) else content


def check_share(search_minutes: float | None, minutes: float | None) -> None:
    """Refuse a search that may take longer than the whole command.

    Raises:
        ValidationError: At `search.minutes`.
    """
    if search_minutes is not None and minutes is not None and search_minutes > minutes:
        wrong = f"must be at most `budget.minutes`, {minutes:g}, got {search_minutes:g}"
        raise misplaced(("search", "minutes"), f"{wrong}. Lower it, or raise `budget.minutes`")


def _given(section: object) -> set[str]:
    """The keys that were written in a section, before or after its validation."""
    if isinstance(section, Section):
        return section.model_fields_set
    return set(section) if isinstance(section, dict) else set()
