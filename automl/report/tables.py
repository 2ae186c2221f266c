"""Tables of a study that go into files."""

from collections.abc import Iterable

import pandas

from automl.evaluation.bias_variance import BiasVariance


def bias_variance_table(analyses: Iterable[BiasVariance]) -> pandas.DataFrame:
    """One row per trial and epoch: whether it was kept, and risk, variance, rest with their standard errors."""
    rows = [
        {
            "trial": analysis.trial,
            "epoch": epoch,
            "kept": epoch == analysis.epoch,
            "loss": analysis.loss,
            **{
                f"{name}{suffix}": values[index]
                for name, curve in (
                    ("risk", analysis.risk),
                    ("variance", analysis.variance),
                    ("rest", analysis.rest),
                )
                for suffix, values in (("", curve.values), ("_error", curve.errors))
            },
            "training": analysis.training[index],
            "resamples": analysis.num_resamples,
            "seeds": analysis.num_seeds,
            "folds": analysis.num_folds,
            "rows": analysis.num_rows,
        }
        for analysis in analyses
        for index, epoch in enumerate(analysis.epochs)
    ]
    return pandas.DataFrame(rows)
