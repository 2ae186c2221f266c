"""The table of pruners: a new one is one file and one line here."""

from collections.abc import Mapping

from automl.search.pruners.none import NoPruner
from automl.search.pruners.pruner import Pruner
from automl.search.pruners.rungs import Rungs

PRUNERS: Mapping[str, type[Pruner]] = {"rungs": Rungs, "none": NoPruner}
