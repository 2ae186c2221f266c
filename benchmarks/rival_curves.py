"""The best validation score of each rival against time, from what `rivals.py` has recorded.

    python benchmarks/rival_curves.py docs/rivals.png --minutes 2

A panel per table. Ours is cross-validated over five folds, that of the others is of the fifth of the rows on which they
choose; the point behind each line is the loss on the fifth of the table that nobody saw. Times begin with the process.
"""

import argparse
import json
from pathlib import Path

import altair
import pandas
from rivals import RESULTS


def rows_of(minutes: float) -> tuple[pandas.DataFrame, pandas.DataFrame]:
    """Points of the lines, and of the losses at the end."""
    lines = [json.loads(line) for line in RESULTS.read_text().splitlines()]
    drawn = {
        (line["table"], line["rival"]): line
        for line in lines
        if line["given"] == 60.0 * minutes and line.get("curve")
    }
    points, ends = [], []
    for (table, rival), line in drawn.items():
        best = float("inf")
        for second, value in line["curve"]:
            best = min(best, value)
            points.append({"table": table, "rival": rival, "second": second, "best": best})
        points.append({"table": table, "rival": rival, "second": line["given"], "best": best})
        ends.append({"table": table, "rival": rival, "second": line["given"] + 5.0, "loss": line["loss"]})
    return pandas.DataFrame(points), pandas.DataFrame(ends)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--minutes", type=float, default=3.0)
    arguments = parser.parse_args()
    points, ends = rows_of(arguments.minutes)
    second = altair.X("second:Q", title="seconds")
    panels = []
    for table in dict.fromkeys(points["table"]):
        scale = altair.Scale(type="log", nice=False, zero=False)
        lines = (
            altair.Chart(points[points["table"] == table])
            .mark_line(interpolate="step-after")
            .encode(
                second, altair.Y("best:Q", title="best loss so far", scale=scale), altair.Color("rival:N")
            )
        )
        last = (
            altair.Chart(ends[ends["table"] == table])
            .mark_point(filled=True, size=60)
            .encode(second, altair.Y("loss:Q", scale=scale), altair.Color("rival:N"))
        )
        panels.append((lines + last).properties(title=table, width=300, height=260))
    altair.hconcat(*panels).save(arguments.file, scale_factor=2)


if __name__ == "__main__":
    main()
