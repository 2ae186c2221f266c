"""What is found in a table, with known answers; and the study file that `automl init` makes of it."""

from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
import sklearn.datasets
from click.testing import CliRunner, Result
from small_tables import where

from automl.cli import cli
from automl.config.reading import load_study
from automl.config.sections import DataConfig
from automl.config.study import StudyConfig
from automl.config.template import TableFacts, study_template
from automl.data import findings
from automl.data.dataset import Dataset, make_dataset
from automl.data.targets import has_long_tail, skewness
from automl.evaluation.metrics import METRICS, metrics_for
from automl.hyperparameters import HYPERPARAMETERS

RANDOM = numpy.random.default_rng(4)


def dataset_of(table: pandas.DataFrame, **config: Any) -> Dataset:
    return make_dataset(table, "y", DataConfig(path="t.csv", target="y", **config), where)


def lines_of(columns: dict[str, Any]) -> list[str]:
    table = pandas.DataFrame(columns)
    return list(findings.describe_table(table, dataset_of(table)))


def test_size_and_kinds_of_columns() -> None:
    lines = lines_of(
        {
            **{f"n{i}": RANDOM.normal(size=80) for i in range(7)},
            "born": [f"2020-01-{1 + i % 28:02}" for i in range(80)],
            "city": ["Bern", "Basel"] * 40,
            "key": [f"k{i}" for i in range(80)],
            "same": [3] * 80,
            "y": [0, 1] * 40,
        }
    )
    assert lines[:6] == [
        "80 rows, 11 columns without the target",
        "numeric: 7 (n0, n1, n2, n3, n4, …)",
        "categorical: 1 (city)",
        "date: 1 (born)",
        "identifier: 1 (key)",
        "constant: 1 (same)",
    ]
    assert "note: 'same': every cell is 3; dropped" in lines
    assert "note: 'key': 80 different values in 80 rows; dropped as an identifier" in lines


def test_the_ten_columns_with_the_most_gaps() -> None:
    columns = {f"c{i}": [None] * i + [1.5] * (40 - i) for i in range(13)}
    line = findings.describe_gaps(pandas.DataFrame(columns))[0]
    assert line.startswith("gaps in 12 columns: c12 30.0 % (12), c11 27.5 % (11), ")
    assert line.endswith("c3 7.5 % (3), and 2 more")
    assert findings.describe_gaps(pandas.DataFrame({"a": [1, 2]})) == ("gaps: none",)


def test_rows_without_a_target_are_not_described() -> None:
    """Their gaps are not those of the table that is learned from."""
    gaps = {"a": [None] * 3 + [2.5] * 37 + [None] * 10, "b": [0.5 + i for i in range(50)]}
    lines = lines_of({**gaps, "y": [i % 3 / 2 for i in range(40)] + [None] * 10})
    assert lines[0] == "40 rows, 2 columns without the target"
    assert "gaps in 1 column: a 7.5 % (3)" in lines
    assert "note: 10 rows without a target are left out, the first is data row 41" in lines


@pytest.mark.parametrize("labels", ["yes,no", "1.5,2.5", "3,4"])
def test_init_describes_a_table_whose_last_rows_have_no_target(tmp_path: Path, labels: str) -> None:
    first, second = labels.split(",")
    rows = [f"{i}.5,{[first, second, ''][i % 2 if i < 30 else 2]}" for i in range(40)]
    (tmp_path / "t.csv").write_text("x,y\n" + "\n".join(rows) + "\n")
    to = tmp_path / "study.yaml"
    done = CliRunner().invoke(cli, ["init", str(tmp_path / "t.csv"), "--target", "y", "--to", str(to)])
    assert done.exit_code == 0, done.output
    assert "note: 10 rows without a target are left out, the first is data row 31" in to.read_text()


def test_the_balance_of_classes() -> None:
    table = pandas.DataFrame({"x": range(40), "y": ["no"] * 35 + ["yes"] * 5})
    assert findings.describe_target(dataset_of(table)) == (
        "target: 2 classes: 'no' 87.5 % (35), 'yes' 12.5 % (5)",
    )
    many = pandas.DataFrame({"x": numpy.arange(90) ** 2, "y": [i % 15 for i in range(90)]})
    shares, advice = findings.describe_target(dataset_of(many))
    assert shares.startswith("target: 15 classes: 0 6.7 % (6), ") and shares.endswith(", and 5 rarer ones")
    assert "`task: regression`" in advice


def test_the_range_and_skew_of_numbers() -> None:
    values = [0.0] * 9 + [10.5]
    table = pandas.DataFrame({"x": range(10), "y": values})
    line, advice = findings.describe_target(dataset_of(table, task="regression"))
    assert line == "target: numbers from 0 to 10.5, mean 1.05, median 0, skew 2.67"  # (1 - 2p) / √(p (1 - p))
    assert "not all values are above 0" in advice
    table["y"] += 1
    assert "`target_transform`" in findings.describe_target(dataset_of(table, task="regression"))[1]
    assert has_long_tail(dataset_of(table, task="regression").target)
    table["y"] = numpy.arange(10) + 0.5
    assert skewness(numpy.arange(10.0)) == pytest.approx(0.0)
    assert len(findings.describe_target(dataset_of(table))) == 1


