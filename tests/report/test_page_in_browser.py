"""The page as a browser shows it: drawn, sorted, filtered, and without a network."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from page_browser import CHROMIUM, Browser, browser
from test_page import NASTY, trials, whole

from automl.report.page import report_page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium"),
]
ROWS = "[...document.querySelectorAll('tr[data-trial]')].filter(row => !row.hidden)"
DRAWN = "document.querySelectorAll('[data-chart] svg').length"


def figure_of(title: str) -> str:
    return (
        f"[...document.querySelectorAll('figure')].find(f => f.querySelector('h3').textContent === {title!r})"
    )


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    file = folder / "report.html"
    file.write_text(report_page(whole(folder, 40)), encoding="utf-8")
    return file


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Browser]:
    with browser(tmp_path) as opened:
        yield opened


def test_every_chart_is_drawn_and_nothing_is_asked_of_a_network(page: Path, tab: Browser) -> None:
    tab.open(page)
    tab.draw_all()
    assert tab.run(DRAWN) == tab.run("document.querySelectorAll('[data-chart]').length") > 15
    assert tab.errors == []
    assert {address.partition(":")[0] for address in tab.requested} <= {"file", "data", "blob"}
    assert not tab.run("document.body.innerText.includes('cannot be drawn')")


@pytest.mark.parametrize("dark", [False, True])
def test_marks_and_text_stand_out_from_the_paper(page: Path, tab: Browser, dark: bool) -> None:
    tab.open(page, dark=dark)
    tab.draw_all()
    paper, ink, mark = (
        tab.run(f"getComputedStyle(document.querySelector({name!r})).{style}")
        for name, style in (
            ("body", "backgroundColor"),
            ("[data-chart] .role-axis-title text", "fill"),
            ("[data-chart] .role-mark path", "fill"),
        )
    )
    light = sum(map(int, paper[4:-1].split(","))) > 380
    assert light is not dark
    assert (sum(map(int, ink[4:-1].split(","))) > 380) is dark
    assert mark not in (paper, "rgb(0, 0, 0)")


def test_a_phone_shows_the_page_without_moving_sideways(page: Path, tab: Browser) -> None:
    tab.open(page, width=390, height=800)
    tab.draw_all()
    assert tab.run("document.documentElement.scrollWidth") == 390
    wide = tab.run(
        "[...document.querySelectorAll('[data-chart]')].filter(p => p.scrollWidth > p.clientWidth + 2).length"
    )
    assert wide == 1, "only the search space, whose axes would be too close to each other"


def test_the_leaderboard_is_sorted_by_number_and_filtered_by_word_and_condition(
    page: Path, tab: Browser
) -> None:
    tab.open(page)
    assert tab.run(f"{ROWS}.length") == 20
    tab.run("[...document.querySelectorAll('.controls button')][0].click()")
    assert tab.run(f"{ROWS}.length") == 41
    tab.run("[...document.querySelectorAll('.sort')].find(b => b.textContent === 'learning_rate').click()")
    rates = [number for number in tab.run(f"{ROWS}.map(row => row.cells[4].dataset.order)") if number]
    assert list(map(float, rates)) == sorted(trial.hyperparameters["learning_rate"] for trial in trials(40))
    assert tab.run("document.querySelector('[aria-sort]').textContent") == "learning_rate"
    tab.run("[...document.querySelectorAll('.sort')].find(b => b.textContent === 'learning_rate').click()")
    assert [
        float(rate) for rate in tab.run(f"{ROWS}.map(row => row.cells[4].dataset.order)") if rate
    ] == sorted(map(float, rates), reverse=True)
    for words, is_shown in (
        ("tanh", lambda trial: trial.hyperparameters["activation"] == "tanh"),
        ("width>32 relu", lambda trial: trial.hyperparameters["width"] > 32 and trial.number % 3 == 0),
        ("width=8 trial<20", lambda trial: trial.hyperparameters["width"] == 8 and trial.number < 20),
    ):
        tab.run(
            f"(() => {{ const input = document.querySelector('.controls input'); input.value = {words!r};"
            "input.dispatchEvent(new Event('input')); })()"
        )
        shown = set(map(int, tab.run(f"{ROWS}.map(row => row.dataset.trial)"))) - {40}
        assert shown == {trial.number for trial in trials(40) if is_shown(trial)}, words


def test_a_drag_along_an_axis_keeps_the_trials_that_pass_there(page: Path, tab: Browser) -> None:
    tab.open(page, height=1200)
    tab.draw_all()
    find = figure_of("Hyperparameters and score")
    tab.run(f"{find}.scrollIntoView({{behavior: 'instant', block: 'center'}})")
    box = tab.run(
        f"(() => {{ const b = {find}.querySelector('.background').getBoundingClientRect();"
        "return [b.left, b.top, b.width, b.height]; })()"
    )
    left, top, width, height = box
    lines = f"[...{find}.querySelectorAll('.mark-line path')]"
    faint = f"{lines}.filter(p => Number(p.getAttribute('opacity')) < 0.1).length"
    assert tab.run(faint) == 0
    last = left + width * 4.5 / 5.0
    tab.drag((last, top + height * 0.02), (last, top + height * 0.5))
    tab.wait(f"{faint} > 0")
    assert 0 < tab.run(faint) < 40
    marks = (
        f"[...{find}.querySelectorAll('.mark-rule line')].filter(l => Math.abs(l.getAttribute('y2')) > 50)"
    )
    assert tab.run(f"{marks}.some(l => l.getAttribute('stroke-width') === '14')"), (
        "the range is drawn on its axis"
    )


def test_pointing_at_a_mark_shows_its_text_as_text(page: Path, tab: Browser) -> None:
    tab.open(page, height=1200)
    tab.draw_all()
    find = figure_of("Score of each trial")
    tab.run(f"{find}.scrollIntoView({{behavior: 'instant', block: 'center'}})")
    x, y = tab.run(
        f"(() => {{ const b = [...{find}.querySelectorAll('.mark-symbol.role-mark path')][2].getBoundingClientRect();"
        "return [b.left + b.width / 2, b.top + b.height / 2]; })()"
    )
    for shift in (3, 0):
        tab.send("Input.dispatchMouseEvent", type="mouseMoved", x=x + shift, y=y)
    tab.wait("!document.querySelector('#tip').hidden")
    text = tab.run("document.querySelector('#tip').textContent")
    assert text.startswith("trial 2:") and NASTY in text
    assert tab.run("document.querySelectorAll('#tip *').length") == 0
    assert tab.run("document.querySelector('tr.lit').dataset.trial") == "2"


def test_the_numbers_of_a_chart_can_be_read_as_a_table(page: Path, tab: Browser) -> None:
    tab.open(page)
    tab.run("document.querySelector('details.numbers').open = true")
    tab.wait("document.querySelector('details.numbers table') !== null")
    assert "mean" in tab.run("document.querySelector('details.numbers').textContent")
