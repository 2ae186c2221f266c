"""The configurations that a study of the default space begins with."""

import pytest

from automl.config.reading import make_study
from automl.search.first import check_first
from automl.search.portfolio import PORTFOLIO, first_in
from automl.search.space.building import build_space, default_entries


def space_of(num_rows=1000, has_numbers=True):
    study = make_study({"name": "s", "data": {"sklearn": "wine"}})
    return build_space(study, default_entries(num_rows, has_numbers, False))


@pytest.mark.parametrize("num_rows", [100, 10**4])
@pytest.mark.parametrize("has_numbers", [True, False])
def test_every_default_space_holds_the_whole_portfolio(num_rows, has_numbers):
    space = space_of(num_rows, has_numbers)
    first = first_in(space)
    assert len(first) == len(PORTFOLIO)
    check_first(space, first, "tpe", lambda *_: "study.yaml")


def test_what_is_for_another_optimizer_is_not_tried():
    assert first_in(space_of(10**4 + 1)) == ()


def test_a_table_without_numbers_has_no_encoding_of_them():
    assert all(
        "numeric_encoding" not in entry or entry["numeric_encoding"] == "standard"
        for entry in first_in(space_of(100, False))
    )
