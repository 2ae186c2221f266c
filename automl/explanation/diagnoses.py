"""The diagnoses of a study's trials, made when they are asked for."""

from collections.abc import Iterator, Mapping
from typing import final

from automl.errors import RecordError
from automl.evaluation.importance import MOST_TRIALS
from automl.evaluation.metrics import QUANTILES
from automl.evaluation.spacing import evenly_spaced
from automl.explanation.diagnosis import diagnose
from automl.explanation.evidence import Diagnosis, Evidence
from automl.explanation.floors import BASELINES_WITH_A_FLOOR, LARGER, Floors
from automl.explanation.weighing import Tried
from automl.records.state import StudyState
from automl.trial import Trial, TrialState


@final
class Diagnoses(Mapping[int, Diagnosis]):
    """What limits each trial, by number.

    A diagnosis needs the two files of its trial, so that it is made at first use: of ten thousand trials, nobody looks
    at all. It rests on what was recorded when this object was made.

    Args:
        state: The study.
        edges: Hyperparameters whose best values lie at an end of their range: the best trial is not advised to leave
            it for the other end.
    """

    def __init__(self, state: StudyState, edges: Mapping[str, str] | None = None) -> None:
        self._state = state
        self._trials = {trial.number: trial for trial in state.trials}
        self._parts = dict(state.bias_variance)
        self._floors = Floors(state)
        self._largest = max((trial.capacity or 0 for trial in state.completed), default=0)
        completed = evenly_spaced(state.objective.rank(state.completed), MOST_TRIALS)
        scaled = state.started.log_scaled
        self._best = None if state.best is None else state.best.number
        self._tried = Tried(completed, state.objective, scaled)
        self._tried_at_edges = Tried(completed, state.objective, scaled, edges)
        self._baselines = _over_constant(state.verdict.baseline_losses)
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
            num_epochs=int(trial.hyperparameters.get("epochs") or started.num_epochs)
            or max((len(fold.training_loss) for fold in trial.folds), default=1),
            constant=started.constant,
            quantile=started.metric if started.constant and started.metric in QUANTILES else "",
            bias_variance=self._parts.get(trial.number),
            standing=self._floors.of(trial),
            tried=self._tried_at_edges if trial.number == self._best else self._tried,
            larger=None if trial.capacity is None else self._largest >= LARGER * trial.capacity,
            baselines=self._baselines,
        )
        return diagnose(evidence)

    def _diagnosis(self, light: Trial) -> Diagnosis:
        if light.state is not TrialState.COMPLETE:
            return self.of(light)  # only its reason counts, which needs no file
        try:
            return self.of(self._state.whole(light.number))
        except RecordError as error:
            return Diagnosis("not_readable", f"Its files cannot be used: {error}")


def _over_constant(losses: Mapping[str, tuple[float, ...]]) -> dict[str, float]:
    """Mean losses over the folds of the plain models that can be a floor, over that of a constant."""
    constant = sum(losses.get("constant", ()))
    if not constant:
        return {}
    return {name: sum(losses[name]) / constant for name in BASELINES_WITH_A_FLOOR if name in losses}
