"""Which configurations a study tries first."""

import pytest

from automl.config.reading import make_study
from automl.search.portfolio import PORTFOLIO
from automl.study.preparation import prepare_study
from automl.study.table import default_space


def prepared_study(**sections):
    return prepare_study(make_study({"name": "s", "data": {"sklearn": "wine"}, **sections}))


def test_a_study_of_the_default_space_begins_with_the_portfolio_also_where_the_file_spells_the_space_out():
    plain = prepared_study()
    assert plain.first == PORTFOLIO
    entries = default_space(plain.dataset, plain.splits.training)
    space = {name: entry.model_dump(by_alias=True, exclude_defaults=True) for name, entry in entries.items()}
    assert prepared_study(space=space).first == PORTFOLIO
    assert prepared_study(search={"trials": 1}).first == PORTFOLIO[:1]


@pytest.mark.parametrize(
    "sections",
    [
        {"search": {"first": []}},
        {"search": {"algorithm": "grid"}, "space": {"depth": {"choice": [1, 2]}}},
        {"space": {"depth": 1, "width": 8, "learning_rate": {"float": [0.001, 0.1], "log": True}}},
    ],
    ids=["none wanted", "grid", "a space of its own"],
)
def test_no_other_study_does(sections):
    assert prepared_study(**sections).first == ()


def test_a_files_own_first_configurations_come_instead():
    assert prepared_study(search={"first": [{"depth": 1}]}).first == ({"depth": 1},)
