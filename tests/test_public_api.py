"""The names that users import."""

import subprocess
import sys

import automl


def test_every_public_name_exists():
    for name in automl.__all__:
        assert getattr(automl, name) is not None


def test_the_interface_is_frozen():
    """A name that goes or comes is a line in CHANGELOG.md and here."""
    assert sorted(automl.__all__) == [
        "AutoMLError",
        "Client",
        "NeuralClassifier",
        "NeuralRegressor",
        "Sampler",
        "StudyConfig",
        "StudyResult",
        "Tracker",
        "Trial",
        "__version__",
        "export_baseline",
        "export_trial",
        "fit",
        "load_study",
        "make_study",
        "run_study",
    ]


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, automl; print({'tensorflow', 'pandas', 'pydantic'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"
