"""A work by Optuna and a plain PyTorch loop, one thread; PART of OF takes every OF-th trial, for one process a core.

python benchmarks/run_torch.py WORK [TRIALS] [PART OF [SEED]]
"""

import sys
import time

BEGAN = time.perf_counter()

import optuna  # noqa: E402
import torch  # noqa: E402
import works  # noqa: E402

ACTIVATIONS = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "gelu": torch.nn.GELU, "silu": torch.nn.SiLU}

READY = time.perf_counter()


def build(values, num_features, num_outputs):
    layers, width = [], num_features
    for _ in range(values["depth"]):
        layers += [torch.nn.Linear(width, values["width"]), ACTIVATIONS[values["activation"]]()]
        layers += [torch.nn.Dropout(values["dropout"])] if values["dropout"] else []
        width = values["width"]
    model = torch.nn.Sequential(*layers, torch.nn.Linear(width, num_outputs))
    for layer in model:
        if isinstance(layer, torch.nn.Linear):
            torch.nn.init.xavier_uniform_(layer.weight)
            torch.nn.init.zeros_(layer.bias)
    return model


def fit(work, values, rows, validation):
    inputs, validation_inputs = map(torch.from_numpy, works.scaled(work, rows, validation))
    targets, expected = map(torch.from_numpy, works.scaled_target(work, rows, validation))
    if work.num_classes == 0:
        targets, expected = targets[:, None], expected[:, None]
    loss = torch.nn.CrossEntropyLoss() if work.num_classes else torch.nn.MSELoss()
    model = build(values, inputs.shape[1], work.num_classes or 1)
    optimizer = torch.optim.Adam(model.parameters(), values["learning_rate"], eps=1e-7, fused=True)
    for _ in range(work.epochs):
        order = torch.randperm(len(inputs))
        for batch in order.split(values["batch_size"]):
            optimizer.zero_grad()
            loss(model(inputs[batch]), targets[batch]).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        return float(loss(model(validation_inputs), expected))


def main(name, num_trials=None, part="0", of="1", seed="0"):
    torch.set_num_threads(1)
    torch.manual_seed(1000 * int(seed) + int(part))
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    work = works.load(name, num_trials and int(num_trials))
    numbers = range(len(work.trials))[int(part) :: int(of)]
    study = optuna.create_study()
    scores = {}
    for number in numbers:
        trial = study.ask()
        losses = [fit(work, work.trials[number], *fold) for fold in work.folds]
        study.tell(trial, sum(losses) / len(losses))
        scores[str(number)] = {"loss": losses}
    works.report("Optuna + PyTorch", (BEGAN, READY), scores, len(numbers) * len(work.folds))


if __name__ == "__main__":
    main(*sys.argv[1:])
