"""The question of a study, as its file states it."""

import pytest

from automl.config.question import stated_question
from automl.config.template import TEMPLATE


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("# Does a deep network\n# beat a wide one?\nname: x\n", "Does a deep network beat a wide one?"),
        ("# Question: is wide better?\nname: x\n", "is wide better?"),
        ("# About\nname: x\n# Question   what does it cost?\n", "what does it cost?"),
        ("name: x\n# not a header\n", ""),
        ("", ""),
    ],
)
def test_the_question_is_the_comment_that_says_so_or_the_one_at_the_top(text: str, question: str) -> None:
    assert stated_question(text) == question


def test_what_init_writes_is_no_question() -> None:
    written = TEMPLATE.replace("{file}", "my study.yaml").replace("{name}", "wine")
    assert stated_question(written) == ""
    assert stated_question(f"# Which of them is cheap?\n{written}") == "Which of them is cheap?"
