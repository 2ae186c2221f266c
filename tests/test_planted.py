"""Problems planted into small studies, each of which has to be named."""

from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest

import automl
from automl.errors import StudyFailedError
from automl.explanation.evidence import Diagnosis
from automl.explanation.study import explain_study
from automl.records.finding import read_run
from automl.records.state import StudyState

pytestmark = pytest.mark.usefixtures("without_page")

DEAD = """
    import keras

    def build(hp):
        bias = keras.initializers.Constant(-10.0)
        return keras.Sequential([
            keras.Input((1,)),
            keras.layers.Dense(hp.Int("units", 8, 16), activation="relu", bias_initializer=bias),
            keras.layers.Dense(1),
        ])
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One MLflow store for all studies."""
    return tmp_path_factory.mktemp("runs")


def wave(num_rows: int, noise: float = 0.1) -> pandas.DataFrame:
    """A sine that no line fits: 19 % of its variance at best."""
    generator = numpy.random.default_rng(0)
    x = generator.uniform(-1.0, 1.0, num_rows)
    return pandas.DataFrame({"x": x, "y": numpy.sin(6.0 * x) + noise * generator.normal(size=num_rows)})


def few_rows() -> pandas.DataFrame:
    generator = numpy.random.default_rng(5)
    table = pandas.DataFrame(generator.normal(size=(40, 5)), columns=list("abcde"))
    return table.assign(y=table["a"] * table["b"] + table["c"] + 0.1 * generator.normal(size=40))


def noisy() -> pandas.DataFrame:
    generator = numpy.random.default_rng(5)
    table = pandas.DataFrame(generator.normal(size=(400, 10)), columns=list("abcdefghij"))
    return table.assign(y=2.0 * table["a"] + generator.normal(size=400))


def nothing(labels: bool) -> pandas.DataFrame:
    """A target that has nothing to do with the features."""
    generator = numpy.random.default_rng(5)
    table = pandas.DataFrame(generator.normal(size=(300, 4)), columns=list("abcd"))
    target = generator.normal(size=300)
    return table.assign(y=numpy.where(target > 0.3, "no", "yes") if labels else target)


def ended(
    runs: Path, table: pandas.DataFrame, space: dict[str, Any], epochs: int, **sections: Any
) -> StudyState:
    """The state of a study of one trial that nothing stops early."""
    content = {
        "name": f"planted-{len(list(runs.glob('studies/*')))}",
        "data": {"frame": True, "target": "y"},
        "splits": {"folds": 3},
        "space": space or None,
        "search": {"trials": 1, "minutes": None},
        "training": {"epochs": epochs, "batch_size": 32, "patience": epochs},
        "baselines": False,
        "bias_variance": {"resamples": 8, "trials": "all"},
    }
    study = automl.make_study(content | sections)
    try:
        folder = automl.run_study(study, mlruns=runs, table=table).folder
    except StudyFailedError:
        [folder] = (runs / "studies" / study.name).iterdir()
    return read_run(folder)


def diagnosis(log: StudyState) -> Diagnosis:
    return explain_study(log).diagnoses[0]


def hidden(**values: Any) -> dict[str, Any]:
    return {"depth": 1, "width": 16, "learning_rate": 0.01} | values


@pytest.mark.slow
def test_a_line_through_a_sine_is_bound_by_bias(runs: Path) -> None:
    """The study has no better network; gradient boosting tells how low the loss can be."""
    space = {"depth": 0, "learning_rate": 0.01}
    log = ended(runs, wave(600), space, 80, baselines=True)
    diagnosed = diagnosis(log)
    assert diagnosed.name == "bias_bound"
    assert "the loss of gradient boosting" in diagnosed.sentence
    assert diagnosed.changes["depth"] == "more"
    measured = log.bias_variance[0]
    assert measured.at(measured.variance)[0] < 0.02 * measured.at(measured.rest)[0]


