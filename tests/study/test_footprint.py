"""Memory and disk that are counted, against what arrays and files take."""

from dataclasses import replace
from pathlib import Path

import numpy
from small_studies import FOLDS, prepared_with

from automl.evaluation.out_of_fold import OutOfFold
from automl.records.files import write_predictions, write_trial
from automl.study.analyses.bias_variance import design_analysis
from automl.study.footprint import Memory, count_disk, count_memory
from automl.study.network_sizes import smallest_and_largest
from automl.study.workload import plan_workload
from automl.training.members import plan_members
from automl.training.population.catalog import ViewCatalog
from automl.trial import FoldResult, Trial, TrialState


def test_encoded_tables_take_the_bytes_that_are_counted() -> None:
    choices = {
        "numeric_encoding": {"choice": ["standard", "piecewise"]},
        "target_transform": {"choice": ["none"]},
    }
    prepared = prepared_with(data={"sklearn": "digits"}, space={"depth": 0, "learning_rate": 0.01, **choices})
    catalog = ViewCatalog(prepared.plan, prepared.splits.folds)
    values = list(prepared.space.configurations() or ())
    members = [
        member
        for trial, hyperparameters in enumerate(values)
        for member in plan_members(trial, hyperparameters, FOLDS, seed=0)
    ]
    tables = catalog.add(members).tables(members)
    nbytes = {
        width: sum(numpy.asarray(array).nbytes for array in table.arrays.values())
        for width, table in tables.items()
    }
    counted = count_memory(
        prepared,
        smallest_and_largest(prepared)[1],
        plan_workload(prepared, ()),
        design_analysis(prepared, []),
    )
    copies = 2.5 * max(nbytes.values())
    assert counted.views == round(sum(nbytes.values()) + copies)
    assert counted.analyses == 0


def test_a_trial_takes_the_disk_that_is_counted(tmp_path: Path) -> None:
    prepared = prepared_with()
    folds = tuple(
        FoldResult(
            number,
            *[(0.123456789,) * 10] * 3,
            best_epoch=10,
            scores=dict.fromkeys(prepared.metrics, 0.123456789),
            training_scores=dict.fromkeys(prepared.metrics, 0.123456789),
            seconds=1.23456789,
            predictions=numpy.full((len(fold.validation), 3), 0.3, numpy.float32),
        )
        for number, fold in enumerate(prepared.splits.folds)
    )
    trial = Trial(7, {}, TrialState.COMPLETE, folds)
    gathered = OutOfFold([fold.validation for fold in prepared.splits.folds], 3, 0).gather(trial)
    assert gathered is not None
    write_predictions(tmp_path, 7, gathered)
    write_trial(tmp_path, trial)
    sizes = {path.suffixes[0]: path.stat().st_size for path in (tmp_path / "trials").iterdir()}
    disk = count_disk(prepared, smallest_and_largest(prepared)[1])
    header = 128  # of a NumPy file
    assert sizes[".predictions"] + sizes[".curves"] - 2 * header + 2000 == disk.trial
    assert sizes[".json"] < 2000
    assert disk.trials == 4 * disk.trial


def test_memory_that_is_not_there_is_too_little() -> None:
    memory = Memory(process=900, views=50, networks=30, analyses=20, available=100, on_device=False)
    assert memory.needed == 100 and memory.suffices
    assert not replace(memory, available=99).suffices
    assert replace(memory, available=None).suffices
