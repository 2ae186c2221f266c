"""What would be without effect, or without a program, is refused before training, with its place and its cure."""

import pytest

from automl.config.reading import load_study, make_study
from automl.errors import AutoMLError, DataError, NetworkError, SearchSpaceError, StudyFileError
from automl.study.preparation import facts_of, prepare_study

BUILDER = """
import keras

def build(hp):
    return keras.Sequential([keras.Input((10,)), keras.layers.Dense(1)])
"""


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        (
            "training: {class_weights: balanced}\n",
            StudyFileError,
            "study.yaml:2: `training.class_weights` must be 'none' for a regression, which has no classes, got",
        ),
        (
            "network: {inputs: raw}\n",
            StudyFileError,
            "study.yaml:2: `network` must have `inputs` only together with your own `builder`",
        ),
        (
            "space:\n  depth: 1\n  label_smoothing: 0.1\n",
            SearchSpaceError,
            "study.yaml:4: `label_smoothing` is for classification, but this study is a regression. Remove it.",
        ),
        (
            "network: {builder: mine.py:build}\nspace:\n  numeric_encoding: {choice: [standard, piecewise]}\n",
            SearchSpaceError,
            "study.yaml:4: `numeric_encoding` must keep the number of inputs for your own network, got",
        ),
        (
            "network: {builder: mine.py:build}\nspace:\n  numeric_encoding: piecewise\n",
            NetworkError,
            "the network must take rows of shape (227,), the table's features",
        ),
    ],
)
def test_settings_without_effect_are_refused(
    tmp_path, built_here: None, text: str, kind: type[AutoMLError], says: str
) -> None:
    (tmp_path / "mine.py").write_text(BUILDER)
    (tmp_path / "study.yaml").write_text("data: {sklearn: diabetes}\n" + text)
    with pytest.raises(kind) as caught:
        prepare_study(load_study(tmp_path / "study.yaml"))
    assert says in str(caught.value)


def test_validation_rows_that_all_weigh_nothing_are_refused(tmp_path) -> None:
    """A mean over them is no number, and every trial would be called diverged."""
    rows = [f"{row % 7},{'abc'[row % 3]},{int(row % 3 != 1)},{row % 2}\n" for row in range(60)]
    (tmp_path / "t.csv").write_text("x,fold,w,y\n" + "".join(rows))
    text = "data:\n  path: t.csv\n  target: y\n  weights: w\nsplits: {kind: column, by: fold}\n"
    (tmp_path / "study.yaml").write_text(text)
    with pytest.raises(DataError) as caught:
        prepare_study(load_study(tmp_path / "study.yaml"))
    assert str(caught.value).endswith(
        "study.yaml:4: the column 'w' must weigh one of the validation rows of fold 1 more than 0, got zeros only in "
        "these 20 rows. Remove the rows that weigh 0, or use fewer `splits.folds`."
    )


def test_precision_and_backend_are_facts_of_a_study() -> None:
    facts = facts_of(prepare_study(make_study({"name": "s", "data": {"sklearn": "wine"}})))
    assert facts["precision"] == "float32"
    assert facts["backend"] in ("tensorflow", "jax")
    assert (facts["backend"] == "jax") == ("version_jax" in facts)
