"""The exception tree. Every error a person can cause says where, what must hold, what was given, and the cure.

AutoMLError                 exit status 2
├── StudyFileError          the YAML cannot be read, or a key or value in it is wrong
├── DataError               the table, its columns, its target or its classes
├── SearchSpaceError        a space that is empty, impossible, or asks for what no network knows
├── NetworkError            a user's builder that cannot be loaded, called or trained
├── TrackingError           the MLflow store does not answer or cannot be written
├── RecordError             no such study, trial or model on this machine, or a folder that cannot be written
├── ClusterError            a cluster that is not there, or whose machines cannot train the study
├── ExportError             a model that cannot be exported, or rows that a model cannot take
└── StudyFailedError        exit status 1: the study ran, and no trial completed

A trial that diverges or fails raises none of these: it is recorded with `TrialState.FAILED` and its reason.
"""

import difflib
from collections.abc import Callable, Iterable

Where = Callable[..., str]
"""Gives `file:line` of a key of the study file."""


class AutoMLError(Exception):
    """Root of every error that automl raises on purpose."""

    exit_status = 2


class StudyFileError(AutoMLError):
    """The study file cannot be read, or something in it is wrong."""


class DataError(AutoMLError):
    """The table cannot be used as the study file asks."""


class SearchSpaceError(AutoMLError):
    """The search space is empty, impossible or not understood."""


class NetworkError(AutoMLError):
    """A user's network builder cannot be loaded, called or trained."""


class TrackingError(AutoMLError):
    """The tracking store does not answer or cannot be written."""


class RecordError(AutoMLError):
    """A study, a trial or a model is not where it was looked for, or a folder cannot be written."""


class ClusterError(AutoMLError):
    """A cluster cannot be reached, or its machines cannot train the study."""


class ExportError(AutoMLError):
    """A model cannot be exported, or rows cannot be given to it."""


class StudyFailedError(AutoMLError):
    """The study ran to its end and no trial completed."""

    exit_status = 1


def explain(name: str, must: str, got: object, cure: str, *, where: str = "") -> str:
    """The one sentence shape of the project's errors.

    >>> explain("dropout", "be between 0 and 1", 1.5, "Use 0 to switch dropout off.", where="a.yaml:4")
    'a.yaml:4: `dropout` must be between 0 and 1, got 1.5. Use 0 to switch dropout off.'
    >>> explain("dropout", "be between 0 and 1", 1.5, "Use 0.")
    '`dropout` must be between 0 and 1, got 1.5. Use 0.'
    """
    prefix = f"{where}: " if where else ""
    return f"{prefix}`{name}` must {must}, got {got!r}. {cure}".rstrip()


def one_of(names: Iterable[str], given: object) -> str:
    """A cure that lists the legal names, the nearest one first when there is one.

    >>> one_of(["relu", "tanh"], "rleu")
    'Did you mean `relu`? Known: relu, tanh.'
    """
    legal = list(names)
    near = difflib.get_close_matches(str(given), legal, n=1)
    hint = f"Did you mean `{near[0]}`? " if near else ""
    return f"{hint}Known: {', '.join(legal)}."
