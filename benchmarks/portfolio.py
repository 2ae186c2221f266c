"""Whether first configurations that are the same for every table are better than random ones.

    python benchmarks/portfolio.py [--draws 2000]

Reads the recorded trials of `results/pruning/`: the first 40 of each table are the same random configurations of one
space. For each table a portfolio is chosen greedily on the other tables, so that the mean excess of its best
configuration over the best of the 40 is least, and is compared with as many configurations drawn at random.
"""

import argparse
from pathlib import Path

import numpy

FOLDER = Path(__file__).parent / "results" / "pruning"
NUM_SHARED, SIZES, LARGEST_EXCESS = 40, (1, 2, 3, 5), 1.0


def excesses():
    """By table, how far each configuration's mean loss is above the best one's, as a share of it."""
    found = {}
    for path in sorted(FOLDER.glob("*.npz")):
        losses = numpy.load(path)["scores"].mean(axis=1)[:NUM_SHARED]
        found[path.stem] = losses / losses.min() - 1.0
    return found


def chosen(excess, size):
    """Configurations, the next one always the best beside those before; `excess` has shape (table, configuration)."""
    excess, portfolio = numpy.minimum(excess, LARGEST_EXCESS), []
    least = numpy.full(len(excess), numpy.inf)
    for _ in range(size):
        means = numpy.minimum(least[:, None], excess).mean(axis=0)
        portfolio.append(int(means.argmin()))
        least = numpy.minimum(least, excess[:, portfolio[-1]])
    return portfolio


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=2000)
    draws, generator, rows = parser.parse_args().draws, numpy.random.default_rng(0), []
    found = excesses()
    print(f"excess loss in % of the best of the first {SIZES} configurations: portfolio, then random")
    for name, excess in found.items():
        portfolio = chosen(numpy.array([other for key, other in found.items() if key != name]), max(SIZES))
        orders = [generator.permutation(NUM_SHARED) for _ in range(draws)]
        rows.append(
            [excess[portfolio[:size]].min() for size in SIZES]
            + [numpy.mean([excess[order[:size]].min() for order in orders]) for size in SIZES]
        )
        print(f"{name:20s}", numpy.round(100 * numpy.array(rows[-1]), 1))
    print(f"{'mean':20s}", numpy.round(100 * numpy.mean(rows, axis=0), 1))


if __name__ == "__main__":
    main()
