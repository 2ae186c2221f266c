"""A query is one SELECT, as its database reads it: strings, quoted names and comments hide nothing."""

import pytest

from automl.data.sources.queries import check_query
from automl.errors import DataError

EVERYWHERE = ("sqlite", "postgresql", "mysql", "mariadb", "mssql", "oracle", "duckdb", "another")


def got(query: str, dialect: str) -> str:
    """What was given instead of one SELECT; empty for a query that is one."""
    try:
        check_query(query, dialect, "s.yaml:4")
    except DataError as error:
        text = str(error)
        assert text.startswith("s.yaml:4: `data.query` must ") and text.endswith(".") and "\n" not in text
        return text.partition(", got ")[2].rpartition(". ")[0]
    return ""


READ = [
    "SELECT 1",
    "select a from t;",
    "  (SELECT a FROM t) UNION (SELECT b FROM u) ;; \n",
    "WITH x AS (SELECT 1 AS a) SELECT a FROM x",
    "VALUES (1, 2)",
    "-- all\nSELECT a /* two; three */ FROM t -- DROP TABLE t;\n;\n/* end */",
    "SELECT '; DROP TABLE t', 'it''s; INTO' FROM t",
    'SELECT "a;b", "update", "a ""into"" b" FROM t',
    "SELECT t.update, t . delete FROM t",
    "SELECT last_update, deleted, into_it FROM t WHERE inserted > 3",
    "SELECT REPLACE(a, 'x', 'y'), INSERT('Quad', 1, 2, 'x') FROM t",
    "SELECT a\r\nFROM t\t",
    "SELECT 'größe; ×' FROM größe",
]

WRITTEN = {
    "DROP TABLE t": "DROP",
    "ATTACH 'other.db' AS o": "ATTACH",
    "COPY t TO 'file'": "COPY",
    "PRAGMA user_version = 3": "PRAGMA",
    "EXPLAIN ANALYZE DELETE FROM t": "EXPLAIN",
    "(DELETE FROM t)": "DELETE",
    "/* SELECT */ TRUNCATE t": "TRUNCATE",
    "": "nothing",
    "-- SELECT 1": "nothing",
    "'SELECT'": "nothing",
    "; SELECT 1": ";",
    "SELECT 1; DROP TABLE t": "a second one, DROP",
    "SELECT ';' ;; /* ; */ VACUUM": "a second one, VACUUM",
    "SELECT 1; SELECT 2": "a second one, SELECT",
    "SELECT * INTO u FROM t": "INTO, which writes",
    "SELECT 'x' INTO OUTFILE '/tmp/x'": "INTO, which writes",
    "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x": "DELETE, which writes",
    "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x": "INSERT, which writes",
    "WITH x AS (SELECT 1) REPLACE INTO t SELECT * FROM x": "INTO, which writes",
    "WITH x AS (SELECT 1) MERGE t USING x ON 1 = 1": "MERGE, which writes",
    "with x as (update only t set a = 1 returning a) table x": "UPDATE, which writes",
    "SELECT a FROM t FOR UPDATE": "UPDATE, which writes",
    "SELECT a FROM t\r; DROP TABLE t": "the character U+000D",
    "SELECT a\0": "the character U+0000",
    "SELECT 'a": "' without its end",
    'SELECT "a': '" without its end',
    "SELECT 1 /* a": "/* without its end",
}


@pytest.mark.parametrize("dialect", EVERYWHERE)
@pytest.mark.parametrize("query", READ)
def test_one_select_passes(query: str, dialect: str) -> None:
    assert got(query, dialect) == ""


@pytest.mark.parametrize("dialect", EVERYWHERE)
@pytest.mark.parametrize(("query", "named"), WRITTEN.items())
def test_anything_else_is_named_by_its_first_word(query: str, named: str, dialect: str) -> None:
    assert got(query, dialect) == named


DIFFERENT = {
    "a backslash ends no string in SQL": ("SELECT '\\'; DROP TABLE t; --'", {"mysql", "mariadb"}),
    "but it does in MySQL": ("SELECT 'it\\'s; x'", {"mysql", "mariadb"}),
    "two hyphens and no blank": ("SELECT 5--1; DROP TABLE t", EVERYWHERE[:2] + EVERYWHERE[4:7]),
    "a hash": ("SELECT 1 # it's; INTO\n", {"mysql", "mariadb"}),
    "a hash that hides": (
        "SELECT 1 # '\n; DROP TABLE t -- '",
        set(EVERYWHERE) - {"mysql", "mariadb", "another"},
    ),
    "a comment in a comment": (
        "SELECT 1 /* /* */ ; DROP TABLE t */",
        {"postgresql", "mssql", "duckdb"},
    ),
    "the end of an inner comment": ("SELECT 1 /* /* */", {"sqlite", "mysql", "mariadb", "oracle"}),
    "a comment that MySQL executes": (
        "SELECT 1 /*!50000 INTO OUTFILE 'x' */",
        {"sqlite", "postgresql", "mssql", "oracle", "duckdb"},
    ),
    "and MariaDB": (
        "SELECT 1 /*M! INTO OUTFILE 'x' */",
        {"sqlite", "postgresql", "mssql", "oracle", "duckdb"},
    ),
    "dollars": ("SELECT $$; DROP TABLE t$$, $a$ $$ ; $b$ $a$", {"postgresql", "duckdb"}),
    "an escaped string": ("SELECT E'\\'; DROP TABLE t; --'", {"postgresql", "duckdb", "mysql", "mariadb"}),
    "one that goes on in the next line": (
        "SELECT E'a' -- b\n '\\'; DROP TABLE t; --'",
        {"postgresql", "duckdb", "mysql", "mariadb"},
    ),
    "which feigns an end": (
        "SELECT E'a'\n'\\' , ' ; DROP TABLE t; -- '",
        {"sqlite", "mssql", "oracle"},
    ),
    "brackets": ("SELECT [a;b] FROM t", {"sqlite", "mssql"}),
    "a bracket in brackets": (
        "SELECT [a]]'] ; DROP TABLE t --']",
        {"postgresql", "mysql", "mariadb", "oracle", "duckdb"},
    ),
    "backticks": ("SELECT `a;b` FROM t", {"sqlite", "mysql", "mariadb"}),
    "no semicolon": ("SELECT 1 DROP TABLE t", set(EVERYWHERE) - {"mssql", "another"}),
    "nor here": ("SELECT a FROM t COMMIT", set(EVERYWHERE) - {"mssql", "another"}),
}


@pytest.mark.parametrize(("query", "passes"), DIFFERENT.values(), ids=DIFFERENT)
def test_each_database_is_read_by_its_own_rules(query: str, passes: set[str]) -> None:
    assert {dialect for dialect in EVERYWHERE if got(query, dialect) == ""} == set(passes)


def test_a_database_of_no_list_must_be_safe_by_the_rules_of_all() -> None:
    for query, passes in DIFFERENT.values():
        if got(query, "another") == "":
            assert set(passes) == set(EVERYWHERE)
