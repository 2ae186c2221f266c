"""What cohorts in flight spare: how long threads are idle, and what the search does with its trials.

    python benchmarks/cohorts_in_flight.py [--trials 60] [--table digits] [--settings 1 2 2:10 …]

A setting is `search.in_flight`, and after a colon `search.cohort`. For each, the study's search is run once, with the
clock of its thread around every lane (compilation included), so that a busy machine changes little. Then lanes of these
lengths are dealt to 1 to 16 threads as the engine deals them: those of older cohorts first, a stage when the one before
is over and judged, a cohort when the one that it is asked with has been told. The main thread's own work is left out.
"""

import argparse
import heapq
import math
import os
import tempfile
import time
from collections import defaultdict
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")

import yaml

import automl
from automl.training.population.lane_run import LaneRun
from automl.trial import TrialState

THREADS = (1, 2, 4, 8, 16)
WORK = LaneRun._work


class Clock:
    """Seconds of every lane, by cohort and stage, in the order in which they were given."""

    def __init__(self):
        self.runs = defaultdict(dict)

    def install(self):
        clock = self

        def timed(run, lane, age):
            began = time.thread_time()
            WORK(run, lane, age)
            clock.runs[age].setdefault(id(run), (run, []))[1].append(
                (lane.seconds, time.thread_time() - began)
            )

        LaneRun._work = timed

    def cohorts(self):
        """Lists of stages, which are lists of seconds."""
        return [
            [[seconds for _, seconds in sorted(lanes, reverse=True)] for _, lanes in self.runs[age].values()]
            for age in sorted(self.runs)
        ]


class Deal:
    """Lanes dealt to threads: lanes wait by cohort, and come stage by stage."""

    def __init__(self, cohorts, in_flight, num_threads):
        self.cohorts, self.in_flight, self.free = cohorts, in_flight, num_threads
        self.now, self.running, self.waiting = 0.0, [], []
        self.stages = [iter(stages) for stages in cohorts]
        self.left = [0] * len(cohorts)
        self.num_asked, self.num_told, self.ended = 0, 0, set()

    def seconds(self):
        """When the last lane ends."""
        while True:
            self.ask()
            while self.free and self.waiting:
                number, _, seconds = heapq.heappop(self.waiting)
                heapq.heappush(self.running, (self.now + seconds, number))
                self.free -= 1
            if not self.running:
                return self.now
            self.now, number = heapq.heappop(self.running)
            self.free += 1
            self.left[number] -= 1
            if not self.left[number]:
                self.begin_stage(number)

    def ask(self):
        while True:
            while self.num_asked < len(self.cohorts) and self.num_asked - self.num_told < self.in_flight:
                self.begin_stage(self.num_asked)
                self.num_asked += 1
            if self.num_told not in self.ended:
                return
            self.num_told += 1

    def begin_stage(self, number):
        lanes = next(filter(None, self.stages[number]), None)
        if lanes is None:
            self.ended.add(number)
            return
        self.left[number] = len(lanes)
        for place, seconds in enumerate(lanes):
            heapq.heappush(self.waiting, (number, place, seconds))


def run(table, num_trials, setting, folder):
    in_flight, _, cohort = setting.partition(":")
    search = {"trials": num_trials, "in_flight": int(in_flight)} | ({"cohort": int(cohort)} if cohort else {})
    study = {
        "name": f"{table}-{in_flight}-{cohort}",
        "data": {"sklearn": table},
        "search": search,
        "budget": {"minutes": None},
        "baselines": False,
        "bias_variance": {"resamples": 0},
        "tracking": {"to": "none"},
    }
    path = Path(folder) / f"{study['name']}.yaml"
    path.write_text(yaml.safe_dump(study))
    clock = Clock()
    clock.install()
    result = automl.run_study(path, mlruns=Path(folder) / "mlruns")
    return clock.cohorts(), result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--table", default="digits")
    parser.add_argument("--settings", nargs="+", default=["1", "2", "2:10", "3:7"])
    arguments = parser.parse_args()
    print(
        f"{arguments.table}, {arguments.trials} trials, {os.cpu_count()} CPUs, "
        f"load {os.getloadavg()[0]:.1f} at the start"
    )
    print(
        "| in flight | cohorts | to the end | lanes, s of a thread | "
        + " | ".join(map(str, THREADS))
        + " | score |"
    )
    print("|---|---|---|---|" + "---|" * (len(THREADS) + 1))
    for setting in arguments.settings:
        with tempfile.TemporaryDirectory() as folder:
            cohorts, result = run(arguments.table, arguments.trials, setting, folder)
        work = math.fsum(seconds for cohort in cohorts for stage in cohort for seconds in stage)
        spans = [Deal(cohorts, int(setting.partition(":")[0]), count).seconds() for count in THREADS]
        cells = [
            f"{span:.1f} s, {work / span / count:.0%}" for span, count in zip(spans, THREADS, strict=True)
        ]
        complete = sum(trial.state is TrialState.COMPLETE for trial in result.trials)
        score = result.best.mean(result.state.objective.metric)
        row = [setting, len(cohorts), complete, f"{work:.1f}", *cells, f"{score:.4f}"]
        print("| " + " | ".join(map(str, row)) + " |", flush=True)


if __name__ == "__main__":
    main()
