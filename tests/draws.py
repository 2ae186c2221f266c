"""How many examples a property is tried with: all of them by `make test-all`, a third by `make test`."""

import os
from collections.abc import Iterable

from hypothesis import HealthCheck, settings

PART = 1 if os.environ.get("AUTOML_TESTS") == "all" else 3


def draws(count: int, accepted: Iterable[HealthCheck] = ()) -> settings:
    """The settings of a property whose examples take long.

    Args:
        count: Examples of `make test-all`.
        accepted: What Hypothesis need not complain of.
    """
    return settings(
        max_examples=-(-count // PART), deadline=None, suppress_health_check=[*accepted, HealthCheck.too_slow]
    )
