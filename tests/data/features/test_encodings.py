"""Numbers to inputs: against scikit-learn and by hand, tame on whatever comes."""

import numpy
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm
from sklearn.preprocessing import QuantileTransformer, RobustScaler, StandardScaler

from automl.data.features.bins import bin_edges
from automl.data.features.encodings import (
    ENCODINGS,
    MOST_DEVIATIONS,
    NUM_QUANTILES,
    fit_piecewise,
    fit_quantile,
    fit_raw,
    fit_robust,
    fit_standard,
    num_inputs,
)

GENERATOR = numpy.random.default_rng(3)
TABLES = {
    "ordinary": GENERATOR.normal(5.0, 2.0, (100, 4)),
    "many scales": GENERATOR.normal(0.0, 1.0, (50, 5)) * 10.0 ** numpy.arange(-6, 9, 3) + 7.0,
    "two rows": numpy.array([[1.0, -2.0], [3.0, 5.0]]),
    "zeros and ones": (GENERATOR.random((40, 3)) < 0.2).astype(float),
    "years": GENERATOR.integers(1990, 2020, (200, 1)).astype(float),
    "one constant column": numpy.column_stack([GENERATOR.random(30), numpy.full(30, 4.0)]),
    "skewed, more rows than knots": GENERATOR.lognormal(0.0, 2.0, (3000, 2)),
    "many ties": GENERATOR.integers(0, 4, (500, 2)).astype(float),
}


def bins_of(table: numpy.ndarray, most: int = 24) -> numpy.ndarray:
    return numpy.array([max(1, min(most, len(numpy.unique(column)) - 1)) for column in table.T], int)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_standard_equals_the_standard_scaler(table: numpy.ndarray) -> None:
    ours, scaler = fit_standard(table, bins_of(table)), StandardScaler().fit(table)
    expected = scaler.transform(table)
    numpy.testing.assert_allclose(ours.mean, scaler.mean_, rtol=1e-12)
    numpy.testing.assert_allclose(ours.apply(table), expected.clip(-20, 20), rtol=1e-6, atol=1e-7)


def test_standard_by_hand() -> None:
    encoding = fit_standard(numpy.array([[1.0, 10.0], [3.0, 10.0], [5.0, 40.0]]), numpy.array([2, 1]))
    assert encoding.mean.tolist() == [3.0, 20.0]
    numpy.testing.assert_allclose(encoding.scale, numpy.sqrt([8 / 3, 200.0]))
    numpy.testing.assert_allclose(
        encoding.apply(numpy.array([[3.0, 20.0 + 10 * numpy.sqrt(2)]])), [[0.0, 1.0]]
    )
    assert encoding.apply(numpy.array([[1e9, -1e9]])).tolist() == [[MOST_DEVIATIONS, -MOST_DEVIATIONS]]


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_robust_equals_the_robust_scaler_bent(table: numpy.ndarray) -> None:
    scaler = RobustScaler().fit(table)
    not_constant = (scaler.scale_ != 1.0) | (
        numpy.ptp(numpy.quantile(table, [0.25, 0.75], axis=0), axis=0) == 1.0
    )
    scaled = scaler.transform(table)[:, not_constant]
    encoded = fit_robust(table, bins_of(table)).apply(table)[:, not_constant]
    numpy.testing.assert_allclose(encoded, scaled / numpy.sqrt(1 + (scaled / 3) ** 2), rtol=1e-9, atol=1e-9)


def test_robust_by_hand() -> None:
    """Quartiles that differ, quartiles that are equal, one value."""
    table = numpy.array([[0.0, 5.0, 7.0], [1.0, 5.0, 7.0], [2.0, 5.0, 7.0], [3.0, 5.0, 7.0], [4.0, 9.0, 7.0]])
    encoding = fit_robust(table, numpy.array([4, 1, 1]))
    assert encoding.median.tolist() == [2.0, 5.0, 7.0]
    assert encoding.scale.tolist() == [2.0, 2.0, numpy.inf]
    expected = [[3.0 / numpy.sqrt(2.0), 1.0 / numpy.sqrt(1 + 1 / 9), 0.0]]
    numpy.testing.assert_allclose(encoding.apply(numpy.array([[8.0, 7.0, 99.0]])), expected)
    numpy.testing.assert_allclose(encoding.apply(numpy.array([[1e300, -1e300, 0.0]])), [[3.0, -3.0, 0.0]])


@pytest.mark.parametrize("rows", [2, 3, 1000, 100_001])
@pytest.mark.parametrize("value", [0.0, 0.1, 1 / 3, -1e-300, 1e9 + 0.1, -7e15, 1.7e9])
def test_a_constant_column_is_0_however_large_and_long(rows: int, value: float) -> None:
    """Its deviation is rounding noise; dividing by that would blow up the first row that differs."""
    encoding = fit_standard(
        numpy.column_stack([numpy.full(rows, value), numpy.arange(rows)]), numpy.ones(2, int)
    )
    assert encoding.apply(numpy.array([[value, 0.0], [value + 2.0, 0.0]]))[:, 0].tolist() == [0.0, 0.0]


