"""Whether first configurations that are the same for every table are better than random ones.

    python benchmarks/portfolio.py [former | default] [--draws 2000]

`former` reads the recorded trials of `results/pruning/`: the first 40 of each table are the same random configurations
of the default space as it was, with AdamW. `default` reads `results/spaces/`: 20 configurations that are trained by
schedule-free AdamW, as the default space is now. For each table a portfolio is chosen greedily on the other tables, so
that the mean excess of its best configuration over the best of all is least, and is compared with as many
configurations drawn at random.
"""

import argparse
import json
from pathlib import Path

import numpy

RESULTS = Path(__file__).parent / "results"
NUM_SHARED, SIZES, LARGEST_EXCESS = 40, (1, 2, 3, 5), 1.0


def excesses(space):
    """By table, how far each configuration's mean loss is above the best one's, as a share of it."""
    if space == "former":
        losses_by_table = {
            path.stem: numpy.load(path)["scores"].mean(axis=1)[:NUM_SHARED]
            for path in sorted((RESULTS / "pruning").glob("*.npz"))
        }
    else:
        losses_by_table = {
            path.stem: numpy.array(json.loads(path.read_text())["spaces"]["schedule_free"]["losses"])
            for path in sorted((RESULTS / "spaces").glob("*.json"))
        }
    return {name: losses / losses.min() - 1.0 for name, losses in losses_by_table.items()}


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
    parser.add_argument("space", nargs="?", default="default", choices=["former", "default"])
    parser.add_argument("--draws", type=int, default=2000)
    arguments, generator, rows = parser.parse_args(), numpy.random.default_rng(0), []
    excess_by_table = excesses(arguments.space)
    print(f"excess loss in % of the best of the first {SIZES} configurations: portfolio, then random")
    for name, excess in excess_by_table.items():
        portfolio = chosen(
            numpy.array([known_excess for key, known_excess in excess_by_table.items() if key != name]),
            max(SIZES),
        )
        orders = [generator.permutation(len(excess)) for _ in range(arguments.draws)]
        rows.append(
            [excess[portfolio[:size]].min() for size in SIZES]
            + [numpy.mean([excess[order[:size]].min() for order in orders]) for size in SIZES]
        )
        print(f"{name:20s}", numpy.round(100 * numpy.array(rows[-1]), 1))
    everywhere = chosen(numpy.array(list(excess_by_table.values())), max(SIZES))
    print(f"chosen on all tables, by number: {everywhere}")
    print(f"{'mean':20s}", numpy.round(100 * numpy.mean(rows, axis=0), 1))


if __name__ == "__main__":
    main()
