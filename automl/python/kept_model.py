"""An exported model in memory: an estimator can be copied, pickled and sent to other processes with it."""

import io
import tempfile
import zipfile
from pathlib import Path
from typing import Any, final

import pandas

from automl.quiet import quiet_start


@final
class KeptModel:
    """The files of an exported model, and the model itself from the first prediction on.

    Args:
        folder: Holds `saved_model.pb` and `model.json`; is not needed afterwards.
    """

    def __init__(self, folder: Path) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    archive.write(path, path.relative_to(folder).as_posix())
        self._packed = packed.getvalue()
        self._loaded: tuple[Any, Any] | None = None

    def predict(self, table: pandas.DataFrame) -> pandas.DataFrame:
        """What `Scorer.predict` gives.

        Raises:
            ValueError: A column is missing, or is to hold numbers and holds text.
        """
        if self._loaded is None:
            with quiet_start():
                self._loaded = self._load()
        scorer, _ = self._loaded
        return scorer.predict(table)  # type: ignore[no-any-return]

    def _load(self) -> tuple[Any, Any]:
        from automl.serving.scoring import Scorer

        folder = tempfile.TemporaryDirectory(prefix="automl-")  # deleted with the last reference to it
        with zipfile.ZipFile(io.BytesIO(self._packed)) as archive:
            archive.extractall(folder.name)
        return Scorer(folder.name), folder

    def __getstate__(self) -> dict[str, Any]:
        return {"_packed": self._packed, "_loaded": None}  # what TensorFlow holds cannot be copied
