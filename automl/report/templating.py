"""Templates that escape all text: the only user of jinja2."""

import functools
import re

from jinja2 import Environment, PackageLoader, StrictUndefined

CODE = re.compile(r"`([^`]+)`")
"""What is code in a text."""


@functools.cache
def _loader() -> PackageLoader:
    return PackageLoader("automl.report")


def make_environment() -> Environment:
    """An environment of its own for each page, with the templates of `report/templates/`."""
    return Environment(
        loader=_loader(), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
