"""Which trials begin first where time is limited."""

from populations import jobs, member, setting, study

from automl.training.climbing import beginning_with
from automl.training.planner import plan_lanes


def test_lanes_with_trials_that_come_first_begin_and_nothing_else_changes_its_order():
    prepared = study({"depth": {"int": [1, 3]}, "width": {"choice": [8, 64, 256]}})
    members = [
        member(prepared, trial, fold, depth=1 + trial % 3, width=(8, 64, 256)[trial % 3])
        for trial in range(9)
        for fold in range(2)
    ]
    lanes = plan_lanes(jobs(prepared, members), setting(prepared), {})
    wanted = frozenset({5, 7})
    ordered = beginning_with(lanes, wanted)
    numbers = [[job.member.trial for job in lane.jobs] for lane in ordered]
    kinds = [[trial in wanted for trial in lane] for lane in numbers]
    assert all(lane == sorted(lane, reverse=True) for lane in kinds), "first in each lane"
    assert [lane[0] for lane in kinds] == sorted((lane[0] for lane in kinds), reverse=True), (
        "first of all lanes"
    )
    others = [[job.member.trial for job in lane.jobs if job.member.trial not in wanted] for lane in lanes]
    assert sorted([t for t in lane if t not in wanted] for lane in numbers) == sorted(others)
    assert beginning_with(lanes, frozenset()) == list(lanes)
