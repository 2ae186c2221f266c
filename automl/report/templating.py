"""Templates that escape all text: the only user of jinja2."""

import functools
import re

from jinja2 import Environment, PackageLoader, StrictUndefined

__all__ = ["CODE", "Environment", "make_environment", "style_sheet"]

CODE = re.compile(r"`([^`]+)`")
"""What is code in a text."""


def style_sheet() -> str:
    """The look of every page of ours."""
    text: str = _loader().get_source(make_environment(), "style.css")[0]
    return text


@functools.cache
def _loader() -> PackageLoader:
    return PackageLoader("automl.report")


def make_environment() -> Environment:
    """An environment of its own for each page, with the templates of `report/templates/`."""
    return Environment(
        loader=_loader(), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