def test_rare_classes_get_other_metrics() -> None:
    table = pandas.DataFrame({"x": numpy.arange(101) ** 2, "y": [0] * 91 + [1] * 10})
    (line,) = findings.suggest_objective(dataset_of(table))
    assert line.startswith("The rarest class, 1, has 9.9 % (10) of the rows")
    assert all(f"`{name}`" in line and name in METRICS for name in ("average_precision", "balanced_accuracy"))
    assert findings.suggest_objective(dataset_of(table[1:])) == ()  # 10 of 100
    assert findings.suggest_objective(dataset_of(table.assign(y=table["x"] / 7))) == ()


def test_columns_that_give_the_target_away() -> None:
    target = RANDOM.normal(size=400) + 50
    noise = {"noise": RANDOM.normal(size=400), "near": target + RANDOM.normal(size=400)}
    lines = lines_of({**noise, "log": numpy.log(target), "scaled": 3 - 2 * target, "y": target})
    (line,) = [line for line in lines if "copy of the target" in line]
    assert "'log'" in line and "'scaled'" in line and "'noise'" not in line and "'near'" not in line
    classes = RANDOM.integers(0, 3, 400)
    wrong = numpy.where(numpy.arange(400) < 1, 1 - classes, classes)
    codes = {"letter": numpy.array(list("cabd"))[wrong], "other": RANDOM.integers(0, 3, 400).astype(str)}
    lines = lines_of({**codes, "noise": noise["noise"], "y": classes})
    (line,) = [line for line in lines if "copy of the target" in line]
    assert "'letter'" in line and "'other'" not in line and "'noise'" not in line


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "diabetes"])
def test_bundled_tables_have_no_copies(name: str) -> None:
    table = getattr(sklearn.datasets, f"load_{name}")(as_frame=True).frame.rename(columns={"target": "y"})
    assert not [line for line in findings.find_oddities(dataset_of(table)) if "copy" in line]


def test_rows_that_stand_twice() -> None:
    columns = {"a": [*range(58), 0, 1], "b": ["x", "y"] * 30, "y": [*[0.5, 1.5] * 29, 0.5, 9.5]}
    lines = lines_of(columns)
    (line,) = [line for line in lines if "an earlier one" in line]
    assert line.startswith("note: 1 row equals an earlier one in all learned columns and the target (1.7 %)")
    assert not [
        line for line in lines_of({**columns, "c": RANDOM.normal(size=60)}) if "an earlier one" in line
    ]


def test_rows_that_an_identifier_tells_apart_are_not_called_repeated() -> None:
    columns = {"a": [row % 3 for row in range(60)], "y": [0.5, 1.5, 2.5] * 20}
    ids = [(row * 7) % 60 + 100 for row in range(60)]
    (line,) = [line for line in lines_of({"CustomerID": ids, **columns}) if "an earlier one" in line]
    assert "in all learned columns and the target" in line
    assert "'CustomerID' may distinguish them" in line


def test_odd_cells_are_told() -> None:
    lines = lines_of(
        {
            "speed": [1.5, numpy.inf] + [float(i % 9) for i in range(58)],
            "width": ["n/k"] + [str(i % 9) for i in range(59)],
            "remark": [f"this is a remark of number {i}" for i in range(60)],
            "mixed": ["red", 1] * 30,
            "y": [0, 1] * 30,
        }
    )
    notes = "\n".join(line for line in lines if line.startswith("note: "))
    for words in (
        "1 infinite values",
        "'n/k'",
        "'remark': free text",
        "'mixed': numbers",
    ):
        assert words in notes


def test_lines_hold_nothing_that_a_comment_cannot() -> None:
    name = "a\nb\x85\x00" + "c" * 100
    lines = lines_of({name: range(20), "e": [None, 1.5] * 10, "y": ["\x08", "\x07"] * 10})
    assert all(line.isprintable() for line in lines)
    assert lines[1].startswith("numeric: 2 (a?b??c") and len(lines[1]) < 80


def test_the_template_knows_all_hyperparameters_and_the_metrics_of_the_task() -> None:
    for task in {task for metric in METRICS.values() for task in metric.tasks}:
        text = study_template("a", "a.yaml", TableFacts({}, metrics_for(task), {}), 5, None)
        assert all(name in text for name in (*HYPERPARAMETERS, *metrics_for(task)))
        assert f"objective: {metrics_for(task)[0]}\n" in text and "minutes: null " in text
        assert max(map(len, text.splitlines())) <= 120


def init(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["init", *map(str, arguments)], prog_name="automl")


def check(study: Path) -> str:
    checked = CliRunner().invoke(cli, ["check", str(study), "--no-forecast"], prog_name="automl")
    assert checked.exit_code == 0, checked.output
    return checked.output


ODD = "größe; x: {y}"


