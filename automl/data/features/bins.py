"""Where the bins of the piecewise encoding end."""

import numpy


def bin_edges(values: numpy.ndarray, num_bins: int) -> numpy.ndarray:
    """Edges of at most so many bins, ascending, from the least to the largest value.

    Quantiles, but a value that more rows hold than a bin should have is an edge once, and the others are quantiles of
    the other rows. Of a column that is 0 in nine rows of ten, quantiles of all rows would leave two or three bins for
    everything that is not 0. A column of few values has them all.
    """
    distinct, counts = numpy.unique(values, return_counts=True)
    if len(distinct) <= num_bins + 1:
        return distinct
    is_edge = numpy.zeros(len(distinct), bool)
    while True:
        num_left = num_bins + 1 - int(is_edge.sum())
        is_frequent = ~is_edge & (counts * num_left > counts[~is_edge].sum())
        if not is_frequent.any() or num_left - int(is_frequent.sum()) < 2:  # the ends of the others are edges
            break
        is_edge |= is_frequent
    others = numpy.repeat(distinct[~is_edge], counts[~is_edge])
    quantiles = numpy.quantile(others, numpy.linspace(0.0, 1.0, num_left))
    return numpy.unique(numpy.concatenate([distinct[is_edge], quantiles]))
