"""Configurations that a study file asks for first: which of them the space holds."""

from typing import Any

import pytest
from search_spaces import space_of

from automl.config.reading import make_study
from automl.errors import SearchSpaceError, StudyFileError
from automl.search.first import check_first


def where(*keys: str | int) -> str:
    return ":".join(map(str, keys))


@pytest.mark.parametrize(
    ("entries", "algorithm", "configuration"),
    [
        ("finite", "grid", {"depth": 2, "width": 16, "batch_normalization": True}),
        ("continuous", "random", {"learning_rate": 0.1, "dropout": 0}),
        ("conditional", "bayesian", {"dropout": 0.3, "width_2": 64, "momentum": 0.5}),
    ],
)
def test_what_the_space_holds_passes(entries: str, algorithm: str, configuration: dict[str, Any]) -> None:
    check_first(space_of(entries), [configuration], algorithm, where)


@pytest.mark.parametrize(
    ("entries", "algorithm", "configuration", "message"),
    [
        ("finite", "random", {"widht": 16}, "Did you mean `width`?"),
        (
            "finite",
            "random",
            {"width": 24},
            "`width` a value of its range in `space`, got 24. It has 16, 32.",
        ),
        ("finite", "random", {"depth": 3}, "It has 0, 1, 2."),
        ("finite", "random", {"depth": "two"}, "got 'two'"),
        ("finite", "random", {"activation": "tanh"}, "It has relu, leaky_relu."),
        ("continuous", "random", {"learning_rate": 0.5}, "got 0.5. It has 0.0001 to 0.1."),
        ("conditional", "random", {"dropout": 0.33}, "got 0.33"),
        ("continuous", "grid", {"dropout": 0.123}, "got 0.123"),
    ],
)
def test_what_it_does_not_hold_is_named_with_what_it_has(
    entries: str, algorithm: str, configuration: dict[str, Any], message: str
) -> None:
    with pytest.raises(SearchSpaceError) as error:
        check_first(space_of(entries), [{}, configuration], algorithm, where)
    assert message in str(error.value)
    assert str(error.value).startswith("search:first:1: `search.first` must")


def test_there_are_trials_for_all_of_them() -> None:
    content = {"name": "s", "data": {"sklearn": "wine"}, "search": {"trials": 2, "first": [{}, {}, {}]}}
    with pytest.raises(StudyFileError, match="at least 3 `trials`"):
        make_study(content)
    make_study(content | {"search": {"trials": 3, "first": [{}, {}, {}]}})
