"""The closed table of the kinds of features, `KINDS`: one file and one line each."""

from collections.abc import Mapping

from .categorical import Categorical
from .choices import Choices
from .date import Date
from .feature import Feature
from .numeric import Numeric
from .text import Text

KINDS: Mapping[str, Feature] = {
    kind.name: kind
    for kind in (
        Numeric(),
        Categorical(),
        Date(),
        Choices(),
        Text(),
    )
}
"""By name in the study file."""
