"""What a study file says that the study asks, in its comment."""

from automl.config.template import TEMPLATE

_QUESTION = "Question"


def stated_question(text: str) -> str:
    """The question in the comments of a study file; empty where there is none.

    It is the comment that begins with `Question`, wherever it stands, or else the comment at the top of the file,
    without the lines that `automl init` writes there, which are about study files and not about this study.

    Args:
        text: The study file.
    """
    comments = [line.lstrip("# ").strip() for line in text.splitlines() if line.startswith("#")]
    for comment in comments:
        if comment.startswith(_QUESTION):
            return comment.removeprefix(_QUESTION).lstrip(": ")
    return " ".join(line for line in _top(text) if line and not line.startswith(_template_lines()))


def _top(text: str) -> list[str]:
    """The comment at the top of a file, line by line."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("#").strip())
    return lines


def _template_lines() -> tuple[str, ...]:
    """The lines that `automl init` writes at the top of a file, each up to what it fills in."""
    return tuple(line.partition("{")[0] for line in _top(TEMPLATE))
