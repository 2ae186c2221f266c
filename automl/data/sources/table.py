"""The closed table of the sources of tables, `SOURCES`: one file and one line each."""

from collections.abc import Mapping

from automl.data.sources.bundled import Bundled
from automl.data.sources.frame import Frame
from automl.data.sources.path import Path
from automl.data.sources.source import Source
from automl.data.sources.sql import Sql
from automl.data.sources.url import Url

SOURCES: Mapping[str, Source] = {
    source.key: source
    for source in (
        Path(),
        Url(),
        Sql(),
        Bundled(),
        Frame(),
    )
}
"""By its key in the study file, under `data`."""