def test_small_differences_about_a_large_mean_are_not_taken_for_noise() -> None:
    table = numpy.array([[1e9], [1e9 + 1], [1e9 + 2]])
    encoded = fit_standard(table, numpy.ones(1, int)).apply(table)[:, 0]
    numpy.testing.assert_allclose(encoded, [-numpy.sqrt(1.5), 0.0, numpy.sqrt(1.5)], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_quantile_equals_the_quantile_transformer_inside_the_range(table: numpy.ndarray) -> None:
    """At the ends scikit-learn goes to 5.2 deviations, and we to half a knot's rank."""
    num_knots = min(NUM_QUANTILES, len(table))
    transformer = QuantileTransformer(
        n_quantiles=num_knots, output_distribution="normal", subsample=None
    ).fit(table)
    between = GENERATOR.uniform(table.min(axis=0), table.max(axis=0), (1000, table.shape[1]))
    values = numpy.concatenate([table, between])
    expected, encoded = transformer.transform(values), fit_quantile(table, bins_of(table)).apply(values)
    # Our lines run between normal scores, theirs between ranks: beyond the second knot and the last but one they part.
    reach = norm.ppf(1.0 - 4.0 / num_knots) if num_knots > 8 else 0.0
    inside = (numpy.abs(expected) < reach) & (table.min(axis=0) < values) & (values < table.max(axis=0))
    at_knots = numpy.concatenate([numpy.ones_like(table, bool), numpy.zeros_like(between, bool)])
    if len(table) <= NUM_QUANTILES:
        numpy.testing.assert_allclose(encoded[inside & at_knots], expected[inside & at_knots], atol=1e-6)
    ties = len(numpy.unique(table)) < len(table)
    if not ties:
        numpy.testing.assert_allclose(encoded[inside], expected[inside], atol=0.05)


def test_quantile_by_hand() -> None:
    """Four knots at ranks 0, 1/3, 2/3, 1; the ends at half a knot; beyond them the same."""
    encoding = fit_quantile(numpy.array([[10.0], [40.0], [20.0], [30.0]]), numpy.array([3]))
    scores = norm.ppf([1 / 8, 1 / 3, 2 / 3, 7 / 8])
    values = numpy.array([[10.0], [20.0], [30.0], [40.0], [25.0], [-99.0], [99.0], [12.5]])
    expected = [*scores, 0.0, scores[0], scores[3], 0.75 * scores[0] + 0.25 * scores[1]]
    numpy.testing.assert_allclose(encoding.apply(values)[:, 0], expected, atol=1e-12)


def test_ties_get_the_score_of_their_mean_rank() -> None:
    encoding = fit_quantile(numpy.array([[0.0], [0.0], [0.0], [1.0], [2.0]]), numpy.array([2]))
    scores = norm.ppf([(0.1 + 0.25 + 0.5) / 3, 0.75, 0.9])
    numpy.testing.assert_allclose(
        encoding.apply(numpy.array([[0.0], [1.0], [2.0]]))[:, 0], scores, atol=1e-12
    )


def test_quantile_of_a_constant_column_is_the_middle() -> None:
    encoding = fit_quantile(numpy.full((7, 1), 3.0), numpy.array([1]))
    numpy.testing.assert_allclose(encoding.apply(numpy.array([[3.0], [-1e9], [1e9]])), 0.0, atol=1e-12)


def test_piecewise_by_hand() -> None:
    """Edges at the quantiles 0, 1/2 and 1: 0, 2 and 10. The bins' means over the rows 0, 1, 2, 6, 10 are subtracted."""
    table = numpy.array([[0.0], [1.0], [2.0], [6.0], [10.0]])
    encoding = fit_piecewise(table, numpy.array([2]))
    assert encoding.low.tolist() == [0.0, 2.0]
    assert encoding.width.tolist() == [2.0, 8.0]
    means = numpy.array([(0 + 0.5 + 1 + 1 + 1) / 5, (0 + 0 + 0 + 0.5 + 1) / 5])
    values = numpy.array([[0.0], [1.0], [4.0], [99.0], [-99.0]])
    bins = numpy.array([[0.0, 0.0], [0.5, 0.0], [1.0, 0.25], [1.0, 1.0], [0.0, 0.0]])
    encoded = encoding.apply(values)
    numpy.testing.assert_allclose(encoded[:, 1:], bins - means, atol=1e-12)
    numpy.testing.assert_array_equal(encoded[:, :1], fit_quantile(table, numpy.array([2])).apply(values))


def test_piecewise_leaves_room_that_it_does_not_need_at_0() -> None:
    """Four bins between the quantiles 0, 0, 0, 1 and 1 leave one: from 0 to 1."""
    table = numpy.array([[0.0], [0.0], [0.0], [1.0], [1.0]])
    encoding = fit_piecewise(table, numpy.array([4]))
    assert encoding.apply(table).shape == (5, 5)
    numpy.testing.assert_allclose(encoding.apply(table)[:, 1], [-0.4, -0.4, -0.4, 0.6, 0.6], atol=1e-12)
    assert (encoding.apply(numpy.array([[-9.0], [0.5], [9.0]]))[:, 2:] == 0.0).all()


def test_piecewise_columns_have_their_own_bins() -> None:
    table = GENERATOR.normal(size=(50, 3))
    room = numpy.array([3, 1, 5])
    encoding = fit_piecewise(table, room)
    assert encoding.columns.tolist() == [0, 0, 0, 1, 2, 2, 2, 2, 2]
    assert encoding.apply(table).shape == (50, num_inputs("piecewise", room)) == (50, 12)
    numpy.testing.assert_allclose(encoding.apply(table)[:, 3:].mean(axis=0), 0.0, atol=1e-12)
    # All bins of a column together say how far a value lies along its quantiles.
    edges = numpy.quantile(table[:, 2], numpy.linspace(0, 1, 6))
    reached = numpy.interp(table[:, 2], edges, numpy.arange(6))
    numpy.testing.assert_allclose(encoding.bins(table)[:, 4:].sum(axis=1), reached, atol=1e-12)


def test_of_a_column_that_is_mostly_0_all_bins_but_one_cut_the_other_values() -> None:
    """Quantiles of all rows would be 0 up to nine tenths: two bins for the hundred other values."""
    values = numpy.concatenate([numpy.zeros(900), numpy.arange(1.0, 101.0)])
    edges = bin_edges(values, 10)
    assert edges[0] == 0.0
    numpy.testing.assert_allclose(
        edges[1:], numpy.quantile(numpy.arange(1.0, 101.0), numpy.linspace(0, 1, 10))
    )


def test_a_column_of_few_values_has_them_all_as_edges() -> None:
    values = numpy.repeat([5.0, 1.0, 2.0, 40.0], [1, 1000, 30, 1])
    assert bin_edges(values, 3).tolist() == bin_edges(values, 24).tolist() == [1.0, 2.0, 5.0, 40.0]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-50, 50), st.integers(1, 60)), min_size=1, max_size=40),
    st.integers(1, 12),
    st.randoms(use_true_random=False),
)
def test_edges_are_few_ascending_and_cover_the_values(runs, num_bins, random) -> None:
    cells = [float(value) for value, count in runs for _ in range(count)]
    edges = bin_edges(numpy.array(cells), num_bins)
    assert (numpy.diff(edges) > 0).all()
    assert len(edges) <= num_bins + 1
    assert (edges[0], edges[-1]) == (min(cells), max(cells))
    random.shuffle(cells)
    assert bin_edges(numpy.array(cells), num_bins).tolist() == edges.tolist()


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 24), st.integers(2, 400))
def test_edges_of_a_column_without_equal_values_are_its_quantiles(num_bins, num_rows) -> None:
    values = GENERATOR.normal(size=num_rows)
    expected = numpy.quantile(values, numpy.linspace(0, 1, num_bins + 1))
    if num_rows <= num_bins + 1:
        expected = numpy.sort(values)
    numpy.testing.assert_allclose(bin_edges(values, num_bins), expected)


