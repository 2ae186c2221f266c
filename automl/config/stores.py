"""Where a study is kept: the `tracking` and `records` sections."""

import re
from typing import Self

from pydantic import Field, field_validator, model_validator

from automl.config.ranges import Section, misplaced

_TRACKERS = ("none", "mlflow")
_CLASS = r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*"
_TO = f"^({'|'.join(_TRACKERS)}|{_CLASS})$"
_DATABASES = ("sqlite:///", "postgresql://", "postgresql+psycopg://")
_URI = r"^(sqlite:///|postgresql(\+psycopg)?://|\$\{\w+\})"


class TrackingConfig(Section):
    """Where trials and models are sent, in addition to the study's own records."""

    to: str = Field(
        "mlflow",
        description="none sends nothing, mlflow stores trials and models in MLflow, `package.module:Class` is "
        "your own tracker.",
        json_schema_extra={"pattern": _TO},
    )
    uri: str | None = Field(
        None,
        description="An MLflow server; default: MLFLOW_TRACKING_URI, then a database under mlruns/.",
    )
    register_as: str | None = Field(
        None, min_length=1, description="Name under which the best model enters MLflow's model registry."
    )

    @field_validator("to")
    @classmethod
    def _a_tracker(cls, to: str) -> str:
        if not re.fullmatch(_TO, to):
            raise ValueError(f"must be none, mlflow or `package.module:Class`, got {to!r}")
        return to

    @model_validator(mode="after")
    def _nothing_for_none(self) -> Self:
        for key in ("uri", "register_as"):
            if self.to == "none" and getattr(self, key) is not None:  # not repeated: it may hold a password
                cure = f"Remove `tracking.{key}`, or write `to: mlflow`"
                raise misplaced((key,), f"must be left out with `to: none`. {cure}")
        return self


class RecordsConfig(Section):
    """Where the events of a study are recorded. The study is shown and continued from this record."""

    uri: str | None = Field(
        None,
        description="A database URL for SQLAlchemy, `sqlite:///studies.db` or `postgresql://host/studies`; "
        "`${NAME}` stands for an environment variable. Default: AUTOML_RECORDS, then a SQLite file "
        "under mlruns/.",
        json_schema_extra={"pattern": _URI},
    )

    @field_validator("uri")
    @classmethod
    def _a_database(cls, uri: str | None) -> str | None:
        if uri is None:
            return None
        if not re.match(_URI, uri):
            scheme = re.match(
                r"[a-z][a-z0-9+.-]*:/{0,3}", uri
            )  # what follows may be a password: it is not repeated
            starts = ", ".join(f"`{start}`" for start in _DATABASES)
            got = f"`{scheme[0]}`" if scheme else "another"
            raise ValueError(f"must begin with one of {starts}, got {got}")
        if uri in ("sqlite:///", "sqlite:///:memory:"):
            raise ValueError(
                f"must name a file, as in `sqlite:///studies.db`, got {uri!r}, which is not stored"
            )
        return uri
