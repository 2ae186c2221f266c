"""The five best configurations of a work, trained by populations and one network at a time by Keras's own `fit`.

    python benchmarks/refit_top.py [WORK]

Reads `results/WORK.json`. Populations and plain Keras begin with the same weights and see the same row order; dropout
draws other masks. Prints the mean over the folds of the best validation loss of both.
"""

import json
import sys
import tempfile
from pathlib import Path

import run_automl
import works


def main(name="A_plain"):
    folder = works.HERE / "works"
    scores = json.loads((works.HERE / "results" / f"{name}.json").read_text())["rivals"]["automl"]["scores"]
    means = {
        int(number): sum(by_metric["log_loss"]) / len(by_metric["log_loss"])
        for number, by_metric in scores.items()
    }
    best = sorted(means, key=means.get)[:5]
    content = json.loads((folder / f"{name}.json").read_text())
    content["trials"] = [content["trials"][number] for number in best]
    with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".json") as file:
        json.dump(content, file)
        file.flush()
        scores_by_engine = {}
        for engine in ("population", "sequential"):
            works.report = lambda _, __, scores, ___, engine=engine: scores_by_engine.update({engine: scores})
            run_automl.main(Path(file.name).stem, engine, best_epoch=True)
    print("| trial | population | plain Keras |\n|---|---|---|")
    for place, number in enumerate(best):
        losses = [sum(scores[str(place)]["log_loss"]) / 5 for scores in scores_by_engine.values()]
        print(f"| {number} | {losses[0]:.5f} | {losses[1]:.5f} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
