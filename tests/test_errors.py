"""What a person reads when something is wrong, and the exit status that a shell sees."""

import inspect
import re

import pytest

from automl import errors
from automl.errors import AutoMLError, StudyFailedError, explain, one_of

CLASSES = [
    value
    for value in vars(errors).values()
    if inspect.isclass(value) and issubclass(value, AutoMLError) and value is not AutoMLError
]


def test_the_tree_in_the_docstring_names_every_error() -> None:
    drawn = re.findall(r"^[├└]── (\w+)", errors.__doc__ or "", re.MULTILINE)
    assert sorted(drawn) == sorted(cls.__name__ for cls in CLASSES)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_only_a_study_without_a_completed_trial_exits_with_1(cls: type[AutoMLError]) -> None:
    assert cls("x").exit_status == (1 if cls is StudyFailedError else 2)


def test_an_explanation_names_the_place_the_law_the_value_and_the_cure() -> None:
    text = explain("dropout", "be below 1", "half", "Use 0.5.", where="a.yaml:4")
    assert text == "a.yaml:4: `dropout` must be below 1, got 'half'. Use 0.5."


def test_an_explanation_without_place_or_cure_has_no_loose_ends() -> None:
    assert explain("folds", "be 2 or more", 1, "") == "`folds` must be 2 or more, got 1."


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("rleu", "Did you mean `relu`? Known: relu, tanh."),
        ("tan", "Did you mean `tanh`? Known: relu, tanh."),
        ("zzz", "Known: relu, tanh."),
        (17, "Known: relu, tanh."),
    ],
)
def test_the_nearest_legal_name_comes_first_where_there_is_one(value: object, text: str) -> None:
    assert one_of(["relu", "tanh"], value) == text


def test_legal_names_may_come_from_an_iterator() -> None:
    assert one_of(iter(["adam", "sgd"]), "adma") == "Did you mean `adam`? Known: adam, sgd."
