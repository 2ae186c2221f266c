"""Drives a KerasTuner oracle without its tuner, behind guards against what oracles do wrong.

An oracle is asked for values (`populate_space`), and at once told that the trial has ended: a grid would
otherwise wait for results, and KerasTuner knows no trial that is over and not yet scored. A score that is
told later is written into the oracle's record of the trial. The guards, each with its test:

- the direction of the objective is explicit, the seed never 0 and never next to another study's;
- values are plain, active, within bounds, and no configuration comes twice;
- an oracle that stops early, repeats itself or fails is helped out with a random configuration; the space is
  exhausted when every configuration has been tried, and not before;
- failed trials never end the search, and a score that is not finite is a failure;
- one BLAS thread, several times faster here than two; no output, no warnings, no files left behind;
- one thread at a time; and after an error under KerasTuner's lock, which it never gives back, an error and
  not a hang.
"""

import contextlib
import logging
import shutil
import sys
import tempfile
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any, final

import keras_tuner
import numpy
import threadpoolctl

from automl.errors import RecordError
from automl.search.sampler import Given, Proposal, Sampler
from automl.search.scores import shown_scores
from automl.search.untried import Key, complete, find_untried, key
from automl.space import Space
from automl.trial import Hyperparameters, Objective, derive_seed

FAILED, COMPLETED = "FAILED", "COMPLETED"


@final
class OracleSampler(Sampler):
    """A sampler that takes its proposals from a KerasTuner oracle.

    Args:
        make_oracle: Makes the oracle from the keyword arguments that every oracle takes.
        space: The search space.
        objective: Metric and direction of the scores.
        seed: The study's seed; 0 is as good as any.
        num_initial: Completed trials from which on the oracle looks at scores; None when it never does.
        first: Configurations to propose before any of the oracle's.
    """

    def __init__(
        self,
        make_oracle: Callable[..., Any],
        space: Space,
        objective: Objective,
        seed: int,
        num_initial: int | None = None,
        first: Given = (),
    ):
        self._first = tuple(first)
        self._space = space
        self._objective = objective
        self._seed = seed
        self._num_initial = num_initial
        self._lock = threading.Lock()
        self._broken = False
        self._tried: set[Key] = set()
        self._told: dict[int, float | None] = {}
        self._trials: list[Any] = []
        self._oracle = make_oracle(
            objective=keras_tuner.Objective(objective.metric, objective.direction.value),
            max_trials=None,
            hyperparameters=space.copy(),
            seed=derive_seed(seed, "sampler"),
            max_consecutive_failed_trials=sys.maxsize,
        )
        self._oracle.verbose = 0
        folder = tempfile.mkdtemp(prefix="automl-sampler-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._oracle._set_project_dir(folder, "oracle")  # without it, `end_trial` fails

    def ask(self, count: int) -> list[Proposal]:
        """See `Sampler.ask`."""
        proposals: list[Proposal] = []
        with self._guarded():
            for _ in range(count):
                proposal = self._propose()
                if proposal is None:
                    break
                proposals.append(proposal)
        return proposals

    def cohort_size(self) -> int | None:
        """See `Sampler.cohort_size`.

        A model needs results: first as many trials as it begins with, then a quarter of what it has seen.
        """
        if self._num_initial is None:
            return None
        return max(self._num_initial - len(self._trials), len(self._trials) // 4, 1)

    def tell(self, results: Sequence[tuple[int, float | None]]) -> None:
        """See `Sampler.tell`."""
        with self._guarded():
            for number, _ in results:
                if not 0 <= number < len(self._trials):
                    raise ValueError(f"trial {number} was never asked for; {len(self._trials)} were.")
            self._told.update(results)

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        with self._lock:
            if self._broken:
                raise RecordError("The sampler broke in an earlier call. Run the study again.")
            with warnings.catch_warnings(), threadpoolctl.threadpool_limits(1, user_api="blas"):
                warnings.simplefilter("ignore")
                yield

    def _propose(self) -> Proposal | None:
        number = len(self._trials)
        generator = numpy.random.default_rng(derive_seed(self._seed, "sampler", number))
        by_oracle = number >= len(self._first)
        if by_oracle:
            proposed = self._ask_oracle(number, generator)
        else:
            proposed = complete(self._space, self._first[number], generator)
        if proposed is None or key(proposed) in self._tried:
            by_oracle, proposed = False, find_untried(self._space, self._tried, generator)
        if proposed is None:
            return None
        self._record(number, proposed, end=by_oracle)
        return Proposal(number, proposed)

    def _ask_oracle(self, number: int, generator: numpy.random.Generator) -> Hyperparameters | None:
        """What the oracle proposes, made plain; None when it has nothing or fails."""
        self._show_scores()
        try:
            response = self._oracle.populate_space(_identifier(number))
            if response["status"] != "RUNNING":
                return None
            return complete(self._space, response["values"], generator)
        except Exception as error:
            logging.getLogger(__name__).info("trial %d is drawn at random: %r", number, error)
            return None

    def _show_scores(self) -> None:
        if self._num_initial is None:
            return
        scores = shown_scores(self._told, len(self._trials), self._objective.direction, self._num_initial)
        for trial, score in zip(self._trials, scores, strict=True):
            trial.status, trial.score = (FAILED, None) if score is None else (COMPLETED, score)

    def _record(self, number: int, hyperparameters: Hyperparameters, end: bool) -> None:
        """Enter a trial in the oracle's books; `end` it there when the oracle had proposed it itself.

        Raises:
            RecordError: The oracle could not write its files.
        """
        values = self._space.copy()
        values.values = dict(hyperparameters)
        trial = keras_tuner.engine.trial.Trial(values, _identifier(number), FAILED)
        self._oracle.trials[trial.trial_id] = trial
        self._oracle.start_order.append(trial.trial_id)
        self._trials.append(trial)
        self._tried.add(key(hyperparameters))
        if end:
            self._broken = True  # until `end_trial` returns: KerasTuner keeps its lock when it does not
            try:
                self._oracle.end_trial(trial)
            except Exception as error:
                cure = f"Make room in {tempfile.gettempdir()}, and run the study again."
                raise RecordError(f"The sampler cannot keep its records: {error}. {cure}") from error
            self._broken = False


def _identifier(number: int) -> str:
    return f"{number:06d}"
