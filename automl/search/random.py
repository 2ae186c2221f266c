"""Random search: every trial is drawn from the space anew, whatever the scores."""

from automl.search.guards import GuardedSampler
from automl.search.sampler import Given, Sampler
from automl.search.space.space import Space
from automl.search.untried import Untried
from automl.trial import Objective


def make_random(space: Space, objective: Objective, num_trials: int, seed: int, first: Given = ()) -> Sampler:
    """A sampler that draws each hyperparameter of trial n from a generator of the study's seed and n."""
    del objective, num_trials
    return GuardedSampler(Untried(space).draw, space, seed, first)
