"""A work as our engines take it: the table with every column a number, and what all members share."""

import numpy
import pandas

from automl.config.sections import DataConfig
from automl.data.dataset import make_dataset
from automl.data.features.encodings import ENCODINGS
from automl.data.preprocessing import make_layout
from automl.networks.builder import FamilyBuilder
from automl.training.plan import TrainingPlan, TrainingSettings


def plan_of(work, training: TrainingSettings, metrics) -> TrainingPlan:
    """Columns that are constant stay, as they do for everyone else in the race."""
    names = [f"x{index}" for index in range(work.features.shape[1])]
    table = pandas.DataFrame(work.features, columns=names).assign(y=work.target)
    task = {0: "regression", 2: "binary"}.get(work.num_classes, "multiclass")
    config = DataConfig(path="work", target="y", task=task, columns=dict.fromkeys(names, "numeric"))
    dataset = make_dataset(table, "y", config, lambda *_: "work")
    layout = make_layout(dataset.columns, numpy.arange(len(work.target)))
    widths = {name: layout.num_inputs(name) for name in ENCODINGS}
    builder = FamilyBuilder(widths, dataset.num_outputs, dataset.task)
    return TrainingPlan(dataset, layout, builder, training, metrics)
