"""The types of a space: the unit cube both ways, KerasTuner both ways, what no range is, and what is imported."""

import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import keras_tuner
import numpy
import pytest
from search_spaces import ENTRIES, space_of

from automl.config.reading import load_study
from automl.search.grid import cut_up
from automl.search.space.building import build_free_space, build_space, default_entries
from automl.search.space.keras_tuner import from_keras_tuner, to_keras_tuner
from automl.search.space.parameter import Condition, Parameter
from automl.search.space.parameters import Choice, Fixed, Float, Int
from automl.search.space.scales import Scale
from automl.search.space.space import Space, bounds

ROOT = Path(__file__).parent.parent.parent
STUDIES = sorted((ROOT / "studies").glob("*.yaml"))

DEEP = Space(
    (
        Choice("kind", ("dense", "convolution")),
        Int("depth", 1, 3, default=2),
        Choice("gated", (False, True), True, conditions=(Condition("kind", ("dense",)),)),
        Float("gate", 0.0, 1.0, conditions=(Condition("kind", ("dense",)), Condition("gated", (True,)))),
        Int(
            "width",
            8,
            64,
            2,
            Scale.LOG,
            conditions=(Condition("depth", (2, 3)), Condition("kind", ("dense",))),
        ),
        Int("width", 3, 9, conditions=(Condition("kind", ("convolution",)),)),
        Float("rate", 1e-4, 1e-1, 10.0, Scale.LOG),
        Float("keep", 0.5, 0.99, None, Scale.REVERSE_LOG, 0.9),
        Int("power", 1, 100, None, Scale.REVERSE_LOG, conditions=(Condition("depth", (1,)),)),
        Float("fine", 0.0, 1.0, 2.0**-11),
        Choice("code", (1, 2, 3), 2, unordered=True),
        Fixed("seed", 7, conditions=(Condition("code", (2,)),)),
    )
)
"""Nested and crossed conditions, two hyperparameters of one name, every scale, defaults that are not the least."""


def spaces() -> Iterator[tuple[str, Space]]:
    yield "deep", DEEP
    yield "empty", Space()
    for name in sorted(ENTRIES):
        yield name, space_of(name)
        yield f"{name}, cut", cut_up(space_of(name))
    for file in STUDIES:
        study = load_study(file)
        entries = default_entries(1000, True, True)
        uses_families = study.network.builder is None
        yield file.name, build_space(study, entries) if uses_families else build_free_space(study)
        yield f"{file.name}, default", build_space(study.model_copy(update={"space": None}), entries)


SPACES = dict(spaces())


@pytest.mark.parametrize("name", SPACES)
def test_a_space_goes_to_keras_tuner_and_back(name: str) -> None:
    space = SPACES[name]
    reference = to_keras_tuner(space)
    assert isinstance(reference, keras_tuner.HyperParameters)
    assert from_keras_tuner(reference) == space
    assert to_keras_tuner(from_keras_tuner(reference)).get_config() == reference.get_config()
    assert reference.values == space.initial()
    for hp, parameter in zip(reference.space, space.parameters, strict=True):
        assert hp.default == parameter.initial and type(hp.default) is type(parameter.initial)


def test_a_space_that_keras_tuner_made_goes_to_ours_and_back() -> None:
    reference = keras_tuner.HyperParameters()
    reference.Int("depth", 1, 3)
    reference.Int("units", 1, 8, step=3, default=4)
    reference.Choice("sizes", [numpy.float64(0.5), numpy.float64(1.5)])
    reference.Choice("switch", [True, False])  # which KerasTuner turns into 1 and 0
    reference.Boolean("gated", default=True)
    with reference.conditional_scope("gated", [True]):
        reference.Int("gates", 1, 2)
        with reference.conditional_scope("gates", [2]):
            reference.Float("gate", 0, 1, default=0.25)
    with reference.conditional_scope("gated", False):
        reference.Fixed("gate", 0.0)
    ours = from_keras_tuner(reference)
    assert to_keras_tuner(ours).get_config()["space"] == reference.get_config()["space"]
    assert [type(value) for value in ours.initial().values()] == [int, int, float, int, bool, int]
    assert ours.searched == ["depth", "units", "sizes", "switch", "gated", "gates", "gate"]


@pytest.mark.parametrize("name", SPACES)
def test_a_number_gives_the_value_that_keras_tuner_gives(name: str) -> None:
    for parameter, hp in zip(SPACES[name].parameters, to_keras_tuner(SPACES[name]).space, strict=True):
        for place in numpy.random.default_rng(0).random(50):
            assert parameter.from_unit(place) == parameter.plain(hp.prob_to_value(place))


@pytest.mark.parametrize("name", SPACES)
def test_a_configuration_is_at_its_point(name: str) -> None:
    space, generator = SPACES[name], numpy.random.default_rng(1)
    for _ in range(30):
        drawn = space.draw(generator)
        point = space.to_unit(drawn)
        assert len(point) == len(space.searched) and all(0.0 <= place <= 1.0 for place in point)
        again = space.from_unit(point)
        assert list(again) == list(drawn) == [parameter.name for parameter in space.active(drawn)]
        for name, value in drawn.items():
            assert again[name] == (pytest.approx(value, rel=1e-9) if isinstance(value, float) else value)


