"""RealMLP-TD or TabM-D of `pytabkit`, one fit with its defaults, for `rivals.py`: MODEL FOLDER TARGET TASK SECONDS."""

import sys
from pathlib import Path

import pandas
import pytabkit


def main() -> None:
    name, folder, target, task = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]
    training, test = pandas.read_csv(folder / "training.csv"), pandas.read_csv(folder / "test.csv")
    features, truth = training.drop(columns=target), training[target]
    numbers = features.select_dtypes("number").columns
    means = features[numbers].mean()  # neither takes gaps in numbers
    features, test = features.fillna(means), test.fillna(means)
    if task == "regression":
        model = getattr(pytabkit, f"{name}_Regressor")(random_state=0, n_threads=2, device="cpu")
        model.fit(features, truth.to_numpy(float))
        predicted = pandas.DataFrame({"prediction": model.predict(test).reshape(-1)})
    else:
        model = getattr(pytabkit, f"{name}_Classifier")(random_state=0, n_threads=2, device="cpu")
        model.fit(features, truth)
        predicted = pandas.DataFrame(
            model.predict_proba(test), columns=[str(label) for label in model.classes_]
        )
    predicted.to_csv(folder / "predictions.csv", index=False)
    (folder / "notes.txt").write_text("one fit")


if __name__ == "__main__":
    main()
