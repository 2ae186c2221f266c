"""Whether a query only reads: one SELECT, told from what databases take for code, and not from what stands in quotes.

Where strings and comments end differs among databases, so each is read by its own rules; a query for a database that
is not listed must pass by the rules of every one. This is the first barrier; the connection, which can only read, is
the second.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from automl.errors import DataError


@dataclass(frozen=True, slots=True)
class _Rules:
    """How a database reads a query.

    Attributes:
        backslashes: Whether `\\'` stands for a quotation mark within a string.
        postgres: Whether `E'…'` has backslashes, and `$tag$…$tag$` is a string.
        nested: Whether a comment holds comments.
        quotes: Marks that names stand in, beside `"`.
        hashes: Whether `#` begins a comment, `--` only does so before a blank, and `/*!…*/` is executed.
        bare: Whether statements follow each other without a semicolon.
    """

    backslashes: bool = False
    postgres: bool = False
    nested: bool = False
    quotes: str = ""
    hashes: bool = False
    bare: bool = False


_MYSQL = _Rules(backslashes=True, quotes="`", hashes=True)
_RULES: Mapping[str, _Rules] = {
    "sqlite": _Rules(quotes="`["),
    "postgresql": _Rules(postgres=True, nested=True),
    "duckdb": _Rules(postgres=True, nested=True),
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "mssql": _Rules(nested=True, quotes="[", bare=True),
    "oracle": _Rules(),
}

_READS = ("SELECT", "WITH", "VALUES")
_WRITES = ("INSERT", "UPDATE", "DELETE", "MERGE", "INTO")
"""Words that no SELECT has, wherever they stand: `WITH … DELETE`, `SELECT … INTO`, `SELECT … FOR UPDATE`."""

_STATEMENTS = re.compile(
    "ALTER|BACKUP|BEGIN|BULK|COMMIT|CREATE|DBCC|DECLARE|DENY|DROP|EXEC|EXECUTE|GRANT|KILL"
    "|RECONFIGURE|RESTORE|REVERT|REVOKE|ROLLBACK|SET|SHUTDOWN|TRUNCATE|UPDATETEXT|USE|WAITFOR|WRITETEXT"
)
"""Reserved words that begin a statement, where nothing need stand before it."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]|\r(?!\n)")
"""Characters of which some databases make the end of a line, and others nothing."""

_EXECUTED = re.compile("M?!")
_COMMENT = re.compile(r"/\*|\*/")


class _RefusedError(Exception):
    """What a query must do, what was given, and the cure."""


def check_query(query: str, dialect: str, where: str) -> None:
    """Refuse a query that is not one SELECT.

    Args:
        query: As it stands in the study file.
        dialect: SQLAlchemy's name of the database.
        where: `file:line` of the query.

    Raises:
        DataError: It writes, holds several statements, or does not end.
    """
    try:
        control = _CONTROL.search(query)
        if control:
            raise _RefusedError("be plain text", f"the character U+{ord(control[0]):04X}", "Remove it.")
        for rules in [_RULES[dialect]] if dialect in _RULES else dict.fromkeys(_RULES.values()):
            _check([part.upper() for part in _code(query, rules)], rules)
    except _RefusedError as refused:
        must, got, cure = refused.args
        raise DataError(f"{where}: `data.query` must {must}, got {got}. {cure}") from None


def _check(code: list[str], rules: _Rules) -> None:
    first = next((part for part in code if part != "("), "nothing")
    if first not in _READS:
        cure = "Write a SELECT, or name a table or a view under `data.table`: a study does not change a database."
        raise _RefusedError(f"begin with {', '.join(_READS[:-1])} or {_READS[-1]}", first, cure)
    while code[-1] == ";":
        code = code[:-1]
    if ";" in code:
        second = next((part for part in code[code.index(";") :] if part != ";"), ";")
        raise _RefusedError(
            "be one statement", f"a second one, {second}", "Remove what follows the semicolon."
        )
    cure = "Remove it, or put it in quotes if it is a name."
    for before, part, behind in zip(["", *code], code, [*code[1:], ""], strict=False):
        if before == "." or (part, behind) == ("INSERT", "("):  # a column of a table; a function of MySQL
            continue
        if part in _WRITES:
            raise _RefusedError("only read", f"{part}, which writes", cure)
        if rules.bare and _STATEMENTS.fullmatch(part):
            raise _RefusedError("be one statement", f"a second one, {part}", cure)


def _code(query: str, rules: _Rules) -> Iterator[str]:
    """The words and signs of a query that stand in no string, no quoted name and no comment."""
    position, form = 0, _form(rules)
    while position < len(query):
        match = form.match(query, position)
        assert match is not None  # for any character is a sign
        position = match.end()
        if match.lastgroup == "code":
            yield match[0]
        elif match.lastgroup == "comment":
            if rules.hashes and _EXECUTED.match(query, position):
                raise _RefusedError("only read", "a comment that the database executes, /*!", "Remove it.")
            position = _end_of_comment(query, position, rules.nested)
        elif match.lastgroup == "dollars" and (end := query.find(match[0], position)) >= 0:
            position = end + len(match[0])
        elif match.lastgroup in ("dollars", "open"):
            raise _RefusedError("be whole", f"{match[0]} without its end", "Close it.")


def _form(rules: _Rules) -> re.Pattern[str]:
    """What may come next in a query; a group names what is more than skipped."""
    escaped = r"(?:[^{0}\\]|\\.|{0}{0})*+"
    body = escaped if rules.backslashes else r"(?:[^{0}]|{0}{0})*+"
    skipped = [r"\s+", "'" + body.format("'") + "'", '"' + body.format('"') + '"']
    skipped += [r"--(?=\s|$)[^\n]*", r"#[^\n]*"] if rules.hashes else [r"--[^\n]*"]
    skipped += ["`[^`]*`"] if "`" in rules.quotes else []
    skipped += [r"\[(?:[^\]]|\]\])*+\]"] if "[" in rules.quotes else []
    if rules.postgres:  # a string goes on in the next line, by the rules of its first part
        string = "'" + escaped.format("'") + "'"
        skipped.insert(0, rf"[eE]{string}(?:(?:\s|--[^\n]*)*+{string})*+")
    dollars = r"(?P<dollars>\$(?:[^\W\d]\w*)?\$)|" if rules.postgres else ""
    opening = "".join(map(re.escape, f"'\"{rules.quotes}"))
    forms = rf"{'|'.join(skipped)}|(?P<comment>/\*)|{dollars}(?P<open>[{opening}])|(?P<code>\d+|\w[\w$]*|.)"
    return re.compile(forms, re.DOTALL)


def _end_of_comment(query: str, position: int, nested: bool) -> int:
    """Where a comment ends whose text begins at this place."""
    depth = 1
    for match in _COMMENT.finditer(query, position):
        if match[0] == "*/":
            depth -= 1
        elif nested:
            depth += 1
        if depth == 0:
            return match.end()
    raise _RefusedError("be whole", "/* without its end", "Close it.")
