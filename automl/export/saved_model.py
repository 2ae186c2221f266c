"""A trained network as a SavedModel that takes raw columns by name: the preprocessing is inside the graph."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy
import pandas

from automl.data.dataset import Dataset
from automl.data.schema import Column
from automl.ensembles.averaged import Averaged
from automl.errors import ExportError
from automl.evaluation.conformal import STEPS
from automl.export.folders import replace_folder
from automl.export.second_process import Order, write_elsewhere
from automl.export.served import Served, ServedPart, argument_names
from automl.networks.builder import FamilyBuilder, NetworkBuilder
from automl.serving.copying import copy_scoring
from automl.serving.scoring import Scorer
from automl.training.backend import backend_name
from automl.training.network import Network
from automl.trial import Task, Trial
from automl.wording import counted, number, table_cell

_MOST_COLUMNS = 50
"""Input columns that a model card lists."""

TOLERANCE = 1e-5
"""Largest difference between the SavedModel and the Keras model, relative for values of a regression."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a model's reader should know beside its columns.

    Attributes:
        study: The study's name.
        trial: The trial that was refitted; None of a baseline.
        epochs: Epochs of the refit; 0 of a baseline.
        num_rows: Rows of the refit.
        scores: Cross-validation mean and locked-test score by metric, as text ready to read.
        threshold: Probability of the second of two classes from which it is the label.
        file: How the study's file of text was read, for files of more rows: fields of `TableFile`.
        baseline: Name of the baseline that it is; empty of a trial.
        ensemble: How much each trial counts, by its number, where the model averages several networks.
        margins: Of prediction intervals or sets of classes, as `conformal.margins_of` gives them.
    """

    study: str
    trial: Trial | None
    epochs: int
    num_rows: int
    scores: Mapping[str, str]
    threshold: float = 0.5
    file: Mapping[str, Any] = field(default_factory=dict)
    baseline: str = ""
    ensemble: Mapping[int, float] = field(default_factory=dict)
    margins: tuple[float, ...] = ()

    @property
    def title(self) -> str:
        """The study, and which of its models this is."""
        if self.ensemble:
            return f"{self.study}: ensemble of {counted(len(self.ensemble), 'trial')}"
        return f"{self.study}: {f'{self.baseline} baseline' if self.trial is None else f'trial {self.trial.number}'}"

    @property
    def hyperparameters(self) -> Mapping[str, Any]:
        """Of the trial; none of a baseline or an ensemble."""
        return {} if self.trial is None or self.ensemble else self.trial.hyperparameters

    @property
    def how(self) -> str:
        """How the model came to be, without a period."""
        if self.ensemble:
            members = ", ".join(f"trial {trial} {weight:.1%}" for trial, weight in self.ensemble.items())
            return f"Averages networks of these trials ({members}), trained"
        return "Fitted by scikit-learn" if self.trial is None else f"Trained for {self.epochs} epochs"


def check_backend() -> None:
    """Refuse a backend that populations do not train on.

    Raises:
        ExportError: Keras runs neither on TensorFlow nor on JAX.
    """
    backend = backend_name()
    if backend not in ("tensorflow", "jax"):
        raise ExportError(
            f"environment: `KERAS_BACKEND` must be 'tensorflow' or 'jax' for a study, got {backend!r}. Unset it."
        )


def save_model(
    network: Network | Averaged,
    dataset: Dataset,
    card: ModelCard,
    folder: Path,
    builder: NetworkBuilder | None = None,
) -> None:
    """Write a SavedModel, `model.json` and `model_card.md`; load it again and compare.

    The folder appears whole or not at all. One that holds an earlier model of automl, and nothing else, is replaced.
    Where Keras runs on JAX, a second process with TensorFlow writes and loads the SavedModel.

    Args:
        network: What is written.
        dataset: The table that it was trained on.
        card: What its reader should know.
        folder: Its place.
        builder: What the second process builds the network of a trial with.

    Raises:
        ExportError: The folder cannot be written or holds something else, or the reloaded model differs.
    """
    served, models = _served(network, dataset, card)

    def write(made: Path) -> None:
        made.mkdir()
        _write_cards(dataset, card, made)
        copy_scoring(made)
        table = dataset.frame(_compared(dataset))
        if backend_name() == "tensorflow":
            from automl.export.graph import write_graph

            write_graph(served, models, made)
            answers = Scorer(made).predict(table)
        else:
            family_builder = builder if isinstance(builder, FamilyBuilder) else None
            answers = write_elsewhere(Order(served, family_builder, table), models, made)
        _compare(network, dataset, answers)

    with _explained(folder):
        replace_folder(folder, write)


def _served(network: Network | Averaged, dataset: Dataset, card: ModelCard) -> tuple[Served, list[Any]]:
    """What the graph needs beside the Keras models, and these models."""
    if isinstance(network, Network):
        parts: tuple[ServedPart, ...] = (ServedPart(network.scalings, card.hyperparameters),)
        networks, temperature = [network], 1.0
    else:
        networks, temperature = [part.network for part in network.parts], network.temperature
        parts = tuple(
            ServedPart(part.network.scalings, part.hyperparameters, part.weight) for part in network.parts
        )
    served = Served(parts, dataset.schema, dataset.task, dataset.classes, card.threshold, temperature)
    return served, [part.model for part in networks]


def copy_model(source: Path, folder: Path) -> None:
    """Copy an exported model. The folder is as for `save_model`.

    Raises:
        ExportError: The folder cannot be written or holds something else.
    """
    if source.resolve() in folder.resolve().parents:
        raise ExportError(f"{folder} is in the model that is copied. Choose a folder outside of it.")

    def write(made: Path) -> None:
        shutil.copytree(source, made)

    with _explained(folder):
        replace_folder(folder, write)


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = getattr(error, "strerror", None) or str(error).splitlines()[0]
        cure = "Make room, or choose another folder with `automl export --to`."
        raise ExportError(f"{folder} cannot be written: {why}. {cure}") from None


def _write_cards(dataset: Dataset, card: ModelCard, folder: Path) -> None:
    content: dict[str, Any] = {
        "study": card.study,
        "trial": None if card.trial is None else card.trial.number,
        "baseline": card.baseline,
        "ensemble": {str(trial): weight for trial, weight in card.ensemble.items()},
        "task": dataset.task.value,
        "target": dataset.target_name,
        "features": list(dataset.feature_names),
        "inputs": argument_names(dataset.feature_names),
        "columns": {column.name: _described(column, dataset) for column in dataset.schema.learned},
        "threshold": card.threshold,
        "file": dict(card.file),
        "classes": list(dataset.classes),
        "hyperparameters": dict(card.hyperparameters),
        "epochs": card.epochs,
        "rows": card.num_rows,
        "scores": dict(card.scores),
        "margins": {"steps": STEPS, "values": list(card.margins)},
    }
    (folder / "model.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    (folder / "model_card.md").write_text(_card_text(dataset, card), encoding="utf-8")


def _described(column: Column, dataset: Dataset) -> dict[str, Any]:
    return column.feature.contract(dataset.table[column.name], column.reading)


def _card_text(dataset: Dataset, card: ModelCard) -> str:
    scores = "\n".join(f"| {name} | {value} |" for name, value in card.scores.items())
    values = "\n".join(f"| {name} | {_value(value)} |" for name, value in card.hyperparameters.items())
    markdown = f"| hyperparameter | value |\n|---|---|\n{values}\n\n" if values else ""
    return f"""# {card.title}

