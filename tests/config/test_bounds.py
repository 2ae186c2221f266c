"""What a few lines of YAML stand for is bounded: aliases, nesting, size and numbers end in a message."""

from pathlib import Path

import pytest

from automl.config.reading import DEEPEST, LARGEST_FILE, load_study
from automl.errors import StudyFileError

DATA = "data: {sklearn: iris}\n"


def read(folder: Path, text: str) -> str:
    """What is said about a study file."""
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyFileError) as caught:
        load_study(folder / "study.yaml")
    return str(caught.value).removeprefix(f"{folder}/")


def repeated(first: str, line: str) -> str:
    """`first`, and eight lines that each repeat the one before ten times."""
    lines = [DATA, f"a0: &a0 {first}\n"]
    for number in range(1, 9):
        aliases = ", ".join([f"*a{number - 1}"] * 10)
        lines.append(f"a{number}: &a{number} {line.format(aliases)}\n")
    return "".join(lines)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (repeated("[x, x, x, x, x, x, x, x, x, x]", "[{}]"), 6),  # 10 ** 9 values
        (repeated("{x: 1}", "{{<<: [{}]}}"), 7),  # merged, and never as many keys
        (repeated("[x]", "{{k: [{}]}}"), 7),
    ],
    ids=["lists", "merges", "mappings"],
)
def test_aliases_that_multiply_are_refused_where_they_become_too_many(
    tmp_path: Path, text: str, line: int
) -> None:
    message = read(tmp_path, text)
    assert message.startswith(f"study.yaml:{line}: a study file must hold at most 50,000 values, got ")
    assert message.endswith(" up to here. Shorten its lists, and repeat less with aliases.")


def test_values_are_counted_where_they_stand_and_wherever_an_alias_repeats_them(tmp_path: Path) -> None:
    names = ", ".join(f"x{number}" for number in range(1000))
    fits = f"data: {{path: t.csv, target: y, features: &f [{names}]}}\nspace:\n"
    spaces = "".join(f"  s{number}: {{choice: *f}}\n" for number in range(48))
    (tmp_path / "fits.yaml").write_text(fits + spaces)
    assert len(load_study(tmp_path / "fits.yaml").data.features or ()) == 1000  # 49 times, and the keys
    message = read(tmp_path, fits + spaces + "  more: {choice: *f}\n")
    assert (
        "got 50,207 up to here" in message
    )  # the file 4, `data` 6, a space 3 times 49, the list 1001 times 50


def test_the_values_of_a_file_without_aliases_are_counted_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("automl.config.reading.MOST_VALUES", 1000)
    message = read(tmp_path, DATA + f"x: [{'1,' * 1010}]\n")
    assert message.startswith("study.yaml:2: a study file must hold at most 1,000 values, got 1,001 up to")


@pytest.mark.parametrize(
    "text",
    [
        DATA + "x: " + "[" * 400_000,
        DATA + "x:\n  " + "- " * 400_000,
        DATA + "? " * 300_000,
        DATA + f"x: {'[' * DEEPEST}{']' * DEEPEST}\n",
        DATA + "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 100)),
    ],
    ids=["brackets", "dashes", "keys", "one level too deep", "aliases of aliases"],
)
def test_what_is_nested_too_deeply_is_refused(tmp_path: Path, text: str) -> None:
    message = read(tmp_path, text)
    assert message.endswith(": this is nested too deeply, over 50 levels. Flatten it.")
    assert int(message.split(":")[1]) > 1


def test_an_alias_in_itself_is_refused(tmp_path: Path) -> None:
    message = read(tmp_path, "# so\ndata: &a {sklearn: *a}\n")
    assert message == "study.yaml:2: an alias refers to itself. Write its content instead."


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "study.yaml").open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(StudyFileError) as caught:
        load_study(tmp_path / "study.yaml")
    assert str(caught.value) == (
        f"{tmp_path}/study.yaml: a study file must have at most 1 MB, got 50.0 MB. "
        "Keep the table in a separate file, and give its path under `data.path`."
    )


def test_a_file_of_the_largest_size_is_read(tmp_path: Path) -> None:
    text = (DATA + "#" * LARGEST_FILE)[:LARGEST_FILE]
    (tmp_path / "study.yaml").write_text(text)
    assert load_study(tmp_path / "study.yaml").data.sklearn == "iris"
    assert "at most 1 MB" in read(tmp_path, text + "#")


@pytest.mark.parametrize(
    "number", ["1" * 900_000, "1" + ":1" * 400_000, "0x" + "f" * 900_000, "1." + "1" * 900]
)
def test_a_number_without_end_is_refused(tmp_path: Path, number: str) -> None:
    message = read(tmp_path, f"{DATA}splits: {{folds: {number}}}\n")
    assert message == (
        f"study.yaml:2: a number must have at most 100 characters, got {len(number)}. Put it in quotes if it is text."
    )


def test_a_long_value_is_repeated_in_part(tmp_path: Path) -> None:
    message = read(tmp_path, DATA + f"splits: {{folds: [{'1, ' * 20_000}]}}\n")
    assert message.startswith("study.yaml:2: `splits.folds` must be a whole number, got [1, 1, 1,")
    assert message.endswith(" …. Number of cross-validation folds.")
    assert len(message) < 400


@pytest.mark.parametrize("text", ['name: "a\\ud800"', '"\\udfff": 1', 'data: {features: ["\\ud83d\\ude00"]}'])
def test_half_of_a_character_is_refused_where_it_is(tmp_path: Path, text: str) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(f"data: {{sklearn: wine}}\n{text}\n" if not text.startswith("data") else f"\n{text}\n")
    with pytest.raises(StudyFileError, match=r"study\.yaml:2: U\+D[8-F][0-9A-F]{2} is half of a character"):
        load_study(file)
