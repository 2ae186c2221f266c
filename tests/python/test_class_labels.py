"""Labels of an estimator's classes as a study can have them."""

import pandas
import pytest

from automl.config.sections import DataConfig
from automl.data.target_column import read_target
from automl.python.labels import label_names


@pytest.mark.parametrize(
    ("classes", "names"),
    [
        (["no", "yes"], ["no", "yes"]),
        ([0, 1, 7], [0, 1, 7]),
        ([False, True], ["0: False", "1: True"]),
        ([0.0, 2.0], ["0: 0.0", "1: 2.0"]),
        (["Yes", "yes"], ["0: Yes", "1: yes"]),
        (["", " a", "a"], ["0:", "1:  a", "2: a"]),
        (["1,200", "13 %"], ["0: 1,200", "1: 13 %"]),
    ],
)
def test_labels_that_a_study_would_change_get_their_number(
    classes: list[object], names: list[object]
) -> None:
    assert label_names(classes) == names


@pytest.mark.parametrize(
    "classes",
    [
        ["no", "yes"],
        ["", " a", "a", "?"],
        ["nan", "None", "NA"],
        ["Yes", "yes"],
        [-3, 2],
        [0.5, 1.5],
        [True, False],
    ],
)
def test_a_study_keeps_every_name_as_a_class_of_its_own(classes: list[object]) -> None:
    names = label_names(classes)
    cells = pandas.Series([name for name in names for _ in range(30)] + [names[0]] * 600, name="y")
    task = "binary" if len(names) == 2 else "multiclass"
    column = read_target(cells, DataConfig(frame=True, target="y", task=task), lambda *_: "s")
    assert sorted(map(str, column.classes)) == sorted(map(str, names))
    assert len(column.rows) == len(cells)
