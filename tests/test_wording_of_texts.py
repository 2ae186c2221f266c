"""Every text that a user can meet is plain technical English: none of it has a phrasing of the list below.

How the texts are found. Of the program, `ast` gives every string literal of every module of `automl/`: messages,
errors, log lines, options of commands and descriptions of the study file's keys. The pieces of an f-string are
joined, with `{}` for a value. Docstrings are not shown to users, with these exceptions, which are taken too: the
commands (their docstring is their help), the study file's sections (theirs is in its JSON Schema), and whatever the
package exports. A string that stands alone after an assignment is a comment and is left out. Of the rest, whole files
are taken: README, the pages of docs/, the page's templates, the studies, and of the notebooks the cells with text.
"""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PUBLIC_DOCSTRINGS = (
    "automl/cli/",
    "automl/config/",
    "automl/python/",
    "automl/__init__.py",
    "automl/errors.py",
    "automl/service/client.py",
    "automl/service/remote_study.py",
    "automl/study/result.py",
    "automl/tracking/tracker.py",
    "automl/search/sampler.py",
)
"""Modules whose public docstrings are read by users: as help, in the schema, or by `help()` of what is exported."""

BANNED = {
    "for every": r"\bwhatever\b",
    "reported": r"\bthat is said\b|\b(?:is|are) said (?:where|of|to)\b",
    "fix": r"\bmend(?:s|ed|ing)?\b",
    "not significantly different": r"cannot be told (?:from|apart)|told apart|tells? \w+ apart",
    "per fold": r"\b(?:rows|networks|cells|seeds|inputs?|outputs|objects?|bytes|seconds|words|resamples|width|fit"
    r"|value|one|once|threads?|scores?|tensor|trainings) an? (?:rows?|step|fold|trial|cell|level|seed|line|layer|epoch"
    r"|core|column|choice|value|study|weight|replica|feature|class)\b",
    "default: …": r"when left out",
    "detected": r"found (?:out|by looking)|where looking",
    "analyzed": r"taken? apart",
    "is not a …": r"\b(?:that|which) (?:is|are) no (?!longer\b|more\b)"
    r"|\bis no (?:value|table|text|failure|number|date)\b",
    "ignored": r"\bpass(?:es|ed)? over\b",
    "a model has no wishes": r"\b(?:networks?|models?|layers?|columns?|trials?|targets?|builders?|search) (?:\w+ )?"
    r"(?:wants?|wishes|knows?|leans?|hopes?|prefers?|speaks?|pretends?)\b|\bleans? (?:most )?on\b",
    "(data.columns)": r"as told\b",
    "are inactive": r"answers? nothing",
    "generalize": r"\bcarry over\b",
    "recommended": r"\bhonest\b",
    "chance": r"\b(?:un)?luck(?:y|iest)?\b",
    "overconfident": r"sure of (?:itself|themselves)",
    "continue": r"\b(?:gone|going|goes|went|go) on\b",
    "the users": r"\b(?:whoever|nobody|anybody)\b",
    "occurs": r"\bstands? (?:a second time|twice|side by side|in itself|beside|alone)\b",
    "next to, together with": r"\bbesides?\b",
    "separate, your own": r"\bof (?:its|their|your|his|one's) own\b(?! (?:metric|builder)s?\b)|\bof itself\b",
    "again": r"\banew\b",
    "because": r", for (?:it|they|not all|there|he|we)\b",
    "reports": r"\b(?:MLflow|system|server|It) says\b",
    "has no effect": r"\bmeans? nothing\b|\bsays? nothing\b",
    "is not known": r"\bhardly known\b|how sure\b",
    "missing": r"\bfor want of\b|\black of\b",
    "significantly worse": r"as close as chance",
    "predicted as": r"\btaken for\b",
    "the best": r"\bmost promising\b",
    "selection bias": r"what choosing gains",
    "frees its place": r"makes room for",
}
"""What to write, and the regular expression of what not to write."""


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """The string literals of a module with their lines, but for comments and for docstrings that no user reads."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    public = str(path.relative_to(ROOT)).startswith(PUBLIC_DOCSTRINGS)
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in node.values}
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            shown = public and not isinstance(node, ast.Module) and not node.name.startswith("_")
            first = node.body[0] if node.body else None
            for statement in node.body:
                alone = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
                if alone and not (shown and statement is first):
                    skipped.add(id(statement.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values]
            yield node.lineno, "".join(parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.lineno, node.value


def texts() -> Iterator[tuple[str, str]]:
    """All texts, each with the place where it is: see the head of this file."""
    for path in sorted((ROOT / "automl").rglob("*.py")):
        for line, text in literals(path):
            yield f"{path.relative_to(ROOT)}:{line}", text
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "studies").glob("*.yaml")]
    pages += (ROOT / "automl" / "report" / "templates").glob("*")
    for path in sorted(pages):
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
            if cell["cell_type"] == "markdown":
                yield f"{path.relative_to(ROOT)}, cell {number}", "".join(cell["source"])


@pytest.fixture(scope="module")
def found_texts() -> tuple[tuple[str, str], ...]:
    """All texts with their places, read once for all phrasings."""
    return tuple(texts())


@pytest.mark.parametrize(("plain", "banned"), BANNED.items(), ids=BANNED.keys())
def test_no_text_has_a_banned_phrasing(
    found_texts: tuple[tuple[str, str], ...], plain: str, banned: str
) -> None:
    offending = [
        f"{place}: …{text[max(0, match.start() - 40) : match.end() + 40]}…"
        for place, text in found_texts
        for match in re.finditer(banned, text.replace("\n", " "), re.IGNORECASE)
    ]
    assert not offending, f"write “{plain}”:\n" + "\n".join(offending)


def test_the_texts_of_every_kind_are_found(found_texts: tuple[tuple[str, str], ...]) -> None:
    places = [place for place, _ in found_texts]
    for part in (
        "automl/cli/",
        "automl/report/",
        "automl/config/",
        "README.md",
        "docs/",
        "studies/",
        "notebooks/",
    ):
        assert any(place.startswith(part) for place in places), part
    shown = [text for _, text in found_texts]
    assert any("Cross-validated objective that ends the search" in text for text in shown)  # a description
    assert any("is not significantly different on these rows from" in text for text in shown)  # an f-string
    assert any(
        text.startswith("Write the JSON Schema of a study file") for text in shown
    )  # help of a command
    assert any("not significantly different" in text and "95 %" in text for text in shown)  # the glossary
