"""Every page of the built book: silent, self-contained, its mathematics set, readable and usable by all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from browser.visits import ROOT, SITE, Visit, pages, settle, visiting

AXE = ROOT / "code" / "site" / "node_modules" / "axe-core" / "axe.min.js"
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}


@pytest.mark.parametrize("name", pages())
def test_page(name: str, visit: Visit) -> None:
    page = visit.open(name)
    asks_only_its_own_origin(page)
    mathematics_is_set(page)
    explorers_stand(page)
    is_accessible(page, name, "light")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("() => document.documentElement.dataset.theme === 'dark'")
    is_accessible(page, name, "dark")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    fits_a_phone(page)


def asks_only_its_own_origin(page: Page) -> None:
    """The policy stands in the page, so that it holds wherever the page is served."""
    policy = page.locator('meta[http-equiv="Content-Security-Policy"]').get_attribute("content")
    assert policy and "default-src 'self'" in policy
    assert not re.search(r"https?:|\*", policy)


def mathematics_is_set(page: Page) -> None:
    formulas = page.locator(".math").count()
    assert page.locator("mjx-container").count() >= formulas
    assert page.locator("mjx-merror").count() == 0
    text = page.evaluate(
        "() => { const copy = document.querySelector('article')?.cloneNode(true);"
        "copy?.querySelectorAll('pre, code, script, mjx-container').forEach((e) => e.remove());"
        "return copy?.textContent ?? ''; }"
    )
    assert not re.search(r"\$\$|\\\(|\\\[|\\frac|\{prf:|\{eq\}|\{cite", text), (
        "source shows in the page"
    )


def explorers_stand(page: Page) -> None:
    hosts = page.locator(".fl-explorer[data-explorer]")
    for i in range(hosts.count()):
        host = hosts.nth(i)
        assert host.locator(".ex svg").count() >= 1
        assert host.locator("input[type=range]").count() >= 1
        assert host.locator(".ex-message:visible").count() == 0


def is_accessible(page: Page, name: str, scheme: str) -> None:
    """No serious or critical violation of the rules of axe-core; dark pages differ in their colours only."""
    options = {"resultTypes": ["violations"]} | (
        {} if scheme == "light" else {"runOnly": ["color-contrast"]}
    )
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf8"))
    # The parts of a formula are the typesetter's; what a screen reader gets is its assistive MathML.
    found = page.evaluate(
        "(options) => axe.run({ exclude: [['mjx-container']] }, options)"
        ".then((r) => r.violations.filter((v) => ['serious', 'critical'].includes(v.impact))"
        ".map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(' | ')}"
        " (${v.nodes.length}; ${v.nodes[0].any[0]?.message ?? ''})`))",
        options,
    )
    assert not found, f"{name}, {scheme}: " + "\n".join(found)


def fits_a_phone(page: Page) -> None:
    """Wide formulas and tables scroll in their own box; the page does not."""
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"], f"{width} pixels wide at 390"


def test_the_guard_refuses_other_hosts(browser: Browser, address: str) -> None:
    """The test of the tests: a request to another host is both refused and reported."""
    with pytest.raises(AssertionError, match="asked another host: http://example.invalid/"):
        ask_another_host(browser, address)


def ask_another_host(browser: Browser, address: str) -> None:
    with visiting(browser, address, tolerate=("Failed to load",)) as visit:
        visit.page.goto(f"{address}_static/logo.svg")  # has no policy of its own
        visit.page.evaluate("() => fetch('http://example.invalid/').catch(() => {})")


def test_the_policy_refuses_other_hosts(browser: Browser, address: str) -> None:
    """Where nothing else stops a page, its own policy does: the request is not even made."""
    with visiting(browser, address, tolerate=("Content Security Policy", "violates")) as visit:
        page = visit.open("index")
        message = page.evaluate(
            "() => fetch('http://example.invalid/').then(() => 'loaded', (e) => String(e))"
        )
        assert "Failed to fetch" in message


def test_from_a_file(browser: Browser) -> None:
    """A page opened from the disk, without any server, sets its mathematics and moves its sliders."""
    root = SITE.as_uri() + "/"
    with visiting(browser, root, viewport=DESKTOP) as visit:
        page = visit.open("index")
        mathematics_is_set(page)
        explorers_stand(page)
        slider = page.locator(".fl-explorer input[type=range]").first
        before = page.locator(".ex-figure").first.inner_html()
        slider.focus()
        slider.press("End")
        slider.press("ArrowLeft")
        page.wait_for_function(
            "(before) => document.querySelector('.ex-figure').innerHTML !== before", arg=before
        )


def test_the_theme_switch(visit: Visit) -> None:
    page = visit.open("index")
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    paper = "() => getComputedStyle(document.body).backgroundColor"
    seen = {page.evaluate(paper)}
    for _ in range(2):
        page.locator(".theme-switch-button:visible").first.click()
        seen.add(page.evaluate(paper))
    assert len(seen) == 2
    page.reload()
    settle(page)
    assert page.evaluate(paper) in seen


def test_search_finds_a_chapter(visit: Visit) -> None:
    page = visit.page
    page.goto(f"{visit.address}search.html?q=hilbert")
    page.locator("#search-results li a").first.wait_for()
    assert page.locator("#search-results li a").count() >= 1


def test_every_internal_link_leads_somewhere() -> None:
    """Pages and anchors that links name exist."""
    sources = {path.name: path.read_text(encoding="utf8") for path in SITE.glob("*.html")}
    anchors = {name: set(re.findall(r'\bid="([^"]+)"', text)) for name, text in sources.items()}
    broken = []
    for name, text in sources.items():
        for target in re.findall(r'<a\b[^>]*\bhref="([^"]+)"', text):
            if re.match(r"[a-z]+:", target) or ":" in target.partition("#")[2]:
                continue
            file, _, anchor = target.partition("#")
            file = file.partition("?")[0] or name
            if file.endswith(".html"):
                if file not in sources or (anchor and anchor not in anchors[file]):
                    broken.append(f"{name} -> {target}")
            elif not (SITE / Path(file)).exists():
                broken.append(f"{name} -> {target}")
    assert not broken, "\n".join(sorted(set(broken)))
