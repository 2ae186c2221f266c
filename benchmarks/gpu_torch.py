"""A made work by a plain PyTorch loop on the device that PyTorch finds, one network after another.

    python benchmarks/gpu_torch.py WORK FITS SECONDS [ROWS]

Rows and weights stay on the device; Adam is fused; matrix products are float32 without TF32, as in `gpu.py`. Prints
one line `RESULT {...}`, from which `gpu.py` tells what all fits would take.
"""

import json
import sys
import time

import made_works
import torch

ACTIVATIONS = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "gelu": torch.nn.GELU, "silu": torch.nn.SiLU}
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def build(values, num_features, num_outputs):
    layers, width = [], num_features
    for _ in range(values["depth"]):
        layers += [torch.nn.Linear(width, values["width"]), ACTIVATIONS[values["activation"]]()]
        layers += [torch.nn.Dropout(values["dropout"])] if values["dropout"] else []
        width = values["width"]
    return torch.nn.Sequential(*layers, torch.nn.Linear(width, num_outputs)).to(DEVICE)


def fit(work, values, rows, validation):
    """Losses on the validation rows, after every epoch, as a study has them."""
    inputs, validation_inputs = (
        torch.from_numpy(array).to(DEVICE) for array in made_works.scaled(work, rows, validation)
    )
    targets, expected = (torch.from_numpy(work.target[part]).to(DEVICE) for part in (rows, validation))
    loss, losses = torch.nn.CrossEntropyLoss(), []
    model = build(values, inputs.shape[1], work.num_classes)
    optimizer = torch.optim.Adam(model.parameters(), values["learning_rate"], eps=1e-7, fused=True)
    for _ in range(work.epochs):
        model.train()
        for batch in torch.randperm(len(inputs), device=DEVICE).split(values["batch_size"]):
            optimizer.zero_grad()
            loss(model(inputs[batch]), targets[batch]).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            losses.append(loss(model(validation_inputs), expected))
    return float(losses[-1])


def main(name, most, seconds, num_rows=None):
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.set_num_threads(1)
    torch.manual_seed(0)
    work = made_works.work(name, num_rows=num_rows and int(num_rows))
    fits = [(values, fold) for values in work.trials for fold in work.folds]
    fit(work, fits[0][0], *fits[0][1])  # loads the kernels
    began, losses = time.perf_counter(), []
    for values, fold in fits[: int(most)]:
        losses.append(fit(work, values, *fold))
        if time.perf_counter() - began > float(seconds):
            break
    result = {
        "seconds": time.perf_counter() - began,
        "fits": len(losses),
        "mean_loss": sum(losses) / len(losses),
        "device": torch.cuda.get_device_name() if DEVICE.type == "cuda" else "CPU",
        "torch": torch.__version__,
    }
    print("RESULT " + json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
