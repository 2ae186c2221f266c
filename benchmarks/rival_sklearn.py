"""scikit-learn's multilayer perceptron by random search, for `rivals.py`: FOLDER TARGET TASK SECONDS."""

import time

BEGAN = time.monotonic()

import numpy  # noqa: E402
from rival_rows import read_arguments, read_rows  # noqa: E402
from sklearn.model_selection import ParameterSampler, cross_val_score  # noqa: E402
from sklearn.neural_network import MLPClassifier, MLPRegressor  # noqa: E402

SPACE = {
    "hidden_layer_sizes": [(width,) * depth for width in (64, 128, 256) for depth in (1, 2, 3)],
    "activation": ["relu", "tanh"],
    "alpha": list(numpy.logspace(-5, 0, 30)),
    "learning_rate_init": list(numpy.logspace(-4, -2, 30)),
}
FOLDS = 3
MORE = 1.5
"""A refit on all rows takes half as long again as a fit on two thirds; the search ends when that would not fit in."""


def main() -> None:
    rows = read_rows(read_arguments(), BEGAN)
    make = MLPRegressor if rows.labels is None else MLPClassifier
    scoring = "neg_mean_squared_error" if rows.labels is None else "neg_log_loss"
    best, chosen, count, longest = -numpy.inf, None, 0, 0.0
    for values in ParameterSampler(SPACE, 10_000, random_state=0):
        model = make(**values, early_stopping=True, random_state=0)
        began = time.monotonic()
        score = cross_val_score(model, rows.inputs, rows.targets, cv=FOLDS, scoring=scoring, n_jobs=2).mean()
        longest, count = max(longest, time.monotonic() - began), count + 1
        if score > best:
            best, chosen = score, model
        if time.monotonic() + longest + MORE * longest > rows.ends:
            break
    chosen.fit(rows.inputs, rows.targets)
    predicted = chosen.predict(rows.test) if rows.labels is None else chosen.predict_proba(rows.test)
    rows.write(predicted, f"{count} configurations")


if __name__ == "__main__":
    main()
