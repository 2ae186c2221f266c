"""Every wrong study file: the message says where, what, what was given, and what to do."""

from pathlib import Path

import pytest
from wrong_studies import DATA, Wrong, check_message

from automl.config.reading import load_study
from automl.errors import StudyFileError

FORM = {
    "empty": Wrong("", 1, "a study file", "hold `key: value` lines", "", "Begin with `data:`"),
    "comment only": Wrong(
        "\n# later\n", 1, "a study file", "hold `key: value` lines", "", "Begin with `data:`"
    ),
    "a list": Wrong("- a\n- b\n", 1, "a study file", "hold `key: value` lines", "", "`automl init`"),
    "one word": Wrong("digits\n", 1, "a study file", "hold `key: value` lines", "", "`automl init`"),
    "a tab": Wrong("data:\n\tsklearn: digits\n", 2, "", "this is not YAML", r"'\t'", "Indent with spaces"),
    "open brace": Wrong("data: {sklearn: digits\nsplits: 3\n", 2, "", "this is not YAML", "','", "Indent"),
    "two colons": Wrong(DATA + "name: a: b\n", 2, "", "this is not YAML", "mapping values", "in quotes"),
    "two documents": Wrong(DATA + "---\n" + DATA, 2, "", "this is not YAML", "another document", "Indent"),
    "no such alias": Wrong(DATA + "name: *x\n", 2, "", "this is not YAML", "'x'", "Indent"),
    "a tag": Wrong(
        DATA + "name: !!python/name:os x\n", 2, "", "this is not YAML", "python/name:os", "Indent"
    ),
    "no such date": Wrong(
        DATA + "name: 2026-13-45\n", 2, "", "not YAML", "month must be in 1..12", "in quotes"
    ),
    "a NUL": Wrong(DATA + "name: a\0b\n", 2, "the character", "not allowed in YAML", "U+0000", "Remove it."),
    "template braces": Wrong(
        "data: {path: {{ x }}}\n", 1, "a key", "be text", "a mapping", "Put it in quotes."
    ),
    "a list as key": Wrong(
        DATA + "? [a, b]\n: 1\n", 2, "a key", "be text", "a sequence", "Put it in quotes."
    ),
    "yes as key": Wrong(DATA + "space:\n  yes: 1\n", 3, "a key", "be text", "`yes`", "Put it in quotes."),
    "a number as key": Wrong(DATA + "1: 2\n", 2, "a key", "be text", "`1`", "Put it in quotes."),
    "no key": Wrong(DATA + "~: 2\n", 2, "a key", "be text", "`~`", "Put it in quotes."),
    "key twice": Wrong(
        DATA + "splits: {folds: 3}\n\nsplits: {folds: 4}\n",
        4,
        "`splits`",
        "occurs twice",
        "line 2",
        "Remove one.",
    ),
    "inner key twice": Wrong(
        DATA + "splits:\n  folds: 3\n  folds: 4\n", 4, "`folds`", "occurs twice", "line 3", "Remove one."
    ),
}

KEYS = {
    "unknown": Wrong(
        DATA + "serach: {trials: 3}\n", 2, "`serach`", "is not a key", "", "Did you mean `search`?"
    ),
    "unknown within": Wrong(
        DATA + "splits:\n  fold: 3\n",
        3,
        "`splits.fold`",
        "is not a key",
        "",
        "Did you mean `folds`? Known: kind, by, repeats, test, folds,",
    ),
    "unknown in a range": Wrong(
        DATA + "space:\n  x: {int: [1, 4], stpe: 2}\n",
        3,
        "`space.x.int.stpe`",
        "is not a key",
        "",
        "Did you mean `step`?",
    ),
    "unknown without a near one": Wrong(
        DATA + "zzzz: 1\n", 2, "`zzzz`", "is not a key", "", "Known: name, data, splits"
    ),
    "no data": Wrong("name: x\n", 1, "`data`", "is missing", "", "The table and its target."),
    "both sources": Wrong(
        "name: x\ndata: {sklearn: iris, path: a.csv, target: y}\n",
        2,
        "`data`",
        "exactly one of `path`, `url`, `sql`, `sklearn` and `frame`",
        "got `path` and `sklearn`",
        "The table and its target.",
    ),
    "neither source": Wrong(
        "data:\n  target: y\n",
        1,
        "`data`",
        "exactly one of `path`, `url`, `sql`, `sklearn` and `frame`",
        "none of them",
        "The table and its target.",
    ),
    "no target": Wrong(
        "data: {path: x.csv}\n", 1, "`data`", "name its `target`", "", "the column to predict"
    ),
}

