"""Text and choices: inputs against scikit-learn's own, what is kept, and where a column is one of them."""

import numpy
import pandas
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from automl.data.features import tokens
from automl.data.features.text import Text, tokens_of
from automl.data.features.tokens import LEAST_ROWS_OF_A_TOKEN, make_block
from automl.data.schema import Column, inspect_columns

RANDOM = numpy.random.default_rng(0)
WORDS = [f"w{number}" for number in range(60)]
TEXTS = [" ".join(RANDOM.choice(WORDS, RANDOM.integers(3, 12))) for _ in range(200)]


def column(cells: list[str | None]) -> Column:
    return inspect_columns(pandas.DataFrame({"x": cells})).columns[0]


def test_text_has_the_weights_that_scikit_learn_gives_it() -> None:
    block = Text().read(pandas.Series(TEXTS), {})
    fitted = block.fit(block.num_inputs())
    vectorizer = TfidfVectorizer(
        analyzer=tokens_of, min_df=LEAST_ROWS_OF_A_TOKEN, sublinear_tf=True, vocabulary=fitted.tokens
    ).fit(TEXTS)
    weights = fitted.apply(block)
    numpy.testing.assert_allclose(weights / fitted.scale, vectorizer.transform(TEXTS).toarray(), rtol=1e-12)
    assert numpy.square(weights[weights > 0.0]).mean() == pytest.approx(1.0)


def test_only_tokens_that_come_back_have_an_input() -> None:
    block = make_block([["a", "b"]] * 5 + [["a", "c"]] * 4, weighted=False)
    fitted = block.fit(block.num_inputs())
    assert fitted.tokens == ("a", "b")
    assert fitted.apply(make_block([["b", "b"], ["c"], []], weighted=False)).tolist() == [
        [0, 1],
        [0, 0],
        [0, 0],
    ]


def test_no_more_than_the_most_frequent_tokens_have_an_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MOST_TOKENS", 3)
    block = make_block([["a", "b", "c", "d"]] * 5 + [["d"]], weighted=True)
    assert block.num_inputs() == 3
    assert block.fit(3).tokens == ("d", "a", "b")


def test_a_fold_that_knows_fewer_tokens_leaves_inputs_empty() -> None:
    block = make_block([["a"]] * 5 + [["b"]] * 5, weighted=False)
    assert block[numpy.arange(5)].fit(2).apply(block)[[0, 9]].tolist() == [[1, 0], [0, 0]]


def test_equal_rows_have_equal_hashes() -> None:
    hashes = make_block([["a", "b"], ["b", "a"], ["a"], ["a", "a"], []], weighted=True).hashes()
    assert hashes[0] == hashes[1] and len(set(hashes.tolist())) == 4


def test_a_rule_is_learned_from_words_among_words_that_are_new() -> None:
    """The rule: `refund` without `no` before it. Most other words of a row never come back."""

    def rows(count: int, prefix: str) -> tuple[list[str], numpy.ndarray]:
        labels = RANDOM.integers(0, 3, count)
        ends = [("all is well", "no refund", "a refund")[label] for label in labels]
        fill = [" ".join(f"{prefix}{RANDOM.integers(10**9)}" for _ in range(6)) for _ in range(count)]
        return [f"{words} {end}" for words, end in zip(fill, ends, strict=True)], labels == 2

    training, labels = rows(600, "x")
    assert column(training).kind == "text"
    block = Text().read(pandas.Series(training), {})
    fitted = block.fit(block.num_inputs())
    model = LogisticRegression().fit(fitted.apply(block), labels)
    later, truth = rows(400, "y")
    assert model.score(fitted.apply(Text().read(pandas.Series(later), {})), truth) > 0.98


PARTS = ["Go", "Python", "SQL", "Rust", "C#"]
CHOICES = [";".join(sorted(set(RANDOM.choice(PARTS, RANDOM.integers(1, 4))))) for _ in range(100)]


@pytest.mark.parametrize("sign", [";", "|", "\n", ",", ", ", "/"])
def test_several_choices_in_a_cell_are_found(sign: str) -> None:
    inspected = column([text.replace(";", sign) for text in CHOICES])
    assert (inspected.kind, inspected.reading) == ("choices", {"separator": sign.strip(" ")})
    assert f"separated by {sign.strip(' ')!r}: 5 different ones" in inspected.note


@pytest.mark.parametrize(("sign", "kind"), [(";", "choices"), ("|", "choices"), (",", "categorical")])
def test_codes_of_choices_are_found_unless_they_may_be_decimals(sign: str, kind: str) -> None:
    cells = [text.replace(";", sign) for text in CHOICES]
    for code, part in enumerate(PARTS, start=1):
        cells = [cell.replace(part, str(code)) for cell in cells]
    assert column(cells).kind == kind


NO_CHOICES = {
    "a sign that is part of the cells": [
        ["B+", "EC", "B-", "EC+B+", "A", "B+A", "EC+A"][row % 7] for row in range(140)
    ],
    "names": [f"Name{row}, {('John', 'Mary')[row % 2]}" for row in range(100)],
    "one choice a cell": PARTS * 20,
    "two whole cells": ["a;b", "c;d"] * 50,
    "places": [f"Town{row % 40}, Land{row % 40}" for row in range(100)],
    "dates": [f"{1 + row % 12}/{13 + row % 10}/2023" for row in range(100)],
    "sentences": TEXTS,
}


@pytest.mark.parametrize("cells", NO_CHOICES.values(), ids=NO_CHOICES)
def test_what_has_a_separator_and_is_no_choice(cells: list[str]) -> None:
    assert column(cells).kind != "choices"


def test_text_of_which_no_word_comes_back_is_an_identifier() -> None:
    assert column([f"a{row} b{row} c{row}" for row in range(60)]).kind == "identifier"


def test_choices_of_which_some_are_rare_are_pointed_out() -> None:
    """Languages of films: most come back, and some are spoken in one film."""
    common = ["en", "fr", "de", "it", "en,fr", "fr,de", "it,en", "de,en,fr", "it,fr", "de,it"]
    cells = [common[row % 10] for row in range(190)] + [f"en,x{chr(97 + row)}" for row in range(10)]
    inspected = column(cells)
    assert inspected.kind == "categorical"
    assert inspected.note.startswith(
        "looks like several choices per cell, separated by ',', some of them rare"
    )
    names = [f"Family{row}, {['John', 'Ann'][row % 2]}" for row in range(60)]
    assert "choices" not in column(names).note
