"""The commented study file that `automl init` writes."""

TEMPLATE = """\
# A study: one question about one table. Run it with `automl run {file}`, check it with `automl check {file}`.
# Every key but `data` may be left out; the values here are the defaults, except where a comment says otherwise.
name: {name}

data:
{data}

splits:
  test: 0.2        # share of rows locked away; the winner is scored on them once, at the end
  folds: 5         # cross-validation, by class where there are classes
  stopping: 0.15   # share of a fold's training rows that chooses the epoch and is never scored

# The metric that ranks the trials. Classes: log_loss (default), accuracy, balanced_accuracy.
# Numbers: rmse (default), mae, r2.
{objective}

# What is searched. A value that stands alone is fixed; the rest is one of
#   {{int: [low, high]}}   {{float: [low, high], log: true}}   {{choice: [...]}}   each range with an optional `step`.
# Also known: batch_normalization, initializer, l2, optimizer (sgd, momentum, adam, adamw, rmsprop), momentum,
# weight_decay, schedule (constant, cosine, linear), clip_norm, label_smoothing, batch_size, negative_slope (of
# leaky_relu). `depth: 0` is a linear model.
space:
  depth: {{int: [1, 3]}}
  width: {{choice: [32, 64, 128, 256]}}          # add `per_layer: true` to let each layer have its own
  activation: {{choice: [relu, tanh, gelu]}}
  dropout: {{float: [0.0, 0.5]}}
  learning_rate: {{float: [1.0e-4, 1.0e-2], log: true}}

search:
  algorithm: bayesian   # random, grid or bayesian
  trials: 20
  # minutes: 10         # no new trial is started after this many minutes
  seed: 0               # everything random derives from it

training:
  epochs: 100
  batch_size: 64
  patience: 10          # epochs without a better loss on the stopping rows

# tracking: {{uri: "http://127.0.0.1:5000", register_as: {name}}}   # default: a database under mlruns/
# network: {{builder: "my_models.py:build"}}   # build(hp) -> keras.Model, KerasTuner's convention
"""


def study_template(name: str, file: str, source: dict[str, str], task: str) -> str:
    """A study file with a comment at every key.

    Args:
        name: The study's name.
        file: The file's path, for the commands in its header.
        source: Lines of the data section.
        task: The task that was found, or empty when the table was not looked at.
    """
    data = "\n".join(f"  {key}: {value}" for key, value in source.items())
    objective = "objective: rmse" if task == "regression" else "objective: log_loss"
    return TEMPLATE.format(name=name, file=file, data=data, objective=objective)
