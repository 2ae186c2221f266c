"""A DataFrame that Python gives: `data.frame`."""

from typing import final

from automl.data.sources.source import ReadRequest, ReadTable, Source, narrowed
from automl.errors import DataError


@final
class Frame(Source):
    """The table of `run_study(study, table=frame)`."""

    key = "frame"

    def read(self, request: ReadRequest) -> ReadTable:
        """The given table."""
        if request.frame is None:
            cure = "Call `automl.run_study(study, table=frame)`, or name a file under `data.path`."
            at = request.where("data", self.key)
            raise DataError(f"{at}: `data.frame` needs a DataFrame from Python, got none. {cure}")
        return ReadTable(narrowed(request.frame, request.wanted))
