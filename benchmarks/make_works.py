"""Freezes the configurations that the race is run over, one JSON file a work.

    python benchmarks/make_works.py

A is digits with one structure, B digits with a mixed space, C (kin8nm) and D (adult) larger public tables.
"""

import json
import random
from pathlib import Path

WORKS = Path(__file__).parent / "works"
FIXED = {"batch_normalization": False, "initializer": "glorot_uniform", "l2": 0.0, "optimizer": "adam"}
FIXED |= {"schedule": "constant", "clip_norm": 0.0, "label_smoothing": 0.0}


def log_uniform(generator, low, high):
    return low * (high / low) ** generator.random()


def draw(generator, space, batch_size):
    values = {name: choose(generator) for name, choose in space.items()}
    return values | FIXED | {"batch_size": batch_size}


def work(name, data, space, num_trials, epochs, batch_size):
    generator = random.Random(name)  # noqa: S311
    trials = [draw(generator, space, batch_size) for _ in range(num_trials)]
    content = {"name": name, "data": data, "folds": 5, "epochs": epochs, "trials": trials}
    lines = ",\n  ".join(json.dumps(trial) for trial in trials)
    head = json.dumps({**content, "trials": None}).replace('"trials": null}', '"trials": [\n  ')
    (WORKS / f"{name}.json").write_text(head + lines + "\n]}\n")


def main():
    WORKS.mkdir(exist_ok=True)
    narrow = {
        "depth": lambda _: 2,
        "width": lambda _: 64,
        "activation": lambda _: "relu",
        "dropout": lambda g: round(0.5 * g.random(), 3),
        "learning_rate": lambda g: round(log_uniform(g, 3e-4, 3e-3), 6),
    }
    mixed = narrow | {
        "depth": lambda g: g.randint(1, 4),
        "width": lambda g: g.choice([16, 32, 64, 128, 256]),
        "activation": lambda g: g.choice(["relu", "tanh", "gelu", "silu"]),
    }
    large = narrow | {"width": lambda _: 256, "dropout": lambda g: g.choice([0.0, 0.2])}
    work("A", {"sklearn": "digits"}, narrow, 100, 30, 32)
    work("A_plain", {"sklearn": "digits"}, narrow | {"dropout": lambda _: 0.0}, 100, 30, 32)
    work("B", {"sklearn": "digits"}, mixed, 100, 30, 32)
    work("C", {"table": "kin8nm", "target": "y"}, mixed, 100, 30, 64)
    work("D", {"table": "adult", "target": "income"}, large, 8, 5, 256)


if __name__ == "__main__":
    main()
