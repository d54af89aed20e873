"""Every explorer of the book: its sliders move the figure, its address keeps the setting, its failures are told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, Route

from browser.visits import SITE, Visit, settle, visiting

HOST = re.compile(
    r'<div class="fl-explorer" data-explorer="([\w-]+)">.*?<script type="application/json">(.*?)</script>',
    re.DOTALL,
)


def explorers() -> Iterator[tuple[str, str]]:
    """Page and explorer, for each explorer of the book."""
    for path in sorted(SITE.glob("*.html")):
        for found in HOST.finditer(path.read_text(encoding="utf8")):
            yield path.stem, found[1]


def with_file() -> list[tuple[str, str]]:
    """Page and explorer where the frames lie in a file beside the page."""
    return [
        (path.stem, found[1])
        for path in sorted(SITE.glob("*.html"))
        for found in HOST.finditer(path.read_text(encoding="utf8"))
        if "file" in json.loads(found[2])["lattice"]
    ]


def host_of(page: Page, name: str) -> Locator:
    return page.locator(f'.fl-explorer[data-explorer="{name}"]').first


def picture(host: Locator) -> str:
    """What is seen of the figure."""
    html: str = host.locator(".ex-figure").evaluate("(node) => node.innerHTML")
    return html


def await_change(page: Page, host: Locator, before: str) -> None:
    page.wait_for_function(
        "([host, before]) => host.querySelector('.ex-figure').innerHTML !== before",
        arg=[host.element_handle(), before],
        timeout=10_000,
    )


@pytest.mark.parametrize(("name", "explorer"), list(explorers()))
def test_sliders(name: str, explorer: str, visit: Visit) -> None:
    """Each slider changes the figure by keyboard and by pointer; reset restores it; the address keeps it."""
    page = without_mathematics(visit, name)
    host = host_of(page, explorer)
    host.scroll_into_view_if_needed()
    start = settings(host)
    sliders = host.locator("input[type=range]")
    for i in range(sliders.count()):
        slider = sliders.nth(i)
        if slider.is_disabled():
            continue
        label = host.locator(f'label[for="{slider.get_attribute("id")}"]')
        assert label.inner_text().strip(), "a slider has a label"
        by_keyboard(page, host, slider)
        by_pointer(page, host, slider)
    kept = settings(host)
    page.wait_for_timeout(600)  # the address follows when the sliders have rested for a moment
    assert "#" in page.url
    link = page.url
    page.goto("about:blank")
    page.goto(link)
    settle(page)
    await_settings(page, host_of(page, explorer), kept)
    host_of(page, explorer).get_by_role("button", name="Reset").click()
    await_settings(page, host_of(page, explorer), start)
    page.wait_for_function("() => location.hash.length <= 1")


def without_mathematics(visit: Visit, name: str) -> Page:
    """The page with its formulas left as source: a thousand of them cost seconds, and test_pages sets them."""
    visit.page.route("**/mathjax/*", lambda route: route.fulfill(body="delete window.MathJax"))
    return visit.open(name)


def await_settings(page: Page, host: Locator, values: list[str]) -> None:
    page.wait_for_function(
        "([host, values]) => String([...host.querySelectorAll('input[type=range]')]"
        ".map((input) => input.value)) === String(values)",
        arg=[host.element_handle(), values],
    )


def settings(host: Locator) -> list[str]:
    found: list[str] = host.locator("input[type=range]").evaluate_all(
        "(all) => all.map((i) => i.value)"
    )
    return found


def by_keyboard(page: Page, host: Locator, slider: Locator) -> None:
    before = picture(host)
    spoken = slider.get_attribute("aria-valuetext")
    slider.focus()
    slider.press(
        "ArrowLeft" if slider.input_value() == slider.get_attribute("max") else "ArrowRight"
    )
    await_change(page, host, before)
    assert slider.get_attribute("aria-valuetext") != spoken


def by_pointer(page: Page, host: Locator, slider: Locator) -> None:
    """A click at the end of the track that is farther from the thumb."""
    before = picture(host)
    box = slider.bounding_box()
    assert box
    far = float(slider.input_value()) * 2 > float(slider.get_attribute("max") or 0)
    slider.click(position={"x": 3 if far else box["width"] - 3, "y": box["height"] / 2})
    await_change(page, host, before)


def test_play_runs_and_stops(visit: Visit) -> None:
    page = visit.open("index")
    host = page.locator(".fl-explorer").first
    play = host.locator(".ex-play:enabled").first
    before = picture(host)
    play.scroll_into_view_if_needed()
    play.click()
    assert play.get_attribute("aria-pressed") == "true"
    await_change(page, host, before)
    play.click()
    assert play.get_attribute("aria-pressed") == "false"


def test_the_description_is_the_alternative_text(visit: Visit) -> None:
    page = visit.open("index")
    host = page.locator(".fl-explorer").first
    figure = host.locator(".ex-figure")
    before = figure.get_attribute("aria-label")
    slider = host.locator("input[type=range]:enabled").first
    slider.focus()
    slider.press("Home")
    slider.press("End")
    page.wait_for_function(
        "([figure, before]) => figure.getAttribute('aria-label') !== before",
        arg=[figure.element_handle(), before],
    )
    page.wait_for_function(
        "([host]) => host.querySelector('[aria-live]').textContent"
        " === host.querySelector('.ex-figure').getAttribute('aria-label')",
        arg=[host.element_handle()],
    )
    assert not re.search(r"[{}]|NaN|undefined", figure.get_attribute("aria-label") or "")


@pytest.mark.parametrize("part", ["gain=nonsense", "nothing=1", "%E0%A4%A", "a;b;c===", "N="])
def test_a_malformed_address_is_told(part: str, visit: Visit) -> None:
    """The picture stands, and a message says what is wrong."""
    explorer = next(id for page, id in explorers() if page == "index")
    page = visit.open("index", f"#{explorer}:{part}")
    host = host_of(page, explorer)
    message = host.locator(".ex-message")
    message.wait_for(state="visible")
    assert "address" in message.inner_text()
    assert host.locator(".ex-figure svg").count() >= 1


def test_a_foreign_fragment_is_left_alone(visit: Visit) -> None:
    page = visit.open("index", "#no-such-place")
    assert page.locator(".fl-explorer").first.locator(".ex-message:visible").count() == 0


@pytest.mark.parametrize(("name", "explorer"), with_file()[:1])
def test_a_missing_lattice_is_told(
    name: str, explorer: str, browser: Browser, address: str
) -> None:
    """Frames that cannot be loaded: a clear message, and the figure of before stands."""

    def refuse(route: Route) -> None:
        route.abort()

    with visiting(browser, address, tolerate=("Failed to load resource",)) as visit:
        visit.page.context.route("**/lattices/*.js", refuse)
        page = without_mathematics(visit, name)
        host = host_of(page, explorer)
        slider = host.locator("input[type=range]:enabled").first
        slider.focus()
        slider.press("End")
        slider.press("ArrowLeft")
        message = host.locator(".ex-message")
        message.wait_for(state="visible")
        assert "could not be loaded" in message.inner_text()
        assert host.locator(".ex-figure svg").count() >= 1


@pytest.mark.parametrize(("name", "explorer"), with_file()[:1])
def test_a_large_lattice_waits_for_the_first_touch(name: str, explorer: str, visit: Visit) -> None:
    loaded: list[str] = []
    visit.page.on("request", lambda request: loaded.append(request.url))
    page = without_mathematics(visit, name)
    assert not any("lattices/" in url for url in loaded)
    with page.expect_request("**/lattices/*.js"):
        host_of(page, explorer).locator("input[type=range]:enabled").first.focus()


@pytest.mark.parametrize("name", sorted({page for page, _ in explorers()}))
def test_without_javascript(name: str, browser: Browser, address: str) -> None:
    """Each explorer shows its first frame with the description in words."""
    with visiting(browser, address, java_script_enabled=False) as visit:
        page = visit.page
        page.goto(f"{address}{name}.html")
        stills = page.locator(".fl-explorer .ex-still")
        assert stills.count() == sum(1 for other, _ in explorers() if other == name)
        for i in range(stills.count()):
            assert stills.nth(i).locator("svg.ex-svg").is_visible()
            assert stills.nth(i).locator("figcaption").inner_text().strip()
