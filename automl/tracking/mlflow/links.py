"""Addresses of pages in MLflow's web page, from `#` on. Needs no MLflow."""

from urllib.parse import quote, urlencode

from automl.trial import Direction, Objective

VIEW_KEY = "automl-leaderboard"
ONLY_TRIALS = 'tags.role = "trial"'

DEFAULT_ADDRESS = "http://127.0.0.1:5000"
"""Where `automl ui` listens when no port is given."""

_MODE = {"workflowType": "machine_learning"}  # without it, MLflow opens on its page for language models


def experiments_page() -> str:
    """The list of experiments."""
    return f"#/experiments?{urlencode(_MODE)}"


def trials_page(experiment: str, objective: Objective, study: str | None = None) -> str:
    """The flat list of trials, the best one first; of one study, or of every study in the experiment."""
    condition = ONLY_TRIALS
    if study is not None:
        condition += f' and tags.study_id = "{study}"'
    query = {
        **_MODE,
        "searchFilter": condition,
        "orderByKey": f"metrics.`cv_{objective.metric}_mean`",
        "orderByAsc": str(objective.direction is Direction.MINIMIZE).lower(),
    }
    return f"#/experiments/{experiment}/runs?{urlencode(query, quote_via=quote)}"


def runs_page(experiment: str) -> str:
    """The list of an experiment's runs as MLflow shows it by itself: there from its beginning."""
    return f"#/experiments/{experiment}/runs?{urlencode(_MODE)}"


def view_page(experiment: str) -> str:
    """The trials of every study in the experiment as the saved view shows them; it must hold that view."""
    return f"#/experiments/{experiment}/runs?{urlencode({**_MODE, 'viewStateShareKey': VIEW_KEY})}"


def charts_page(experiment: str) -> str:
    """The same as charts."""
    query = {**_MODE, "viewStateShareKey": VIEW_KEY, "compareRunsMode": "CHART"}
    return f"#/experiments/{experiment}/runs?{urlencode(query)}"


def run_page(experiment: str, run: str) -> str:
    """The page of one run."""
    return f"#/experiments/{experiment}/runs/{run}?{urlencode(_MODE)}"


def artifact_page(experiment: str, run: str, path: str) -> str:
    """The page of a run that shows one of its files."""
    return f"#/experiments/{experiment}/runs/{run}/artifacts/{quote(path)}?{urlencode(_MODE)}"
