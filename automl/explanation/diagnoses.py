"""The diagnoses of a study's trials, made when they are asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import final

from automl.errors import RecordError
from automl.evaluation.metrics import QUANTILES
from automl.explanation.diagnosis import diagnose
from automl.explanation.evidence import Diagnosis, Evidence, Floor
from automl.records.state import StudyState
from automl.trial import Trial, TrialState

LARGER = 1.5
"""A network of so many times the weights is a larger one."""

_BASELINES_WITH_A_FLOOR = ("linear", "gradient boosting")


@final
class Diagnoses(Mapping[int, Diagnosis]):
    """What limits each trial, by number.

    A diagnosis needs the two files of its trial, so that it is made at first use: of ten thousand trials, nobody looks
    at all. It rests on what was recorded when this object was made.

    Args:
        state: The study.
    """

    def __init__(self, state: StudyState) -> None:
        self._state = state
        self._trials = {trial.number: trial for trial in state.trials}
        self._parts = dict(state.bias_variance)
        self._floor = floor_of(state)
        self._largest = max((trial.capacity or 0 for trial in state.completed), default=0)
        self._made: dict[int, Diagnosis] = {}

    def __getitem__(self, number: int) -> Diagnosis:
        if number not in self._made:
            self._made[number] = self._diagnosis(self._trials[number])
        return self._made[number]

    def __iter__(self) -> Iterator[int]:
        return iter(self._trials)

    def __len__(self) -> int:
        return len(self._trials)

    def __contains__(self, number: object) -> bool:
        return number in self._trials

    def of(self, trial: Trial) -> Diagnosis:
        """What limits a trial that has been read already, with its curves and all of its scores."""
        started = self._state.started
        evidence = Evidence(
            trial=trial,
            num_epochs=started.num_epochs
            or max((len(fold.training_loss) for fold in trial.folds), default=1),
            constant=started.constant,
            quantile=started.metric if started.constant and started.metric in QUANTILES else "",
            bias_variance=self._parts.get(trial.number),
            floor=self._floor,
            larger=None if trial.capacity is None else self._largest >= LARGER * trial.capacity,
        )
        return diagnose(evidence)

    def _diagnosis(self, light: Trial) -> Diagnosis:
        if light.state is not TrialState.COMPLETE:
            return self.of(light)  # only its reason counts, which needs no file
        try:
            return self.of(self._state.whole(light.number))
        except RecordError as error:
            return Diagnosis("not_readable", f"Its files cannot be used: {error}")


def floor_of(state: StudyState) -> Floor | None:
    """The noise where it is known; else the least bias + noise of a trial, or the loss of a baseline that is lower."""
    if state.started.noise is not None:
        return Floor(state.started.noise, 0.0, "the noise that the study file gives", final=True)
    found = state.bias_variance
    if not found:
        return None
    floors = [
        Floor(*one.at(one.rest), f"the study's least bias + noise (trial {number})")
        for number, one in found.items()
    ]
    power = {"log_loss": 1, "rmse": 2}.get(state.objective.metric)
    for name in _BASELINES_WITH_A_FLOOR:
        scores = [score**power for score in state.verdict.baselines.get(name, ())] if power else []
        if len(scores) > 1:
            mean = sum(scores) / len(scores)
            spread = sum((score - mean) ** 2 for score in scores) / (len(scores) - 1)
            floors.append(Floor(mean, (spread / len(scores)) ** 0.5, f"the loss of {name}"))
    # by its upper end: the least of several uncertain values is mostly luck
    least = min(floors, key=lambda floor: floor.value + floor.error)
    return replace(least, value=max(0.0, least.value))
