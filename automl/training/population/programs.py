"""The compiled program of a population: one epoch of every member, then losses and predictions."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from keras import ops

from automl.networks.layers.layer import Role, Step
from automl.training.backend import Arrays, Function, compiled, gradient
from automl.training.population.losses import LOSSES, predictions_of, smoothed, training_losses
from automl.training.population.nests import select_rows
from automl.training.population.structure import Structure
from automl.training.population.updates import OWN_VALUES, UPDATES, clipped, per_member
from automl.training.schedules import SCHEDULES

BLOCK = 256
"""Rows that are evaluated at once; tables are filled up to a multiple of it."""

_FLAT = ("inputs", "targets", "row_weights")

State = dict[str, Any]
Values = Mapping[str, Any]


def compile_epoch(structure: Structure) -> Function:
    """The program of one structure, `run(tables, values, batches, state)`; compiled for each set of array shapes.

    It trains every member for one epoch and gives the new state, the losses after it, of shape (member, part), and the
    predictions for the first rows of the member's view, those that `parts` weighs, of shape (member, row, output).

    - tables: `inputs` (view, row, feature), `targets` (view, row, output), `row_weights` (view, row), and `parts`
      (view, part, first rows), in which the weights of a part sum to 1;
    - values: `view` and `dropout_seed` of shape (member,), hyperparameters by name of shape (member, 1, 1), and
      `layers`, for each layer what members have for themselves;
    - batches: `rows` (member, step, row), row numbers of the member's view, and `counts` (member, step), how many of
      them count. A step without rows leaves the member as it is. `measured` tells whether losses and predictions are
      wanted after this epoch; they are zeros where not;
    - state: `weights`, `slots` (a list for each slot of the optimizer), `moments`, and `times` of shape (member,).
    """
    return compiled(partial(_run_epoch, structure))


def _run_epoch(
    structure: Structure, tables: dict[str, Any], values: Values, batches: dict[str, Any], state: State
) -> tuple[State, Any, Any]:
    flat = {name: ops.reshape(tables[name], (-1, *tables[name].shape[2:])) for name in _FLAT}
    first_rows = (values["view"] * tables["inputs"].shape[1])[:, None]

    def step(index: Any, state: State) -> State:
        rows = batches["rows"][:, index] + first_rows
        batch = {name: ops.take(flat[name], rows, axis=0) for name in _FLAT}
        return _step(structure, values, batch, batches["counts"][:, index], state)

    state = ops.fori_loop(0, batches["rows"].shape[1], step, state)
    measured = ops.cond(
        batches["measured"],
        lambda: _evaluate(structure, tables, values, state),
        lambda: _nothing(structure, tables, values),
    )
    return (state, *measured)


def _step(structure: Structure, values: Values, batch: dict[str, Any], counts: Any, state: State) -> State:
    """One step of every member: forward, loss, gradient, update."""
    positions = ops.arange(structure.batch_size, dtype="int32")[None, :]
    present = positions < counts[:, None]
    shares = batch["row_weights"] / ops.cast(ops.maximum(counts, 1), "float32")[:, None]
    targets = smoothed(structure.loss, batch["targets"], values["label_smoothing"])
    training_step = Step(state["times"], ops.cast(present, "float32")[:, :, None], values["dropout_seed"])

    def total_loss(weights: list[Any]) -> tuple[Any, Arrays]:
        logits, moments = structure.network.logits(
            weights, state["moments"], values["layers"], batch["inputs"], training_step
        )
        losses = training_losses(structure.loss, logits, targets)
        return ops.sum(ops.where(present, losses * shares, 0.0)), moments

    gradients, moments = gradient(total_loss, state["weights"])
    gradients = [
        slope if weight.role is Role.VECTOR else slope + 2.0 * per_member(values["l2"], slope) * weights
        for slope, weights, weight in zip(gradients, state["weights"], structure.network.weights, strict=True)
    ]
    if structure.clipped:
        gradients = clipped(gradients, values["clip_norm"])
    return select_rows(
        counts > 0, _updated(structure, values, gradients, state) | {"moments": moments}, state
    )


def _updated(structure: Structure, values: Values, gradients: list[Any], state: State) -> State:
    """Weights and optimizer slots after a step."""
    time = ops.cast(state["times"], "float32")[:, None, None]
    progress = ops.minimum(time / values["num_steps"], 1.0)
    factor = SCHEDULES[structure.schedules[0]](progress)
    for index, name in enumerate(structure.schedules[1:], start=1):
        factor = ops.where(values["schedule"] == index, SCHEDULES[name](progress), factor)
    rate = values["learning_rate"] * factor
    update, moved = UPDATES[structure.optimizer], list[Any]()
    for index, (weights, weight) in enumerate(zip(state["weights"], structure.network.weights, strict=True)):
        layer_values = {name: per_member(values[name], weights) for name in OWN_VALUES}
        if weight.role is not Role.KERNEL:
            layer_values["weight_decay"] = 0.0
        step = update.step
        if update.hidden is not None and weight.is_hidden:
            step, layer_values["scale"] = update.hidden, values["scales"][index]
        factor = rate if weight.rate == 1.0 else rate * weight.rate
        slots = [slot[index] for slot in state["slots"]]
        clock = per_member(time + 1.0, weights)
        moved.append(step(weights, gradients[index], slots, per_member(factor, weights), layer_values, clock))
    return {
        "weights": [weights for weights, _ in moved],
        "slots": [[slots[number] for _, slots in moved] for number in range(update.num_slots)],
        "times": state["times"] + 1,
    }


def _evaluate(structure: Structure, tables: dict[str, Any], values: Values, state: State) -> tuple[Any, Any]:
    """Mean losses over the parts of each member's view, without dropout and penalties, and the predictions."""
    loss = LOSSES[structure.loss]
    weights = UPDATES[structure.optimizer].averaged(state["weights"], state["slots"])
    num_rows = tables["parts"].shape[2]

    def add(block: Any, results: tuple[Any, Any]) -> tuple[Any, Any]:
        inputs, targets, shares = (
            ops.take(_rows(tables[name], block, axis), values["view"], axis=0)
            for name, axis in (("inputs", 1), ("targets", 1), ("parts", 2))
        )
        logits, _ = structure.network.logits(weights, state["moments"], values["layers"], inputs, None)
        predictions = predictions_of(structure.loss, logits)
        losses = loss.evaluation(predictions, targets)[:, None, :]
        sums = ops.sum(ops.where(shares > 0.0, losses * shares, 0.0), axis=-1)
        return results[0] + sums, ops.slice_update(results[1], [0, block * BLOCK, 0], predictions)

    start = _nothing(structure, tables, values)
    losses, predictions = ops.fori_loop(0, num_rows // BLOCK, add, start)
    return losses, predictions


def _nothing(structure: Structure, tables: dict[str, Any], values: Values) -> tuple[Any, Any]:
    """Losses and predictions before any row has been looked at."""
    num_members, (_, num_parts, num_rows) = values["view"].shape[0], tables["parts"].shape
    losses = ops.zeros((num_members, num_parts), "float32")
    return losses, ops.zeros((num_members, num_rows, structure.num_outputs), "float32")


def _rows(table: Any, block: Any, axis: int) -> Any:
    """The rows of one block."""
    starts, shape = [0] * len(table.shape), list(table.shape)
    starts[axis], shape[axis] = block * BLOCK, BLOCK
    return ops.slice(table, starts, shape)
