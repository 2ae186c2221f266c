"""What addresses are asked with."""

from typing import Annotated, TypeAlias

from fastapi import Path, Query

from automl.records.submissions import SubmissionState

Identifier: TypeAlias = Annotated[
    str,
    Path(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}(~[0-9]{1,9})?$",
        description="Of the study: NAME, or NAME~2.",
    ),
]
Limit: TypeAlias = Annotated[int, Query(ge=1, le=1000, description="At most so many.")]
Before: TypeAlias = Annotated[
    int | None, Query(ge=1, le=2**31 - 1, description="From the last page's `next`.")
]
States: TypeAlias = Annotated[list[SubmissionState] | None, Query(description="Only these; may be repeated.")]
Name: TypeAlias = Annotated[
    str | None,
    Query(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100, description="Of the study."),
]
Priority: TypeAlias = Annotated[int, Query(ge=-1000, le=1000, description="Larger ones begin first.")]
More: TypeAlias = Annotated[int, Query(ge=0, le=100_000, description="Trials to add.")]
Since: TypeAlias = Annotated[int, Query(ge=0, le=2**31 - 1, description="Events after this number only.")]
