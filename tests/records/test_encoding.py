"""Events as lines of JSON: what was written comes back bit by bit, and what is broken is refused."""

import dataclasses
import json
import math
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from record_samples import AWKWARD, HYPERPARAMETERS, SAMPLES, STARTED, bits, ended

from automl.errors import RecordError
from automl.records.encoding import from_json, kind_of, to_json
from automl.records.events import EVENTS, VERSION, CohortAsked, Event, TrialEnded

SCALARS = st.booleans() | st.integers() | st.floats() | st.text()


def there_and_back(event: Event) -> Event:
    return from_json(kind_of(event), to_json(event))


def test_there_is_a_sample_of_every_kind() -> None:
    assert {type(event) for event in SAMPLES} == set(EVENTS.values())


@pytest.mark.parametrize("event", SAMPLES, ids=kind_of)
def test_every_kind_of_event_comes_back_bit_by_bit(event: Event) -> None:
    assert bits(there_and_back(event)) == bits(event)


@pytest.mark.parametrize("event", SAMPLES, ids=kind_of)
def test_a_line_is_one_line_of_ascii(event: Event) -> None:
    """A database of another encoding than UTF-8 keeps it, and a lone surrogate does not stop a study."""
    line = to_json(event)
    assert line.isascii()
    assert line.isprintable()


@given(st.lists(st.dictionaries(st.text(), SCALARS), max_size=4))
def test_hyperparameters_come_back_bit_by_bit(values: list[dict[str, Any]]) -> None:
    event = CohortAsked(3, 7, tuple(values))
    assert bits(there_and_back(event)) == bits(event)


@given(st.lists(st.floats(allow_nan=True)))
def test_scores_come_back_bit_by_bit(scores: list[float]) -> None:
    event = ended(3, *scores)
    assert bits(there_and_back(event)) == bits(event)


def test_a_not_a_number_comes_back() -> None:
    (score,) = there_and_back(ended(0, math.nan)).scores
    assert math.isnan(score)


def test_numbers_of_numpy_are_recorded_as_those_of_python() -> None:
    event = TrialEnded(
        numpy.int64(3), "complete", (numpy.float32(0.1), numpy.float64(0.1)), (numpy.int32(4), 5)
    )
    again = there_and_back(event)
    assert bits(again) == bits(TrialEnded(3, "complete", (0.10000000149011612, 0.1), (4, 5)))


def test_whole_numbers_of_a_float_field_become_floats() -> None:
    again = there_and_back(dataclasses.replace(STARTED, constant=1, time_limit=300))
    assert (again.constant, again.time_limit) == (1.0, 300.0)
    assert type(again.constant) is float


@pytest.mark.parametrize("event", SAMPLES, ids=kind_of)
def test_keys_of_a_later_version_are_ignored(event: Event) -> None:
    line = json.dumps(json.loads(to_json(event)) | {"later": [1, {"x": None}]})
    assert bits(from_json(kind_of(event), line)) == bits(event)


def test_missing_keys_take_their_default() -> None:
    assert from_json("trial_ended", '{"number":3,"state":"failed"}') == TrialEnded(3, "failed")
    short = '{"name":"wine","identifier":"r","metric":"log_loss","direction":"min"}'
    again = from_json("study_started", short)
    assert (again.repeats, again.loss, dict(again.bounds)) == (1, "log_loss", {})


@pytest.mark.parametrize("event", SAMPLES, ids=kind_of)
def test_a_missing_key_without_a_default_is_named(event: Event) -> None:
    needed = [
        field.name
        for field in dataclasses.fields(event)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    for name in needed:
        content = {key: value for key, value in json.loads(to_json(event)).items() if key != name}
        with pytest.raises(RecordError, match=rf"`{kind_of(event)}` is broken: it has no `{name}`\.$"):
            from_json(kind_of(event), json.dumps(content))


def test_an_event_of_a_newer_version_is_refused_with_the_cure() -> None:
    with pytest.raises(RecordError) as caught:
        from_json("trial_ended", '{"number":3,"state":"failed"}', VERSION + 1)
    assert str(caught.value) == (
        f"the event `trial_ended` (version {VERSION + 1}) was written by a newer version of automl. Update automl."
    )


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(RecordError, match=r"^'trial_lost' is not a kind of event\.$"):
        from_json("trial_lost", "{}")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "null",
        "3",
        '"number state"',
        "[]",
        "[" * 100_000,
        "\x00\x00",
        '{"number":1,"state":"complete","reason":"\udcff"}',
        '{"number":true,"state":"complete"}',
        '{"number":1.0,"state":"complete"}',
        '{"number":null,"state":"complete"}',
        '{"number":1,"state":"lost"}',
        '{"number":1,"state":["complete"]}',
        '{"number":1,"state":"complete","scores":"abc","epochs":[1,1,1]}',
        '{"number":1,"state":"complete","scores":["0.5"],"epochs":[1]}',
        '{"number":1,"state":"complete","scores":[0.5],"epochs":[]}',
        '{"number":1,"state":"complete","scores":[0.5],"epochs":[1],"folds":[1,2]}',
        '{"number":1,"state":"complete","capacity":"12"}',
        '{"number":1,"state":"complete","seconds":"1.0"}',
    ],
)
def test_a_broken_line_is_refused_and_named(line: str) -> None:
    with pytest.raises(RecordError, match=r"^the event `trial_ended` is broken: .*\.$"):
        from_json("trial_ended", line)


def test_a_direction_that_is_none_is_refused() -> None:
    with pytest.raises(RecordError, match="'up' is not a valid Direction"):
        there_and_back(dataclasses.replace(STARTED, direction="up"))


def test_the_event_of_a_trial_stays_below_a_kilobyte() -> None:
    twenty = TrialEnded(9999, "complete", AWKWARD[:5] * 4, (1000,) * 20, 10**9, 12345.678, "x" * 300)
    assert len(to_json(twenty)) < 1024
    assert len(to_json(CohortAsked(99, 9999, (HYPERPARAMETERS,)))) < 1024
