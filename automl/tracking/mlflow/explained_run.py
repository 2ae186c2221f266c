"""What was found out about a trial after it had ended, in MLflow's words. Needs no MLflow."""

from collections.abc import Iterator

from automl.evaluation.bias_variance import LOG_LOSS, BiasVariance
from automl.explanation.evidence import Diagnosis
from automl.tracking.mlflow.store import NOTE, Content, Point
from automl.tracking.mlflow.trial_run import keep_finite

CURVES = ("risk", "variance", "rest", "training")
AT_THE_KEPT_EPOCH = (
    *(f"variance_{name}" for name in ("data", "initialization", "interaction")),
    *(f"error_rate_{name}" for name in ("bias2", "variance")),
)
"""Metrics beside those of the curves."""

DESIGN, DIAGNOSIS = "bias_variance", "diagnosis"
"""Tags: how a trial's loss was taken apart, and what limits it."""

_SECTION = "bias_variance"

DOUBT = "a resample contains 63 % of the distinct rows, so the variance may be off by a factor of up to two"
"""Said beside the numbers."""


def describe_bias_variance(analysis: BiasVariance) -> Content:
    """What a trial's loss is made of: curves over epochs, and what they are at the kept epoch."""
    drawn = f"{analysis.num_resamples} resamples × {analysis.num_seeds} seeds of {analysis.num_rows} rows"
    design = f"{drawn}, {analysis.num_folds} folds; {DOUBT}"
    return Content(keep_finite([*_summary(analysis), *_curves(analysis)]), tags={DESIGN: design})


def diagnosis_tags(diagnosis: Diagnosis) -> dict[str, str]:
    """What limits a trial, as a tag and as a note for a person."""
    return {DIAGNOSIS: diagnosis.name, NOTE: diagnosis_note(diagnosis)}


def curve_names(loss: str) -> dict[str, str]:
    """Names of the metrics of each curve, in MLflow's section for bias and variance."""
    rest = "bias_plus_noise" if loss == LOG_LOSS else "bias2_plus_noise"
    return {name: f"{_SECTION}/{rest if name == 'rest' else name}" for name in CURVES}


def summary_names(loss: str) -> dict[str, str]:
    """Names of the metrics of the curves that have one value per trial too, without MLflow's section."""
    names = curve_names(loss)
    return {name: metric.removeprefix(f"{_SECTION}/") for name, metric in names.items() if name != "training"}


def _summary(analysis: BiasVariance) -> Iterator[Point]:
    """At the kept epoch, without a slash: MLflow shows the last step of a curve, which is another epoch."""
    for name, metric in summary_names(analysis.loss).items():
        value, error = analysis.at(getattr(analysis, name))
        yield Point(metric, value)
        yield Point(f"{metric}_se", error)
    for name, value in analysis.parts.items():
        yield Point(f"variance_{name}", value)
    for name, value in analysis.error_rate.items():
        yield Point(f"error_rate_{name}", value)


def _curves(analysis: BiasVariance) -> Iterator[Point]:
    names = curve_names(analysis.loss)
    for index, epoch in enumerate(analysis.epochs):
        yield Point(names["training"], analysis.training[index], epoch)
        for name in ("risk", "variance", "rest"):
            curve = getattr(analysis, name)
            yield Point(names[name], curve.values[index], epoch)
            yield Point(f"{names[name]}_se", curve.errors[index], epoch)


def diagnosis_note(diagnosis: Diagnosis) -> str:
    """What limits a trial and what to change, in Markdown."""
    advice = "".join(f"\n- {sentence}" for sentence in diagnosis.advice)
    text = f"**{diagnosis.name.replace('_', ' ').capitalize()}.** {diagnosis.sentence}"
    return f"{text}\n\nTo change:\n{advice}" if advice else text
