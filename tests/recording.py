"""A tracker for tests: keeps what it is told, and does what it is asked to do at an event."""

from automl.records.events import CohortAsked, Finished, PhaseBegun, TrialEnded
from automl.tracking.tracker import Tracker


class Recorder(Tracker):
    """Keeps `(name, content)` of starts, cohorts, trials, phases, progress and ends, in order.

    Args:
        actions: Called with an event of their name when it arrives.
    """

    def __init__(self, **actions):
        self.events, self.actions = [], actions

    def record(self, *event):
        self.events.append(event)
        if event[0] in self.actions:
            self.actions[event[0]](event)

    def start(self, records, run, state):
        self.record("start", state.started)

    def apply(self, recorded, state):
        match recorded.event:
            case CohortAsked(first=first, hyperparameters=configurations):
                self.record("cohort", list(range(first, first + len(configurations))))
            case TrialEnded(number=number):
                self.record("trial", number)
            case PhaseBegun(name):
                self.record("phase", name)
            case Finished():
                self.record("finish", recorded.event)

    def log_progress(self, progress):
        self.record("progress", progress)

    def finish(self, seconds):
        self.record("flush", seconds)

    def abandon(self):
        self.record("abandon")

    def values_of(self, name):
        """What came with the events of a name, in order."""
        return [event[1] for event in self.events if event[0] == name]

    @property
    def names(self):
        """Names of the events but for progress, in order."""
        return [event[0] for event in self.events if event[0] != "progress"]