@pytest.mark.parametrize(
    ("parameter", "values"),
    [
        (Int("n", 2, 9, 3), [2, 5, 8]),
        (Int("n", 1, 9, 3, Scale.LOG), [1, 3, 9]),
        (Choice("n", ("a", "b", "c")), ["a", "b", "c"]),
        (Choice("n", (False, True)), [False, True]),
        (Float("n", 0.0, 0.3, 0.1), [0.0, 0.1, 0.2, 0.3]),  # KerasTuner would stop at 0.2
        (Float("n", 1.0, 8.0, 2.0, Scale.REVERSE_LOG), [8.0, 7.0, 5.0, 1.0]),
    ],
    ids=repr,
)
def test_all_values_have_equal_room_and_their_place_is_its_middle(
    parameter: Parameter, values: list[object]
) -> None:
    assert parameter.possible() == values
    places = [(number + 0.5) / (20 * len(values)) for number in range(20 * len(values))]
    drawn = [parameter.from_unit(place) for place in places]
    assert drawn == [value for value in values for _ in range(20)]
    middles = [parameter.to_unit(value) for value in parameter.possible() or []]
    assert middles == pytest.approx([(number + 0.5) / len(values) for number in range(len(values))])


def test_the_middle_of_a_logarithmic_scale_is_the_geometric_mean() -> None:
    assert Float("n", 1e-4, 1e-2, scale=Scale.LOG).from_unit(0.5) == pytest.approx(1e-3)
    assert Float("n", 1e-4, 1e-2, scale=Scale.LOG).to_unit(1e-3) == pytest.approx(0.5)
    assert Int("n", 1, 99, scale=Scale.LOG).from_unit(0.5) == 10


def test_every_value_of_a_range_on_a_logarithmic_scale_is_reached_and_no_other() -> None:
    parameter = Int("n", 3, 40, scale=Scale.LOG)
    values = {parameter.from_unit(place) for place in numpy.linspace(0.0, 1.0, 4001)}
    assert values == set(range(3, 41)) == set(parameter.possible())


@pytest.mark.parametrize(
    "make",
    [
        lambda: Float("n", 1.0, 0.0),
        lambda: Int("n", 0, 8, scale=Scale.LOG),
        lambda: Float("n", 0.0, 1.0, 0.0),
        lambda: Int("n", 1, 8, 1, Scale.LOG),
        lambda: Choice("n", ()),
        lambda: Choice("n", (True, False)),
    ],
)
def test_what_is_no_range_is_refused(make: object) -> None:
    assert callable(make)
    with pytest.raises(ValueError):
        make()


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        (Float("n", 0.0, 1.0), float("nan")),
        (Float("n", 0.0, 1.0), "much"),
        (Int("n", 0, 8), float("nan")),
        (Int("n", 0, 8), "8"),
        (Choice("n", ("a", "b")), "c"),
        (Fixed("n", 3), 4),
    ],
)
def test_what_is_no_value_is_refused(parameter: Parameter, value: float | str) -> None:
    assert not parameter.holds(value)
    with pytest.raises(ValueError):
        parameter.plain(value)


def test_a_value_between_two_steps_is_not_held() -> None:
    assert Float("n", 1e-4, 1e-1, 10.0, Scale.LOG).holds(1e-3)
    assert not Float("n", 1e-4, 1e-1, 10.0, Scale.LOG).holds(2e-3)
    assert Int("n", 2, 9, 3).holds(5) and not Int("n", 2, 9, 3).holds(6)


def test_the_size_is_the_number_of_configurations_under_all_conditions() -> None:
    """Counted by hand: of DEEP without its continua."""
    finite = Space(
        tuple(
            parameter
            for parameter in DEEP.parameters
            if parameter.possible() is not None and parameter.name != "fine"
        )
    )
    dense = 2 * (2 * 4 + 1 * 100)  # gated or not; four widths at two depths, a hundred powers at the third
    convolution = 7 * (2 + 100)
    assert finite.size() == (dense + convolution) * 4 * 3
    configurations = finite.configurations()
    assert configurations is not None
    assert len({tuple(values.items()) for values in configurations}) == finite.size()
    assert DEEP.size() is None and DEEP.configurations() is None


def test_the_bounds_are_those_of_the_numbers_that_are_searched() -> None:
    space = Space(
        (Float("a", 0.1, 1.0, scale=Scale.LOG), Choice("b", (1, 50)), Choice("c", ("x", "y")), Fixed("d", 1))
    )
    assert bounds(space) == {"a": (0.1, 1.0, True), "b": (1.0, 50.0, True)}


def test_a_study_file_is_loaded_and_its_space_built_without_tensorflow() -> None:
    """Nor KerasTuner, Optuna or scikit-learn: `automl check` says what is wrong with a space at once."""
    code = f"""
import sys
from pathlib import Path
from automl.config.reading import load_study
from automl.search.first import check_first
from automl.search.space.building import build_free_space, build_space, default_entries
from automl.search.table import SAMPLERS
for file in {[str(file) for file in STUDIES]!r}:
    study = load_study(Path(file))
    own = study.network.builder is None
    space = build_space(study, default_entries(1000, True, True)) if own else build_free_space(study)
    check_first(space, study.search.first, study.search.algorithm, study.where)
    assert space.searched and study.search.algorithm in SAMPLERS
heavy = ("tensorflow", "keras", "keras_tuner", "optuna", "sklearn", "mlflow")
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=600
    )
    assert done.stdout.strip() == "[]"


def test_cubes_of_a_conditional_space_have_an_axis_for_every_searched_hyperparameter() -> None:
    corners = itertools.product((0.0, 0.999), repeat=len(DEEP.searched))
    kinds = {(values["kind"], "gate" in values, "power" in values) for values in map(DEEP.from_unit, corners)}
    assert kinds == set(itertools.product(["dense"], [True, False], [True, False])) | {
        ("convolution", False, True),
        ("convolution", False, False),
    }
