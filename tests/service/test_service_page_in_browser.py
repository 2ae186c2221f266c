"""The page as a browser shows it: the queue, a study that goes on, one that failed, on a phone, with a token."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from served import Served

sys.path.insert(0, str(Path(__file__).parent.parent / "report"))

from page_browser import CHROMIUM, Browser, browser

from automl.records.submissions import SubmissionState

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium")]

TOKEN = "0123456789abcdef-secret"
TEXT = "document.querySelector('main').innerText"
STATE = "document.querySelector('#state').textContent"


class Address:
    """An address that a browser opens as it opens files."""

    def __init__(self, uri: str) -> None:
        self._uri = uri

    def as_uri(self) -> str:
        return self._uri


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Browser]:
    with browser(tmp_path / "profile") as opened:
        yield opened


def opened(tab: Browser, server: Served, hash_: str = "", **options: object) -> None:
    tab.open(Address(f"{server.url}/{hash_}"), **options)  # type: ignore[arg-type]


def test_an_empty_queue_says_how_to_send_a_study(server: Served, tab: Browser) -> None:
    opened(tab, server)
    tab.wait(f"{TEXT}.includes('No study has been sent')")
    assert f"curl --data-binary @study.yaml {server.url}/studies" in tab.run(TEXT)
    assert tab.errors == []


def test_the_page_follows_a_study_to_its_end(server: Served, tab: Browser) -> None:
    begun = server.begun(trials=2)
    opened(tab, server)
    tab.wait("document.querySelectorAll('.studies tbody tr').length === 1")
    tab.run("document.querySelector('.studies a').click()")
    tab.wait(f"{STATE} === 'running'")
    tab.wait("document.querySelectorAll('[data-chart] svg').length >= 2")
    assert "2 of 3 trials" in tab.run(TEXT)
    begun.end_trial(2)
    tab.wait(f"{TEXT}.includes('3 of 3 trials')")
    tab.wait("document.querySelectorAll('tr[data-trial]').length === 3")
    begun.finish()
    tab.wait(f"{STATE} === 'succeeded'")
    tab.wait("document.querySelector('#said').textContent.includes('wine is succeeded')")
    assert tab.run("document.querySelector('#parts tr[data-trial]').dataset.trial") == "2"
    assert tab.errors == []
    assert {address.split("/")[2] for address in tab.requested if address.startswith("http")} == {
        f"127.0.0.1:{server.port}"
    }


def test_a_study_is_cancelled_by_keyboard(server: Served, tab: Browser) -> None:
    server.post("/studies?name=wine", b"data: {sklearn: wine}")
    opened(tab, server, "#wine")
    tab.wait(f"{STATE} === 'checking'")
    tab.run("window.confirm = () => true; document.querySelector('#actions button').focus()")
    for kind in ("rawKeyDown", "char", "keyUp"):
        tab.send(
            "Input.dispatchKeyEvent",
            type=kind,
            key="Enter",
            text="\r",
            code="Enter",
            windowsVirtualKeyCode=13,
        )
    tab.wait(f"{STATE} === 'cancelled'")
    assert server.get("/studies/wine").content["state"] == "cancelled"
    assert "Continue" in tab.run("document.querySelector('#actions').textContent")


def test_a_failed_study_says_why_and_html_in_it_is_text(server: Served, tab: Browser) -> None:
    evil = "study.yaml:2: `x` <img src=x onerror=document.title='hacked'>"
    server.begun().finish(SubmissionState.FAILED, evil)
    opened(tab, server, "#wine")
    tab.wait(f"{STATE} === 'failed'")
    assert "<img src=x" in tab.run("document.querySelector('#reason').textContent")
    assert tab.run("document.querySelectorAll('#reason img').length") == 0
    assert tab.run("document.title") == "wine: study"


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("hash_", ["", "#wine"])
def test_nothing_is_wider_than_a_phone(server: Served, tab: Browser, hash_: str, dark: bool) -> None:
    server.begun(trials=3)
    opened(tab, server, hash_, width=360, height=700, dark=dark)
    tab.wait(f"{TEXT}.includes('3 of 3')")
    if hash_:
        tab.wait("document.querySelectorAll('[data-chart] svg').length >= 2")
    assert tab.run("document.documentElement.scrollWidth") <= 360
    paper = tab.run("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(20, 24, 29)") is dark


def test_the_page_asks_for_the_token_and_keeps_it_from_scripts(
    serve: Callable[..., Served], tab: Browser
) -> None:
    server = serve(token=TOKEN)
    opened(tab, server)
    tab.wait("!document.querySelector('#login').hidden")
    login = "document.querySelector('#token').value = {!r}; document.querySelector('#login button').click()"
    tab.run(login.format("wrong-token-0123456789"))
    tab.wait("!document.querySelector('#login-wrong').hidden")
    tab.run(login.format(TOKEN))
    tab.wait(f"{TEXT}.includes('No study has been sent')")
    assert tab.run("document.cookie") == ""
    assert tab.run("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0


def test_an_event_source_misses_nothing_when_its_connection_is_lost(
    serve: Callable[..., Served], tab: Browser
) -> None:
    from automl.service.settings import Limits

    server = serve(limits=Limits(stream_seconds=0.2))
    begun = server.begun(trials=1)
    opened(tab, server)
    tab.run(
        "window.seen = []; window.opens = 0; const s = new EventSource('/studies/wine/events');"
        "s.onopen = () => { window.opens += 1; };"
        "for (const kind of ['study_started', 'cohort_asked', 'trial_ended', 'finished'])"
        " s.addEventListener(kind, (event) => window.seen.push(Number(event.lastEventId)));"
        "s.addEventListener('end', () => { s.close(); window.over = true; }); 0"
    )
    for number in (1, 2):
        tab.wait(f"window.opens >= {number + 1}")
        begun.end_trial(number)
    begun.finish()
    tab.wait("window.over === true")
    assert tab.run("window.seen") == list(range(1, begun.study.state.seq + 1))
