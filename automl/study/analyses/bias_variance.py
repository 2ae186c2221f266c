"""Bias and variance of trials: networks on folds and on bootstrap resamples, and what their predictions say."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import final

import numpy
import pandas

from automl.config.sections import FEWEST_RESAMPLES
from automl.data.features.encodings import ENCODINGS
from automl.data.folds import Fold
from automl.evaluation.bias_variance import BEYOND, BiasVariance, content_of, snapshots, summarize
from automl.evaluation.predictions import Predictions, Targets
from automl.records.state import BIAS_VARIANCE
from automl.study.analyses.analysis import Analysis, Answer, Plan, Subject
from automl.study.analyses.blocks import blocks_of, first_round, targets_of
from automl.study.preparation import PreparedStudy
from automl.training.engine import Watch
from automl.training.members import plan_members, refit_epochs
from automl.training.traces import Trace
from automl.trial import Member, Trial, TrialState, derive_seed
from automl.wording import counted

MOST_RESAMPLES, MOST_TRIALS = 16, 10
"""Of an analysis whose size the study file leaves open."""

RESAMPLES_OF_ALL = 6
"""The same where every trial is looked into: what one of them lacks in replicas, the study has in trials."""

_TIME_SHARE = 0.5
"""An analysis whose size is left open may cost this share of what training the trials has cost."""

SLOWER = 1.3
"""What a network costs here, in networks of the search: more rows, fewer epochs (measured, DECISIONS.md)."""

_WEIGHTS_OF_A_STEP = 10_000
"""What a step costs besides its weights, in weights: dispatch and the rows of a batch."""

_MOST_SCORED = 4096
"""Rows that the spread of the resamples is measured on: of larger tables, a sample."""

_FEW_TRIALS = 3
_MOST_VIEW_BYTES = 4 << 30


@dataclass(frozen=True, slots=True)
class Design:
    """What is going to be analyzed, and how closely.

    Attributes:
        trials: The trials.
        num_resamples: Bootstrap resamples of each.
        num_seeds: Seeds of each resample.
        num_folds: Folds of each, for the risk.
        beyond: For how many times the epochs of their refits they are followed.
    """

    trials: tuple[Trial, ...]
    num_resamples: int
    num_seeds: int
    num_folds: int
    beyond: float = BEYOND

    @property
    def networks_per_trial(self) -> int:
        """Networks that are trained for one trial."""
        return self.num_folds + self.num_resamples * self.num_seeds


def design_analysis(prepared: PreparedStudy, trials: Sequence[Trial], seconds: float = math.inf) -> Design:
    """As the study file asks; what it leaves open, as the time of the search and the memory allow.

    Args:
        prepared: The study.
        trials: Ended trials. None is analyzed where a resample would not fit, or where the file asks for none.
        seconds: Time that there is. Where it does not suffice, fewer resamples are drawn than the file asks for, then
            fewer trials analyzed.
    """
    section = prepared.config.bias_variance
    complete = [
        trial for trial in prepared.objective.rank(list(trials)) if trial.state is TrialState.COMPLETE
    ]
    num_folds, most = _num_folds(prepared), _most_resamples(prepared)
    # what a quantile's network is off the mean by would count as bias
    if most < FEWEST_RESAMPLES or not complete or prepared.metric.level is not None:
        return Design((), 0, section.seeds, num_folds)
    count = len(complete) if section.trials == "all" else min(MOST_TRIALS, len(complete))
    design = Design(tuple(complete[:count]), most, section.seeds, num_folds)
    if section.trials == "all":
        return _fitting(replace(design, beyond=1.0), seconds)
    if section.trials == "auto":
        taken = partial(_taken, prepared)
        budget = _TIME_SHARE * sum(map(taken, complete))
        smaller = _smaller(design, fixed=section.resamples is not None)
        design = next((candidate for candidate in smaller if _cost(candidate, taken) <= budget), smaller[-1])
    return _fitting(replace(design, trials=_spread(complete, len(design.trials))), seconds)


def _fitting(design: Design, seconds: float) -> Design:
    """The design, or the largest part of it that the time allows: fewer resamples first, then fewer trials."""
    if _cost(design, _seconds) <= seconds:
        return design
    fewer = range(design.num_resamples, FEWEST_RESAMPLES - 1, -1)
    parts = [replace(design, num_resamples=resamples) for resamples in fewer]
    parts += [
        replace(parts[-1], trials=design.trials[:count]) for count in range(len(design.trials) - 1, -1, -1)
    ]
    return next((part for part in parts if _cost(part, _seconds) <= seconds), parts[-1])


def most_networks(prepared: PreparedStudy) -> str:
    """What an analysis may cost before anything has been trained, in words."""
    section, most = prepared.config.bias_variance, _most_resamples(prepared)
    if most < FEWEST_RESAMPLES or prepared.metric.level is not None:
        return "none"
    count = prepared.num_trials if section.trials == "all" else min(MOST_TRIALS, prepared.num_trials)
    num_folds = _num_folds(prepared)
    seeds = f" × {section.seeds} seeds" if section.seeds > 1 else ""
    networks = count * (num_folds + most * section.seeds)
    return f"up to {count} trials × ({num_folds} folds + {most} resamples{seeds}) = {networks} networks"


def _smaller(design: Design, fixed: bool) -> list[Design]:
    """The design, and ever smaller ones: fewer trials first, then fewer resamples where their number is not fixed."""
    least = 1 if fixed else min(_FEW_TRIALS, len(design.trials))
    sizes = [(count, design.num_resamples) for count in range(len(design.trials), least - 1, -1)]
    if not fixed:
        half = max(FEWEST_RESAMPLES, design.num_resamples // 2)
        sizes += [(count, half) for count in range(least, 0, -1)] + [(1, FEWEST_RESAMPLES)]
    return [
        replace(design, trials=design.trials[:count], num_resamples=resamples) for count, resamples in sizes
    ]


def _spread(ranked: Sequence[Trial], count: int) -> tuple[Trial, ...]:
    """The best trials, and then the best of each size that they leave out: a curve over capacity needs both ends."""
    chosen = list(ranked[: math.ceil(count / 2)])
    sizes = sorted({trial.capacity or 0 for trial in ranked})
    for part in numpy.array_split(numpy.array(sizes), count - len(chosen)) if count > len(chosen) else []:
        rest = [trial for trial in ranked if trial not in chosen and (trial.capacity or 0) in part]
        chosen += rest[:1]
    chosen += [trial for trial in ranked if trial not in chosen][: count - len(chosen)]
    return tuple(trial for trial in ranked if trial in chosen)


def _cost(design: Design, taken: Callable[[Trial], float]) -> float:
    """What an analysis costs, by what its trials have taken."""
    a_network = sum(taken(trial) / len(trial.folds) for trial in design.trials)
    return SLOWER * a_network * design.networks_per_trial


def _seconds(trial: Trial) -> float:
    return trial.seconds


def _taken(prepared: PreparedStudy, trial: Trial) -> float:
    """What a trial has taken: seconds; without a limit of time its epochs and weights, so that no clock decides."""
    if prepared.config.budget.minutes is not None:
        return trial.seconds
    plan = prepared.plan
    epochs = sum(min(plan.epochs, fold.best_epoch + plan.patience) for fold in trial.folds)
    return float(epochs * (_WEIGHTS_OF_A_STEP + (trial.capacity or 0)))


def _num_folds(prepared: PreparedStudy) -> int:
    """Of repeated folds, those of the first round."""
    return len(first_round(prepared))


def _most_resamples(prepared: PreparedStudy) -> int:
    """As many as are asked for and as fit: each of them has statistics and so inputs of its own."""
    wanted = prepared.config.bias_variance.resamples
    widths = [prepared.layout.num_inputs(name) for name in ENCODINGS]
    a_view = 4 * len(prepared.splits.training) * sum(widths)
    fitting = int(_MOST_VIEW_BYTES // a_view) - _num_folds(prepared)
    usual = RESAMPLES_OF_ALL if prepared.config.bias_variance.trials == "all" else MOST_RESAMPLES
    return min(usual if wanted is None else wanted, fitting)


@final
class BiasVarianceAnalysis(Analysis):
    """Bias and variance of trials, from networks on folds and on bootstrap resamples."""

    @property
    def name(self) -> str:
        """See `Analysis.name`."""
        return BIAS_VARIANCE

    def plan(self, subject: Subject) -> Plan | None:
        """See `Analysis.plan`."""
        design = design_analysis(subject.prepared, subject.trials, subject.seconds)
        if not design.trials or subject.answered.issuperset(trial.number for trial in design.trials):
            return None
        size = f"{design.num_folds} folds and {design.num_resamples} resamples each"
        title = f"bias and variance of {counted(len(design.trials), 'trial')}: {size}"
        return Plan(title, len(design.trials) * design.networks_per_trial, design)

    def answers(self, subject: Subject, plan: Plan, watch: Watch) -> Iterator[Answer]:
        """See `Analysis.answers`."""
        for analysis in decompose(subject.prepared, plan.design, watch, subject.answered):
            yield Answer(analysis.trial, content_of(analysis), analysis.sums)


def decompose(
    prepared: PreparedStudy, design: Design, watch: Watch, answered: frozenset[int] = frozenset()
) -> Iterator[BiasVariance]:
    """What the trials' losses are made of, as their networks end; trials whose networks diverge are left out.

    Args:
        prepared: The study.
        design: What to analyze.
        watch: Progress and limits; may raise KeyboardInterrupt.
        answered: Trials of the design that have been answered already: planned, not trained.
    """
    engine = prepared.make_engine(whole_folds(prepared))
    trials = {trial.number: trial for trial in design.trials}
    members = {number: _members(prepared, design, trial) for number, trial in trials.items()}
    ended: dict[int, list[Trace]] = defaultdict(list)
    together = [member for of_trial in members.values() for member in of_trial]
    targets = targets_of(prepared.dataset, blocks_of(prepared))
    with closing(engine.trace(together, watch, answered)) as traces:
        for trace in traces:
            number = trace.member.trial
            ended[number].append(trace)
            if len(ended[number]) == len(members[number]):
                analysis = _summary(targets, design, trials[number], ended.pop(number))
                if analysis is not None:
                    yield analysis


def whole_folds(prepared: PreparedStudy) -> tuple[Fold, ...]:
    """The folds without early stopping, and behind them all training rows, which resamples are drawn from."""
    splits, folds = prepared.splits, []
    for fold in first_round(prepared):
        fit = fold.fit if prepared.optimistic else numpy.sort(numpy.concatenate([fold.fit, fold.stopping]))
        folds.append(Fold(fit, fit[:0], fold.validation))
    rows, groups = splits.training, None
    if splits.kind == "group" and splits.together is not None:
        groups = pandas.factorize(splits.together[rows])[0]  # as they come, which resamples are drawn by
    seen = numpy.unique(numpy.concatenate([fold.validation for fold in folds]))
    if len(seen) > _MOST_SCORED:
        generator = numpy.random.default_rng(derive_seed(prepared.config.search.seed, "scored rows"))
        seen = numpy.sort(generator.choice(seen, _MOST_SCORED, replace=False))
    return (*folds, Fold(rows, rows[:0], seen, groups))


def _members(prepared: PreparedStudy, design: Design, trial: Trial) -> list[Member]:
    """One network a fold, then the resamples. A single seed a resample is another one each time."""
    epochs = snapshots(refit_epochs(trial), prepared.plan.epochs, design.beyond)
    seed = prepared.config.search.seed
    folds = plan_members(trial.number, trial.hyperparameters, design.num_folds, seed)
    whole = Member(trial.number, design.num_folds, trial.hyperparameters, seed)
    replicas = [
        replace(whole, resample=resample, repeat=repeat if design.num_seeds > 1 else resample)
        for resample in range(1, design.num_resamples + 1)
        for repeat in range(design.num_seeds)
    ]
    return [replace(member, snapshots=epochs) for member in (*folds, *replicas)]


def _summary(targets: Targets, design: Design, trial: Trial, traces: Sequence[Trace]) -> BiasVariance | None:
    failed = {(trace.member.fold, trace.member.resample) for trace in traces if trace.failed}
    if any(not resample for _, resample in failed):
        return None
    complete = [trace for trace in traces if (trace.member.fold, trace.member.resample) not in failed]
    complete.sort(key=lambda trace: (trace.member.fold, trace.member.resample, trace.member.repeat))
    replicas = complete[design.num_folds :]
    if len(replicas) < FEWEST_RESAMPLES * design.num_seeds:
        return None
    folds = [_together([trace], 1) for trace in complete[: design.num_folds]]
    epochs = replicas[0].member.snapshots
    together = _together(replicas, design.num_seeds)
    return summarize(trial.number, epochs, refit_epochs(trial), folds, together, targets)


def _together(traces: Sequence[Trace], num_seeds: int) -> Predictions:
    return Predictions(
        traces[0].rows,
        numpy.stack([trace.predictions for trace in traces], axis=1),
        ~numpy.stack([trace.trained for trace in traces]),
        num_seeds,
        tuple(dict.fromkeys(trace.member.resample for trace in traces)),
    )
