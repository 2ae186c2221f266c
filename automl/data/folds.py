"""The rows of one fold: which move the weights, which choose the epoch, which score."""

from dataclasses import dataclass

import numpy


@dataclass(frozen=True, slots=True)
class Fold:
    """Row numbers of one fold, disjoint but for one case: under `stop_on: validation` the stopping rows are the
    validation rows.

    Attributes:
        fit: Rows that move the weights, and whose statistics scale the inputs.
        stopping: Rows that choose the epoch. They score nothing, unless they are the validation rows.
        validation: Rows that score. They choose nothing, unless they are the stopping rows.
        groups: Codes of the fit rows' groups, which a resample and a share take as a whole; None where both take rows.
        ordered: Whether the codes are those of times, of which a share takes the latest.
    """

    fit: numpy.ndarray
    stopping: numpy.ndarray
    validation: numpy.ndarray
    groups: numpy.ndarray | None = None
    ordered: bool = False