VALUES = {
    "a word for folds": Wrong(
        DATA + "splits: {folds: five}\n",
        2,
        "`splits.folds`",
        "be a whole number",
        "got 'five'",
        "Number of cross-validation folds.",
    ),
    "true for folds": Wrong(
        DATA + "splits: {folds: true}\n", 2, "`splits.folds`", "be a whole number", "got True", "Number of"
    ),
    "5.0 for folds": Wrong(
        DATA + "splits: {folds: 5.0}\n", 2, "`splits.folds`", "be a whole number", "got 5.0", "Number of"
    ),
    "one fold": Wrong(
        DATA + "splits:\n  test: 0\n  folds: 1\n",
        4,
        "`splits.folds`",
        "be greater than or equal to 2",
        "got 1",
        "Number of",
    ),
    "all rows as test": Wrong(
        DATA + "splits: {test: 1}\n", 2, "`splits.test`", "be less than 1", "got 1", "0 keeps none"
    ),
    "NaN as test": Wrong(
        DATA + "splits: {test: .nan}\n", 2, "`splits.test`", "be less than 1", "got nan", "0 keeps none"
    ),
    "no stopping rows": Wrong(
        DATA + "splits: {stopping: 0}\n",
        2,
        "`splits.stopping`",
        "be greater than 0",
        "got 0",
        "Share of a fold's",
    ),
    "no trials": Wrong(
        DATA + "search: {trials: 0}\n",
        2,
        "`search.trials`",
        "be greater than or equal to 1",
        "got 0",
        "Maximum number of trials",
    ),
    "negative seed": Wrong(
        DATA + "search: {seed: -1}\n",
        2,
        "`search.seed`",
        "be greater than or equal to 0",
        "got -1",
        "Seed of all random numbers",
    ),
    "no minutes": Wrong(
        DATA + "search: {minutes: 0}\n",
        2,
        "`search.minutes`",
        "be greater than 0",
        "got 0",
        "null for no separate limit",
    ),
    "unknown loss": Wrong(
        DATA + "training: {loss: mes}\n",
        2,
        "`training.loss`",
        "be 'auto', 'mse', 'mae', 'huber', 'pinball_10' or 'pinball_90'",
        "got 'mes'",
        "Loss of a regression",
    ),
    "unknown task": Wrong(
        "data: {sklearn: iris, task: binray}\n",
        1,
        "`data.task`",
        "be 'auto', 'binary'",
        "got 'binray'",
        "Kind of prediction",
    ),
    "a number as feature": Wrong(
        "data:\n  sklearn: iris\n  features:\n  - a\n  - 1\n",
        5,
        "`data.features.1`",
        "be text",
        "got 1",
        "Columns to learn from",
    ),
    "no features": Wrong(
        "data: {sklearn: iris, features: []}\n",
        1,
        "`data.features`",
        "hold at least one value",
        "got []",
        "Columns to learn from",
    ),
    "text for data": Wrong(
        "data: digits\n", 1, "`data`", "hold `key: value` lines", "got 'digits'", "The table"
    ),
    "nothing for data": Wrong("data:\n", 1, "`data`", "hold `key: value` lines", "got None", "The table"),
    "deep in a number": Wrong(
        DATA + "splits: {folds: {a: {b: [1, {c: 2}]}}}\n",
        2,
        "`splits.folds`",
        "be a whole number",
        "got {'a': {'b': [1, {'c': 2}]}}",
        "Number of",
    ),
    "deep in a text": Wrong(
        "data: {sklearn: {a: [1]}}\n", 1, "`data.sklearn`", "be text", "got {'a': [1]}", "digits, iris"
    ),
    "a space in the name": Wrong(
        DATA + "name: a b\n", 2, "`name`", "have another form", "got 'a b'", "Letters, digits"
    ),
    "a long name": Wrong(
        DATA + f"name: {'a' * 101}\n",
        2,
        "`name`",
        "have at most 100 characters",
        "got 'aaa",
        "Letters, digits",
    ),
    "a date as name": Wrong(DATA + "name: 2026-01-05\n", 2, "`name`", "be text", "2026", "Letters, digits"),
    "a builder without function": Wrong(
        DATA + "network: {builder: net.py}\n",
        2,
        "`network.builder`",
        "have another form",
        "got 'net.py'",
        "`file.py:function`",
    ),
    "an empty registry name": Wrong(
        DATA + "tracking: {register_as: ''}\n",
        2,
        "`tracking.register_as`",
        "have at least 1 character",
        "got ''",
        "registry",
    ),
}

WRONG = FORM | KEYS | VALUES


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_file_is_explained(tmp_path: Path, wrong: Wrong) -> None:
    check_message(tmp_path, wrong)


def test_a_misspelled_key_is_named_before_what_its_absence_leaves_missing(tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text("name: x\ndta: {sklearn: iris}\n", encoding="utf-8")
    with pytest.raises(StudyFileError, match=r"study.yaml:2: `dta` is not a key .* Did you mean `data`"):
        load_study(file)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(StudyFileError) as caught:
        load_study(tmp_path / "nothing.yaml")
    assert str(caught.value).startswith(f"{tmp_path / 'nothing.yaml'}: there is no such study file.")
    assert "`automl init`" in str(caught.value)


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(
        StudyFileError, match=r"cannot be read: Is a directory\. Give the path of a YAML file\.$"
    ):
        load_study(tmp_path)


def test_another_encoding(tmp_path: Path) -> None:
    file = tmp_path / "latin.yaml"
    file.write_bytes(DATA.encode() + "# two\nname: café\n".encode("latin-1"))
    with pytest.raises(StudyFileError) as caught:
        load_study(file)
    assert str(caught.value) == f"{file}:3: the byte 0xe9 is not UTF-8 text. Save the file as UTF-8."