@pytest.mark.parametrize(
    "name", ["t.csv", "a b.tsv", "t.jsonl.gz", "t.parquet", "t.feather", "#1: 'é'.csv.zst"]
)
def test_init_then_check_of_every_format(tmp_path: Path, name: str) -> None:
    table = pandas.DataFrame(
        {
            ODD: RANDOM.normal(size=60),
            "city": ["Bern", "Basel", None] * 20,
            "déjà": ["no"] * 55 + ["\u0085 yes"] * 5,
        }
    )
    data = tmp_path / "data" / name
    data.parent.mkdir()
    write(table, data)
    study = tmp_path / "study.yaml"
    result = init(data, "--target", "déjà", "--to", study)
    assert result.exit_code == 0, result.output
    config = load_study(study)
    assert (config.data.path, config.data.target) == (f"data/{name}", "déjà")
    assert config.objective == "log_loss"
    text = study.read_text(encoding="utf-8")
    for words in (
        "60 rows, 2 features, binary",
        "- gaps in 1 column: city 33.3 % (20)",
        "8.3 % (5)",
        "average_precision",
    ):
        assert words in text
    assert "60 rows" in check(study)


def write(table: pandas.DataFrame, path: Path) -> None:
    """The table in the format of the file's name."""
    if path.suffix == ".parquet":
        table.to_parquet(path)
    elif path.suffix == ".feather":
        table.to_feather(path)
    elif ".jsonl" in path.name:
        table.to_json(path, orient="records", lines=True)
    else:
        import pyarrow

        text = table.to_csv(index=False, sep="\t" if path.suffix == ".tsv" else ",").encode()
        path.write_bytes(
            pyarrow.Codec("zstd").compress(text, asbytes=True) if path.suffix == ".zst" else text
        )


def test_init_finds_the_separator_and_writes_the_encoding(tmp_path: Path) -> None:
    rows = "".join(f"{i};{i % 7},5;{'é' if i % 3 else 'a'}\n" for i in range(30))
    (tmp_path / "t.csv").write_bytes(("a;b;y\n" + rows).encode("latin-1"))
    for options in ((), ("--encoding", "latin-1"), ("--separator", ";")):
        result = init(tmp_path / "t.csv", "--target", "y", "--to", tmp_path / "s.yaml", "--force", *options)
        assert result.exit_code == 0, result.output
        config = load_study(tmp_path / "s.yaml")
        assert (config.data.separator, config.data.encoding) == (";", "latin-1")
        assert ("is not UTF-8 text" in (tmp_path / "s.yaml").read_text()) == ("--encoding" not in options)
    (tmp_path / "w.csv").write_bytes(("a;b;y\n" + rows.replace(",5;", " €;")).encode("cp1252"))
    result = init(tmp_path / "w.csv", "--target", "y", "--to", tmp_path / "w.yaml")
    assert load_study(tmp_path / "w.yaml").data.encoding == "cp1252"
    assert "'€' stripped" in (tmp_path / "w.yaml").read_text()
    broken = init(tmp_path / "t.csv", "--target", "y", "--to", tmp_path / "u.yaml", "--encoding", "utf-8")
    assert broken.exit_code == 0 and "byte 0xe9 in line 3" in broken.output
    assert "to fix: the table cannot be read:" in (tmp_path / "u.yaml").read_text()
    assert init("t.csv", "--encoding", "ltin").exit_code == 2


@pytest.mark.parametrize(
    ("x", "y", "numbers", "tail"),
    [
        (RANDOM.normal(size=90), RANDOM.normal(size=90) + 9, True, False),
        (RANDOM.normal(size=90), numpy.exp(RANDOM.normal(size=90)), True, True),
        (["a", "b", "c"] * 30, [0, 1] * 45, False, False),
    ],
)
def test_a_new_file_says_what_is_done_without_it(
    tmp_path: Path, x: Any, y: Any, numbers: bool, tail: bool
) -> None:
    from automl.search.space.building import default_entries

    pandas.DataFrame({"x": x, "y": y}).to_csv(tmp_path / "t.csv", index=False)
    assert init(tmp_path / "t.csv", "--target", "y", "--to", tmp_path / "s.yaml").exit_code == 0
    config = load_study(tmp_path / "s.yaml")
    assert config.space == dict(default_entries(90, numbers, tail))
    defaults = StudyConfig(name="s", data=config.data)
    for key in ("splits", "search", "training", "network", "tracking", "baselines"):
        assert getattr(config, key) == getattr(defaults, key)


def test_init_of_a_regression_with_a_long_tail(tmp_path: Path) -> None:
    table = pandas.DataFrame({"a": RANDOM.normal(size=60), "y": numpy.exp(2 * RANDOM.normal(size=60))})
    table.to_csv(tmp_path / "t.csv", index=False)
    assert init(tmp_path / "t.csv", "--target", "y", "--to", tmp_path / "s.yaml").exit_code == 0
    assert load_study(tmp_path / "s.yaml").objective == "rmse"
    assert "target_transform" in check(tmp_path / "s.yaml")
