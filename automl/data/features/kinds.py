"""The closed table of the kinds of features, `KINDS`: one file and one line each."""

from collections.abc import Mapping

from .categorical import Categorical
from .date import Date
from .feature import Feature
from .numeric import Numeric

KINDS: Mapping[str, Feature] = {kind.name: kind for kind in (Numeric(), Categorical(), Date())}
"""By name in the study file."""
