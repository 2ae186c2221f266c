"""Which trials an ensemble averages, and how much each counts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy

from automl.ensembles.correction import Chooser
from automl.ensembles.selection import Array, most_candidates
from automl.ensembles.sharing import shared_out
from automl.evaluation.ensemble_verdict import GREEDY
from automl.evaluation.resampling import ScoredRows
from automl.study.ensemble_networks import Networks
from automl.study.judging import scored_rows
from automl.study.session import Session
from automl.trial import Trial

_MOST_CELLS = 20_000_000
"""Of the predictions that are chosen from: 40 steps over them take some ten seconds."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The trials of an ensemble.

    Attributes:
        weights: How much each counts, by its number, the heaviest first; they sum to 1.
        num_candidates: Trials that were chosen from.
        note: What was asked and not done, and what was done instead; a sentence or empty.
    """

    weights: Mapping[int, float]
    num_candidates: int = 1
    note: str = ""

    def among(self, trials: Collection[int]) -> "Choice":
        """The same of some of its trials."""
        total = sum(self.weights[trial] for trial in trials)
        return replace(self, weights={trial: self.weights[trial] / total for trial in trials})

    def in_time(self, trials: Collection[int]) -> "Choice":
        """The same of the trials whose networks could be trained in time, which a note says."""
        if len(trials) == len(self.weights):
            return self
        note = f"Only {len(trials)} of the {len(self.weights)} trials that were chosen are in it: "
        why = "there was not enough time to train the networks of the others."
        return replace(self.among(trials), note=note + why)

    def fewer(self, networks: Networks, num_networks: int, why: str) -> tuple["Choice", Networks]:
        """So many of its networks, and the choice of their trials, whose note says why."""
        total = sum(map(len, networks.values()))
        counts = shared_out({trial: self.weights[trial] for trial in networks}, num_networks)
        note = f"{self.note} It has {num_networks} networks instead of {total}: {why}.".strip()
        kept = {trial: networks[trial][:count] for trial, count in counts.items()}
        return replace(self.among(counts), note=note), kept


def chosen(session: Session, best: Trial) -> Choice:
    """The trials that are averaged: the best one, or a greedy choice by out-of-fold predictions."""
    if session.prepared.ensemble != GREEDY:
        return Choice({best.number: 1.0})
    predictions, rows = candidates(session, best)
    if len(predictions) < 2:
        why = "fewer than two trials were trained to their end and have their predictions kept"
        note = f"Instead of `greedy`, networks of the best trial alone are averaged: {why}."
        return Choice({best.number: 1.0}, note=note)
    numbers = list(predictions)
    chooser = Chooser(session.prepared.metric, rows)
    weights = chooser.weights(list(predictions.values()), numpy.ones(len(rows.target)))
    order = sorted(weights, key=lambda place: (-weights[place], place))
    num_candidates = min(len(numbers), most_candidates(len(rows.target)))
    return Choice({numbers[place]: weights[place] for place in order}, num_candidates)


def candidates(session: Session, best: Trial) -> tuple[dict[int, Array], ScoredRows]:
    """Out-of-fold predictions of the trials that may be in it, the best first, and their rows."""
    objective = session.prepared.objective
    numbers = [trial.number for trial in objective.rank(session.state.completed)]
    prediction = session.predictions_of([best.number])[0]
    most = max(2, _MOST_CELLS // prediction.size)
    stored = session.predictions_of(numbers[:most])
    predictions = {number: stored[place] for place, number in enumerate(stored.numbers)}
    return predictions, scored_rows(session, prediction)
