"""What of a text is a password or a token, and what is not. The word `SECRET` stands wherever one does."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.secrets import MASK, masked, masked_values

LONG = "SECRET0123456789abcdef"

VANISHES = [
    # the user's part of an address
    "postgresql://me:SECRET@host/d",
    "postgresql+psycopg://me:SECRET@host:5432/d?sslmode=require",
    "mysql+pymysql://me:SECRET/with+slash@host/d",
    "sqlite+pysqlcipher://:SECRET@/clinic.db?cipher=aes-256-cfb",
    "postgresql://me@corp.org:SECRET@host/d",
    "postgresql://me:SECRET@[::1]:5432/d",
    "x://me:SECRET@host/d",
    "http://me:SECRET@host:5000/a@b",
    "HTTPS://me:SECRET@host",
    "https://me:SECRET#part@host/t.csv",
    "http://me:SECRET/part@host:5000",
    "https://SECRET@host/t.csv",
    "https://SECRET:@host/t.csv",
    "git+https://SECRET@host/t.git",
    "https://SECRET:x-oauth-basic@host/t.csv",
    # parameters of an address
    "https://host/t.csv?token=SECRET",
    "https://host/t.csv?page=2&access_token=SECRET&size=9",
    "https://host/t.csv?api_key=SECRET",
    "https://host/t.csv?apikey=SECRET&page=2",
    "https://host/t.csv?x-api-key=SECRET",
    "https://host/t.csv?subscription-key=SECRET",
    "https://host/t.csv?sv=2022-11-02&se=2027-01-01&sr=b&sp=r&sig=SECRET%3D",
    "https://b.s3.host/t.csv?X-Amz-Date=20260101&X-Amz-Credential=SECRET%2F20260101&X-Amz-Expires=60",
    "https://b.s3.host/t.csv?X-Amz-Security-Token=SECRET&X-Amz-Signature=SECRET",
    "https://b.s3.host/t.csv?AWSAccessKeyId=SECRET&Expires=1&Signature=SECRET%3D",
    "https://host/t.csv?Expires=1&Key-Pair-Id=SECRET&Signature=SECRET",
    "https://host/t.csv?GoogleAccessId=SECRET&X-Goog-Signature=SECRET",
    f"https://host/t.csv?key={LONG}",
    f"https://host/t.csv?code={LONG}&page=2",
    "https://host/t.csv#access_token=SECRET",
    "https://host/t.csv?client_secret=SECRET&private_token=SECRET",
    "postgresql://host/d?user=me&password=SECRET&sslmode=require",
    "postgresql://host/d?user=me&password=SECRET'with;marks#in&it",
    "duckdb:///md:d?motherduck_token=SECRET",
    "snowflake://me:SECRET@account/d?private_key_passphrase=SECRET",
    # connection strings
    "host=h user=me password=SECRET dbname=d",
    "host=h password = 'SECRET with \\' blanks' dbname=d",
    "Driver={SQL Server};UID=me;PWD={SECRET;x};Encrypt=yes",
    "jdbc:sqlserver://host;user=me;password=SECRET;encrypt=true",
    "mssql+pyodbc:///?odbc_connect=DRIVER%3D%7BSQL%7D%3BUID%3Dme%3BPWD%3DSECRET%3BEncrypt%3Dyes",
    "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=SECRET/x==;EndpointSuffix=host",
    "SELECT * FROM dblink('host=h password=SECRET', 'SELECT 1') AS t (x int)",
    # in sentences, as drivers and servers write them
    "connection to postgresql://me:SECRET@host/d failed: 'https://me:SECRET@host' (see http://host/)",
    "Max retries exceeded with url: /t.csv?page=2&token=SECRET (Caused by timeout)",
    "403 for url: https://host/t.csv?sig=SECRET.",
    "connect(host='h', password='SECRET', port=1)",
    '{"user": "me", "password": "SECRET"}',
    "{'url': 'https://host/?token=SECRET', 'page': 2}",
    "Authorization: Bearer SECRET",
    "wrong user=me and password=SECRET, says the server",
]

STAYS = [
    "https://host/t.csv?page=2",
    "https://host/t.csv?page=2&sort=asc#part",
    "https://host/t.csv?next_page_token=abc&continuation-token=abc",
    "https://host/t.csv?code=DE&key=population",
    "https://host:80/a@b.csv",
    "http://[::1]:5000/a@b",
    "http://me.org:80/?to=you@home.org",
    "postgresql://me@host:5432/d",
    "postgresql://host/d?user=me&sslmode=require",
    "sqlite:///a:b@c.db",
    "sqlite:///C:\\Users\\me@home\\clinic.db",
    "# ask me@home.org, or you@home.org: both know",
    "C:\\Users\\me@home\\data\\t.csv",
    "/home/me@work/password/t.csv",
    "SELECT * FROM t WHERE password = 'x' AND token='y' AND id = 7",
    "-- who?\nSELECT name FROM t WHERE (password='x')",
    "the password is missing; `token` must be text",
    "a tokenizer=bpe, max_tokens=512",
    "if password == other:",
    "postgresql://me:${WORD}@${HOST}/d?password=${WORD}",
    "https://${TOKEN}@host/t.csv?token=${TOKEN}&sig=${A}${B}",
    "host=h password=${WORD} dbname=d",
    "host=h password='${WORD}'",
    "http://host:${PORT}/a@b",
    "x://me:***@h/d and https://h/?token=***",
    "",
]


@pytest.mark.parametrize("text", VANISHES)
def test_secrets_vanish_and_nothing_else_before_them(text: str) -> None:
    hidden = masked(text)
    assert "SECRET" not in hidden and MASK in hidden
    assert hidden.startswith(text[: text.index("SECRET")])
    assert masked(hidden) == hidden


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (
            "postgresql://me:SECRET@host:5432/d?sslmode=require",
            "postgresql://me:***@host:5432/d?sslmode=require",
        ),
        ("postgresql://me:SE@CRET@host/d", "postgresql://me:***@host/d"),
        ("postgresql://me:my SECRET@host/d", "postgresql://me:***@host/d"),
        ("https://SECRET@host:80/a@b.csv?page=2", "https://***@host:80/a@b.csv?page=2"),
        ("https://h/t.csv?token=SECRET&page=2", "https://h/t.csv?token=***&page=2"),
        ("x: https://h/?a=1&sig=SECRET%3D&page=2.", "x: https://h/?a=1&sig=***&page=2."),
        ("(https://h/?token=SECRET), then", "(https://h/?token=***), then"),
        ("host=h password='a SECRET' dbname=d", "host=h password='***' dbname=d"),
        ("UID=me;PWD=SECRET;Encrypt=yes", "UID=me;PWD=***;Encrypt=yes"),
        ("?odbc_connect=UID%3Dme%3BPWD%3DSECRET%3BX%3D1", "?odbc_connect=UID%3Dme%3BPWD%3D***%3BX%3D1"),
        ('{"password": "SECRET", "a": 1}', '{"password": "***", "a": 1}'),
        ("Authorization: Bearer SECRET, then", "Authorization: Bearer ***, then"),
        ("https://h/hf_SECRETabcdefghijklmnop/t.csv", "https://h/***/t.csv"),
    ],
)
def test_what_stands_beside_a_secret_remains(text: str, left: str) -> None:
    assert masked(text) == left


@pytest.mark.parametrize("text", STAYS)
def test_what_is_no_secret_remains(text: str) -> None:
    assert masked(text) == text


@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=60))
def test_a_password_as_sqlalchemy_reads_it_vanishes(password: str) -> None:
    address = f"postgresql://me:{quote(password, safe='')}@host/d"
    assert masked(address) == ("postgresql://me:***@host/d" if password else address)


@given(st.text(st.sampled_from("a:/@?&#=;'\" \\${}*pwd.token"), max_size=40))
def test_what_was_masked_is_not_masked_again(text: str) -> None:
    assert masked(masked(text)) == masked(text)


def test_what_a_driver_repeats_of_an_address_vanishes_in_each_spelling() -> None:
    address = "postgresql://me:s%40c%2Fret@host/d?sslpassword=p%20w%2Bd&page=7&sig=q"
    text = "me:s%40c%2Fret, s@c/ret, p w+d, p%20w%2Bd, p+w%2Bd; page 7, q, require"
    assert masked(text, address) == "me:***, ***, ***, ***, ***; page 7, ***, require"
    assert masked("no entry for me", "postgresql://me@host/d") == "no entry for me"
    assert masked("nothing", "postgresql://me:${WORD}@host/d?password=***") == "nothing"


def test_plain_values_are_masked_in_depth() -> None:
    value = {
        "data": {"sql": "x://me:SECRET@h/d", "n": 1},
        "list": ["https://SECRET@h/", None],
        "t": ("a", 1.5),
    }
    assert masked_values(value) == {
        "data": {"sql": "x://me:***@h/d", "n": 1},
        "list": ["https://***@h/", None],
        "t": ("a", 1.5),
    }
