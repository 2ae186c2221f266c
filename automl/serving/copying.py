"""The scoring code beside a model: a package without a name of its own, loaded where automl is not installed."""

import shutil
from pathlib import Path

FOLDER = "scoring"
"""Beside the model's files."""

_HERE = Path(__file__).parent.parent
_PARTS = ("data/__init__.py", "data/features/*.py", "serving/*.py")


def copy_scoring(folder: Path) -> Path:
    """Write the code that reads cells and asks the model into `folder/scoring`; that folder."""
    target = folder / FOLDER
    for pattern in _PARTS:
        for source in sorted(_HERE.glob(pattern)):
            to = target / source.relative_to(_HERE)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, to)
    (target / "__init__.py").write_text(
        '"""Reads raw cells and asks an exported model."""\n', encoding="utf-8"
    )
    return target
