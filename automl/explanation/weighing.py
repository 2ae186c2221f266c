"""Advice weighed by the study's own trials: what they have tried without a gain is not advised, and that is said."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

from automl.evaluation.metrics import METRICS
from automl.evaluation.tried_changes import FACTOR, NEXT, STEPS, TriedChange, tried_change
from automl.trial import Objective, Trial
from automl.wording import number

MORE, LESS = "more", "less"

Proposal = tuple[str, Mapping[str, str]]
"""What to do, in words, and the same for a program: `more` or `less`, by hyperparameter or key of the training section.
The mapping is empty where nothing of a study file changes."""

LOOK_FOR_FEATURES = "look for features that predict the target better, or better labels"

WIDER: Proposal = ("a wider network", {"width": MORE})
DEEPER: Proposal = ("a deeper network", {"depth": MORE})
NARROWER: Proposal = ("a narrower network", {"width": LESS})
LOWER_DEPTH: Proposal = ("lower `depth`", {"depth": LESS})
LOWER_RATE: Proposal = ("lower `learning_rate`", {"learning_rate": LESS})
MORE_DROPOUT: Proposal = ("more `dropout`", {"dropout": MORE})
MORE_L2: Proposal = ("more `l2`", {"l2": MORE})
QUANTILE: Proposal = (
    "`numeric_encoding: quantile`, which brings values far from the others near them",
    {"numeric_encoding": MORE},
)
CLIP: Proposal = ("clip the gradient with `clip_norm: 1.0`", {})
MORE_ROWS: Proposal = ("more rows", {})
SEEDS: Proposal = ("average networks of several seeds (`ensemble: seeds`)", {})

NOTABLE_GAIN = 0.05
"""Share of the way from a trial's score to a perfect one below which a gain is not worth a change."""

_WORDS = {
    ("width", MORE): "twice as wide",
    ("width", LESS): "half as wide",
    ("depth", MORE): "one layer more",
    ("depth", LESS): "one layer fewer",
}


@dataclass(frozen=True, slots=True)
class Weighed:
    """Advice after the trials have been looked at.

    Attributes:
        advice: What to do, the most promising first.
        changes: The same for a program.
        tried: What the trials show about changes that were considered, in sentences.
    """

    advice: tuple[str, ...] = ()
    changes: Mapping[str, str] = field(default_factory=dict)
    tried: tuple[str, ...] = ()


@final
class Tried:
    """What the trials of a study have tried.

    Args:
        trials: Completed trials.
        objective: Metric and direction.
        log_scaled: Hyperparameters that are drawn on a logarithmic scale.
        edges: Hyperparameters whose best values lie at an end of their range: `high` or `low`.
    """

    def __init__(
        self,
        trials: Sequence[Trial],
        objective: Objective,
        log_scaled: Collection[str] = (),
        edges: Mapping[str, str] | None = None,
    ) -> None:
        self._trials, self._objective, self._log_scaled = trials, objective, log_scaled
        self.edges: Mapping[str, str] = edges or {}

    def change(self, trial: Trial, name: str, way: str) -> TriedChange | None:
        """What more or less of a hyperparameter than a trial has changed; None where too few were tried."""
        sign = 1 if way == MORE else -1
        return tried_change(trial, self._trials, self._objective, (name, sign), self._log_scaled)

    def notable(self, trial: Trial) -> float:
        """A gain of the score that is worth a change."""
        metric = self._objective.metric
        perfect = METRICS[metric].perfect if metric in METRICS else 0.0
        return NOTABLE_GAIN * abs(perfect - trial.mean(metric))

    def sentence(self, change: TriedChange, way: str) -> str:
        """A change that was tried, as in "twice as wide changed log_loss by +0.001 ± 0.002 (36 trials)"."""
        plus = "+" if change.value >= 0.0 else ""
        amount = f"{plus}{number(change.value, 2)} ± {number(change.error, 1)}"
        return f"{_step(change, way)} changed {self._objective.metric} by {amount} ({change.num_trials:,} trials)"


def weigh(trial: Trial, proposals: Sequence[Proposal], tried: Tried | None) -> Weighed:
    """Advice as far as the trials do not speak against it; what they have shown to help comes first.

    A hyperparameter whose best values lie at one end of its range is not advised to be moved to the other end.

    Args:
        trial: The trial that the advice is for.
        proposals: Advice, the most promising first.
        tried: What was tried; None where that is not known.
    """
    first: list[Proposal] = []
    others: list[Proposal] = []
    sentences: list[str] = []
    for text, changes in proposals:
        if tried is None or not changes:
            others.append((text, changes))
            continue
        if any(_opposite(tried.edges.get(name, "")) == way for name, way in changes.items()):
            continue
        tried_changes = [
            (way, change)
            for name, way in changes.items()
            if (change := tried.change(trial, name, way)) is not None
        ]
        sentences += [tried.sentence(change, way) for way, change in tried_changes]
        useless = [
            change.is_worse or change.is_less_than(tried.notable(trial)) for _, change in tried_changes
        ]
        if useless and all(useless):
            continue
        helped = any(change.is_better for _, change in tried_changes)
        (first if helped else others).append((text, changes))
    kept_proposals = [*first, *others]
    merged = {name: way for _, changes in reversed(kept_proposals) for name, way in changes.items()}
    return Weighed(
        tuple(dict.fromkeys(text for text, _ in kept_proposals)), merged, tuple(dict.fromkeys(sentences))
    )


def penalties(trial: Trial, way: str) -> Iterator[Proposal]:
    """More or less of what holds the weights of a trial's networks back, or could."""
    for name in ("dropout", "weight_decay", "l2"):
        if name == "l2" or name in trial.hyperparameters:
            yield f"{way} `{name}`", {name: way}


def _opposite(end: str) -> str:
    """The way that leads from an end of a range."""
    return {"high": LESS, "low": MORE}.get(end, "")


def _step(change: TriedChange, way: str) -> str:
    if (change.name, way) in _WORDS:
        return _WORDS[change.name, way]
    if change.step == FACTOR:
        return f"{'twice' if way == MORE else 'half'} the `{change.name}`"
    if change.step == NEXT:
        return f"the next {'larger' if way == MORE else 'smaller'} `{change.name}`"
    return f"{STEPS.get(change.name, 1.0):g} {way} `{change.name}`"
