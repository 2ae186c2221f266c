"""The commented study file that `automl init` writes."""

import json
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_WIDTH = 118
_REMARKS = {"width": "   # add `per_layer: true` for a separate width per layer"}


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What the file says of its table.

    Attributes:
        source: Lines of the data section, value by key.
        metrics: Names of the metrics for the target, the default one first.
        space: What is searched when the study file does not say, by hyperparameter.
        findings: Lines on the table; none when it was not looked at.
        advice: Lines on the objective.
    """

    source: Mapping[str, str]
    metrics: tuple[str, ...]
    space: Mapping[str, Mapping[str, Any]]
    findings: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()


TEMPLATE = """\
# A study: one question about one table. Run it with `automl run {file}`, check it with `automl check {file}`.
# Every key but `data` may be left out; the values here are the defaults, except where a comment says otherwise.
name: {name}
{findings}
# The table: `path` (CSV, TSV, JSON, Parquet, Feather, Excel), `url` of such a file, `sklearn`, or `sql`
# (`sqlite:///table.db`) with its `query` or `table`. Write a password as `${{NAME}}`, an environment variable.
data:
{data}
  # features: [age, city]    # columns to learn from; default: all but the target
  # columns: {{zip_code: categorical, joined: date, age: numeric, remark: drop}}   # overrides the detected type
  # gaps: {{income: [-999], city: [unknown]}}   # cells that stand for a missing value
  # decimal: ","             # decimal separator, as in 3,14; detected by default
  # date_order: day_first    # or month_first, for ambiguous dates such as 3/4/2023
  # weights: importance      # column with the weight of each row

splits:
  kind: auto       # stratified, plain, group, time or column; the last three need the name of a column in `by`
  # by: customer   # column with the groups, the time or the folds
  test: 0.2        # share of rows for the locked test; the best trial is scored on them once, at the end
  folds: 5         # cross-validation
  stopping: 0.15   # share of a fold's training rows that chooses the epoch and is never scored

{metrics}
objective: {objective}

# The search space. A single value is fixed; a range is one of
#   {{int: [low, high]}}   {{float: [low, high], log: true}}   {{choice: [...]}}   each range with an optional `step`.
# Known: family (perceptron, residual, tabm, realmlp), views (of tabm), frequencies (of realmlp), depth (0 is a linear
# model), width, activation, negative_slope (of leaky_relu), dropout, batch_normalization, initializer, l2, optimizer
# (sgd, momentum, adam, adamw, adamw_ema, schedule_free, muon, rmsprop), learning_rate, momentum, weight_decay,
# ema_momentum, schedule (constant, cosine, linear, flat_cosine, coslog4), clip_norm, label_smoothing, batch_size,
# epochs, patience, numeric_encoding (standard, quantile, piecewise, robust), number_embedding (none, piecewise; of the
# piecewise encoding), embedding_size, target_transform (none, log; for numbers above 0).
space:
{space}

search:
  algorithm: tpe        # or bayesian, random, sobol, grid
  pruner: rungs         # weak trials end after a few epochs; none: every trial is trained to its end
  trials: {trials:<14}# maximum
  seed: 0               # seed of all random numbers

budget:
  minutes: {minutes:<13}# of the whole command: search, analysis, refit, baselines, export, MLflow; null for no limit
  # stop_at: 0.1        # the search ends when the {objective} of a trial reaches this value
  # stop_after: 20      # the search ends after this many trials in a row without improvement

training:
  patience: 10          # epochs without a better loss on the stopping rows; null: all epochs, the best one is kept
  # epochs: 100         # maximum; the default depends on the number of rows
  # batch_size: 64      # rows per step

ensemble: auto          # greedy for this space, none for another space; or none, folds, seeds, greedy

bias_variance:
  trials: auto          # trials analyzed for bias and variance; auto: up to ten of the best; top (ten) or all
  # resamples: 16       # bootstrap resamples per trial; 0 for none
  # seeds: 4            # per resample; separates the effect of the rows from that of the seed

# Where trials and models are sent: `to` is mlflow (the default), none, or your own tracker,
# `package.module:Class`. Without `uri`, MLflow stores them in a database under mlruns/.
# tracking: {{to: mlflow, uri: "http://127.0.0.1:5000", register_as: {name}}}
# records: {{uri: "postgresql://me:${{PASSWORD}}@host/studies"}}   # default: a SQLite file under mlruns/
# network: {{builder: "my_models.py:build"}}   # build(hp) -> keras.Model, KerasTuner's convention
"""


def study_template(name: str, file: str, facts: TableFacts, trials: int, minutes: float | None) -> str:
    """A study file with a comment at every key.

    Args:
        name: The study's name.
        file: The file's path, for the commands in its header.
        facts: Facts about the table.
        trials: Number of trials by default.
        minutes: Time limit of the whole command by default; None for none.
    """
    metrics = f"The metric that ranks the trials: {', '.join(facts.metrics)}. The first is the default."
    findings = [f"- {line}" for line in facts.findings]
    return TEMPLATE.format(
        name=name,
        file=file,
        findings=f"\n{_comment(['Findings in the table:', *findings])}\n" if findings else "",
        data="\n".join(f"  {key}: {value}" for key, value in facts.source.items()),
        metrics=_comment([metrics, *facts.advice]),
        objective=facts.metrics[0],
        trials=trials,
        minutes="null" if minutes is None else f"{minutes:g}",
        space="\n".join(
            f"  {key}: {flow(entry.get('fixed', entry))}{_REMARKS.get(key, '')}"
            for key, entry in facts.space.items()
        ),
    )


def flow(value: Any) -> str:
    """A value of the study file as YAML in one line."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {flow(entry)}' for key, entry in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(flow, value))}]"
    return value if isinstance(value, str) and value.isidentifier() else json.dumps(value, ensure_ascii=False)


def _comment(lines: list[str]) -> str:
    """Lines as comments, the long ones broken."""
    wrapped = [
        part
        for line in lines
        for part in textwrap.wrap(line, _WIDTH - 2, subsequent_indent="  " if line.startswith("- ") else "")
    ]
    return "\n".join(f"# {part}" for part in wrapped)