Predicts {table_cell(dataset.target_name)} ({dataset.task.value}) from {len(dataset.feature_names)} columns. {card.how}
on {card.num_rows} rows; table digest `{dataset.digest[:16]}`.

| score | value |
|---|---|
{scores}

{_columns_text(dataset)}

{markdown}\
Predict with `automl predict FOLDER rows.csv`, or with TensorFlow alone: the signature `serving_default` takes one
tensor of shape (rows,) per column, under the argument that `model.json` names in `inputs`: float64 with NaN for gaps
for numeric columns (see `columns`), text with "" for gaps for all others.
"""


def _value(value: Any) -> str:
    """A hyperparameter as people read it; `model.json` holds all of its digits."""
    return number(value, 3) if isinstance(value, float) else table_cell(str(value))


def _columns_text(dataset: Dataset) -> str:
    """The columns that the model takes, as a table; of very many the first ones."""
    columns = dataset.schema.learned
    lines = ["| input column | kind |", "|---|---|"]
    for column in columns[:_MOST_COLUMNS]:
        lines.append(f"| {table_cell(column.name)} | {_described(column, dataset)['kind']} |")
    if len(columns) > _MOST_COLUMNS:
        lines.append(f"| and {len(columns) - _MOST_COLUMNS:,} more | see `model.json` |")
    return "\n".join(lines)


def _compare(network: Network | Averaged, dataset: Dataset, answers: pandas.DataFrame) -> None:
    """What the written model has answered must be what the Keras model says."""
    expected = network.predict(dataset.columns.take(_compared(dataset)))
    if dataset.task is Task.REGRESSION:
        allowed = TOLERANCE * max(1.0, float(numpy.abs(expected).max()))
        difference = numpy.abs(answers["prediction"].to_numpy() - expected).max()
    else:
        allowed = TOLERANCE
        difference = numpy.abs(answers.drop(columns="prediction").to_numpy() - expected).max()
    if not difference <= allowed:
        raise ExportError(
            f"the SavedModel must give the same outputs as the Keras model, got a difference of {difference:.2g} "
            f"(allowed {allowed:.2g}). The network contains a layer that cannot be saved correctly."
        )


def _compared(dataset: Dataset) -> numpy.ndarray:
    """Rows that the model is asked about when it is written."""
    return numpy.arange(min(64, len(dataset.target)))
