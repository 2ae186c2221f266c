"""Tables of a study that go into files."""

from collections.abc import Iterable

import pandas

from automl.evaluation.bias_variance import BiasVariance


def bias_variance_table(found: Iterable[BiasVariance]) -> pandas.DataFrame:
    """One row per trial and epoch: whether it was kept, and risk, variance, rest with their standard errors."""
    rows = [
        {
            "trial": one.trial,
            "epoch": epoch,
            "kept": epoch == one.epoch,
            "loss": one.loss,
            **{
                f"{name}{suffix}": values[place]
                for name, curve in (("risk", one.risk), ("variance", one.variance), ("rest", one.rest))
                for suffix, values in (("", curve.values), ("_error", curve.errors))
            },
            "training": one.training[place],
            "resamples": one.num_resamples,
            "seeds": one.num_seeds,
            "folds": one.num_folds,
            "rows": one.num_rows,
        }
        for one in found
        for place, epoch in enumerate(one.epochs)
    ]
    return pandas.DataFrame(rows)