WILD = st.floats(-1e100, 1e100) | st.sampled_from([0.0, 1e100, -1e100, 1e-320, 5e-324, 1.0])


@settings(max_examples=100, deadline=None)
@given(
    arrays(numpy.float64, st.tuples(st.integers(1, 12), st.integers(0, 3)), elements=WILD),
    st.lists(WILD, min_size=1, max_size=3),
)
@example(numpy.array([[0.0], [1e-320]]), [5e-324])  # slopes between these knots are infinite
def test_every_encoding_stays_within_bounds_that_the_fit_rows_set(
    table: numpy.ndarray, later: list[float]
) -> None:
    new = numpy.tile(numpy.array(later)[:, None], (1, table.shape[1]))
    for name, fit in ENCODINGS.items():
        encoding = fit(table, bins_of(table))
        bounds = {"standard": MOST_DEVIATIONS, "robust": 3.0}
        bound = bounds.get(name, max(1.0, norm.ppf(1.0 - 0.5 / max(2, len(table)))))
        for values in (table, new):
            encoded = encoding.apply(values)
            assert encoded.shape == (len(values), num_inputs(name, bins_of(table)))
            assert (numpy.abs(encoded) <= bound + 1e-9).all(), name


def test_encodings_leave_the_given_rows_alone() -> None:
    table = TABLES["ordinary"].copy()
    for fit in ENCODINGS.values():
        fit(table, bins_of(table)).apply(table)
    assert numpy.array_equal(table, TABLES["ordinary"])


def test_raw_numbers_are_what_they_are_and_later_ones_stay_near() -> None:
    table = numpy.array([[1.0, 7.0], [3.0, 7.0], [1e9, 7.0]])
    raw = fit_raw(table, bins_of(table))
    assert numpy.array_equal(raw.apply(table), table)
    room = MOST_DEVIATIONS * table[:, 0].std()
    later = raw.apply(numpy.array([[1e99, 8.0], [-1e99, -1.0], [5e9, 7.0]]))
    assert later.tolist() == [[1e9 + room, 7.0], [1.0 - room, 7.0], [5e9, 7.0]]
    assert numpy.isfinite(fit_raw(table * 1e80, bins_of(table)).apply(table * 1e80).astype("float32")).all()
