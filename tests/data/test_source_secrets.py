"""Passwords and tokens of a source are in no message and no traceback, whoever repeats them."""

import threading
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from small_tables import where
from sqlalchemy.exc import OperationalError

from automl.config.sections import DataConfig
from automl.config.study import StudyConfig
from automl.data.reading import read_dataset
from automl.data.sources.addresses import full_address
from automl.errors import DataError


def refusal(**data: Any) -> str:
    """The message of a source that cannot be read; its traceback holds no more."""
    with pytest.raises(DataError) as caught:
        read_dataset(StudyConfig(name="t", data=DataConfig(target="y", **data)), Path("/nowhere"), where)
    assert "qvzxj" not in "".join(traceback.format_exception(caught.value)).replace("\\", "")
    return str(caught.value)


class Repeats(BaseHTTPRequestHandler):
    """Refuses everything, and repeats an address with parameters."""

    def do_GET(self) -> None:
        known = f" for {self.path} with p w and qvzxj" if "?" in self.path else ""
        self.send_response_only(403, f"no entry{known}")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Be silent."""


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Repeats)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_server_that_repeats_a_token(host: str) -> None:
    assert refusal(url=f"http://{host}/t.csv?page=2&sig=qvzxj&token=p%20w") == (
        f"study.yaml:data.url: http://{host}/t.csv cannot be read: the server answers 403 no entry for "
        "/t.csv?page=2&sig=***&token=*** with *** and ***. "
        "Check the address and the network, or fetch the file yourself and name it under `path`."
    )


def test_the_value_of_a_variable_is_not_shown_wherever_it_stands(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("T_PART", "qvzxj")
    message = refusal(url=f"http://{host}/a/${{T_PART}}/t.csv")
    assert message.startswith(f"study.yaml:data.url: http://{host}/a/${{T_PART}}/t.csv cannot be read: ")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://me:qv/zxj@host/t.csv", "http://me:***@host/t.csv"),
        ("https://qvzxj@host:x/t.csv", "https://host:x/t.csv"),
        ("https://me:qvzxj@host:x/t.csv#access_token=qvzxj", "https://host:x/t.csv"),
    ],
)
def test_an_address_that_is_none(url: str, shown: str) -> None:
    message = refusal(url=url)
    assert message == f"study.yaml:data.url: {shown} cannot be read: it is not a whole URL. Check it."
    assert "zxj" not in message


def test_a_driver_that_repeats_passwords_and_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent:
        """An engine of a database that does not let us in."""

        def connect(self) -> None:
            raise OperationalError(
                None,
                None,
                Exception("host=h password='qvzxj' sslpassword=p%20w\nor p w, at x://me:qvzxj@h\n"),
            )

        def dispose(self) -> None:
            pass

    monkeypatch.setattr(sqlalchemy, "create_engine", lambda _: Silent())
    message = refusal(sql="postgresql://host/d?user=me&password=qvzxj&sslpassword=p%20w", table="t")
    assert message == (
        "study.yaml:data.sql: postgresql://host/d does not respond: host=h password='***' sslpassword=***. "
        "Check the URL, and that the server runs."
    )


@pytest.mark.parametrize("error", [RuntimeError("cryptography is needed for qvzxj"), OSError(13, "no qvzxj")])
def test_an_error_that_is_not_sqlalchemys_is_explained_too(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        """An engine whose driver raises what it likes."""

        def connect(self) -> None:
            raise error

        def dispose(self) -> None:
            pass

    monkeypatch.setattr(sqlalchemy, "create_engine", lambda _: Broken())
    assert "host/d does not respond: " in refusal(sql="mysql://me:qvzxj@host/d", table="t")


def test_a_masked_copy_asks_for_the_token() -> None:
    with pytest.raises(DataError) as caught:
        full_address("https://***@host/t.csv", "data.url", "s.yaml:2")
    assert str(caught.value) == (
        "s.yaml:2: the password or token in `data.url` is `***`, because copies of a study file contain no passwords. "
        "Write `${NAME}` in its place, and set the environment variable NAME."
    )
