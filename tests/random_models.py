"""Exported models with random weights: what their interfaces answer does not depend on any training."""

from pathlib import Path
from typing import Any

import pandas

from automl.config.reading import make_study
from automl.data.folds import Fold
from automl.data.sources.file_source import text_reading
from automl.export.saved_model import ModelCard, save_model
from automl.study.preparation import PreparedStudy, prepare_study
from automl.training.network import Network
from automl.trial import Member, Trial, TrialState


def random_model(
    folder: Path, data: dict[str, Any], table: pandas.DataFrame | None = None
) -> tuple[Path, PreparedStudy]:
    """A model of the table that a data section names, in `folder/model`, and the study that it is of."""
    space = {"depth": 1, "width": 16, "activation": "tanh"}
    config = make_study({"name": "m", "data": data, "space": space})
    prepared = prepare_study(config, table)
    values, rows = prepared.space.initial(), prepared.splits.training
    view = prepared.plan.view(Member(0, -1, values, 0), Fold(rows, rows[:0], rows[:0]))
    network = Network(prepared.builder.build(values, seed=3), view.scalings, prepared.dataset.task)
    trial = Trial(0, values, TrialState.COMPLETE)
    card = ModelCard("m", trial, 3, len(rows), {}, file=text_reading(config.data))
    save_model(network, prepared.dataset, card, folder / "model")
    return folder / "model", prepared
