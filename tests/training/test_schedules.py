"""Learning-rate schedules by their formulas at known points."""

import numpy
import pytest
from keras import ops

from automl.training.schedules import SCHEDULES, Scheduled

KNOWN = {
    "constant": {0.0: 1.0, 0.4: 1.0, 1.0: 1.0},
    "cosine": {0.0: 1.0, 1 / 3: 0.75, 0.5: 0.5, 1.0: 0.0},
    "linear": {0.0: 1.0, 0.25: 0.75, 1.0: 0.0},
    "flat_cosine": {0.0: 1.0, 0.5: 1.0, 2 / 3: 0.75, 0.75: 0.5, 1.0: 0.0},
    "coslog4": {0.0: 0.0, 1 / 15: 0.0, 3 / 15: 0.0, 7 / 15: 0.0, 1.0: 0.0, (2**2.5 - 1) / 15: 1.0},
}
"""Share of the training: factor. The waves of coslog4 end where 1 + 15 t is a power of 2."""


def test_every_schedule_has_known_points() -> None:
    assert set(KNOWN) == set(SCHEDULES)


@pytest.mark.parametrize("name", KNOWN)
def test_a_schedule_takes_its_known_values(name: str) -> None:
    shares = numpy.array(list(KNOWN[name]), numpy.float32)
    factors = ops.convert_to_numpy(SCHEDULES[name](ops.convert_to_tensor(shares)))
    numpy.testing.assert_allclose(factors, list(KNOWN[name].values()), atol=1e-5)


@pytest.mark.parametrize("name", KNOWN)
def test_a_factor_is_between_0_and_1_and_the_rate_stays_at_the_last_one(name: str) -> None:
    shares = numpy.linspace(0.0, 1.0, 101, dtype=numpy.float32)
    factors = ops.convert_to_numpy(SCHEDULES[name](ops.convert_to_tensor(shares)))
    assert factors.min() >= -1e-6 and factors.max() <= 1.0 + 1e-6
    schedule = Scheduled(0.5, name, 10)
    assert float(schedule(10)) == float(schedule(50)) == pytest.approx(0.5 * factors[-1], abs=1e-6)