@pytest.mark.slow
def test_a_network_that_learns_noise_by_heart_is_bound_by_variance(runs: Path) -> None:
    """One column of ten tells the target, and the noise is known: what lies above it is mostly variance."""
    space = hidden(depth=1, width=128, learning_rate=0.01)
    parts = {"resamples": 8, "trials": "all", "noise": 1.0}
    diagnosed = diagnosis(
        ended(runs, noisy(), space, 60, splits={"folds": 5, "test": 0}, bias_variance=parts)
    )
    assert diagnosed.name == "variance_bound"
    assert diagnosed.changes["width"] == "less" and diagnosed.changes["dropout"] == "more"


@pytest.mark.slow
def test_a_huge_network_on_forty_rows_is_not_said_to_be_bound_by_variance(runs: Path) -> None:
    """Forty tables of forty rows have a variance of 0.13 and a bias² of 0.15: it was a wrong answer for long.

    The study knows nothing beside this one network, which is not its own floor.
    """
    space = hidden(depth=2, width=256, learning_rate=0.003)
    diagnosed = diagnosis(ended(runs, few_rows(), space, 80, splits={"folds": 3, "test": 0}))
    assert diagnosed.name == "undecided"
    assert "no other trial was analyzed and no baseline trained" in diagnosed.sentence


@pytest.mark.slow
def test_linear_networks_alone_on_a_bent_line_are_not_bound_by_variance(runs: Path) -> None:
    """All have the same bias, so that none lies above another; a larger network was not tried."""
    space = {"depth": 0, "learning_rate": {"choice": [0.01, 0.02]}}
    table = wave(300)
    table["y"] = table["x"].abs() + 0.5 * table["x"] + 0.1 * table["y"]
    log = ended(runs, table, space, 80, search={"trials": 2, "algorithm": "grid", "minutes": None})
    explanation = explain_study(log).diagnoses
    names = [explanation[number].name for number in log.bias_variance]
    assert len(names) == 2 and "untried_capacity" in names and "variance_bound" not in names


@pytest.mark.slow
def test_a_learning_rate_of_ten_diverges(runs: Path) -> None:
    """Adam comes back near a constant's loss, its ReLUs dead: what killed them is named, and not that they are dead."""
    log = ended(runs, wave(300), hidden(learning_rate=10.0), 20)
    health = log.whole(0).folds[0].health
    assert health is not None and max(health.dead_units) > 0.7
    diagnosed = diagnosis(log)
    assert (diagnosed.name, diagnosed.changes) == ("diverged", {"learning_rate": "less"})


def test_a_loss_that_is_not_finite_diverges(runs: Path) -> None:
    log = ended(runs, wave(300), hidden(learning_rate=10.0, optimizer="sgd"), 20)
    assert log.trials[0].state == "failed"
    assert diagnosis(log).name == "diverged"


@pytest.mark.slow
@pytest.mark.parametrize("labels", [False, True])
def test_noise_has_no_signal(runs: Path, labels: bool) -> None:
    assert diagnosis(ended(runs, nothing(labels), hidden(), 30)).name == "no_signal"


@pytest.mark.slow
def test_twelve_layers_of_sigmoids_have_vanishing_gradients(runs: Path) -> None:
    space = hidden(depth=12, activation="sigmoid", learning_rate=0.001)
    diagnosed = diagnosis(ended(runs, wave(300), space, 15))
    assert diagnosed.name == "vanishing_gradients"
    assert diagnosed.changes["depth"] == "less"


@pytest.mark.slow
def test_units_that_begin_far_below_zero_are_dead(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(DEAD.replace("\n    ", "\n"))
    builder = {"builder": f"{tmp_path / 'net.py'}:build"}
    log = ended(runs, wave(150), {}, 3, network=builder, bias_variance={"resamples": 4, "trials": "all"})
    diagnosed = diagnosis(log)
    assert diagnosed.name == "dead_units"
    assert diagnosed.sentence.startswith("100% of the units of hidden layer 1")


@pytest.mark.slow
def test_two_epochs_of_small_steps_are_stopped_by_the_budget(runs: Path) -> None:
    for rate in (0.0003, 0.003):  # the one has learned almost nothing, the other a little
        diagnosed = diagnosis(ended(runs, wave(300), hidden(width=32, learning_rate=rate), 2))
        assert diagnosed.name == "stopped_by_budget"
        assert diagnosed.changes["epochs"] == "more"
