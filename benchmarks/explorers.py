"""Every explorer of a built site, measured in Chromium: `python benchmarks/explorers.py [SITE]`.

For each page with explorers: the gzipped bytes it loads (lattices apart: the small ones lie in the
page, the others come on first touch) and the time from navigation until its explorers are
interactive.

For each explorer, over all its sliders, lattice loaded, one arrow key at a time as a reader presses
it:

work    the processor time of the page's main thread for one movement: the event's listeners, the
        animation frame, style, layout and paint, as the browser accounts for it by thread time. A
        busy machine does not lengthen it. This has to fit into one frame of a 60 Hz screen; its
        shares are those of all movements of the explorer.
painted the time on the clock from the event's time stamp, when the browser took in the key, until a
        message arrives that was posted in the animation frame which draws: by then the main thread
        has painted. It holds the waiting for the frame, up to 16.7 ms, and for the processor. What
        comes after it, rasterisation and the screen, happens on other threads and is not in it.
"""

from __future__ import annotations

import argparse
import gzip
import re
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

BUILT = Path(__file__).resolve().parents[1] / "_build" / "html"
STEPS = 24  # movements of each slider
LIMIT_WORK = 1000 / 60  # milliseconds, 95th percentile
LIMIT_INTERACTIVE = 500.0  # milliseconds
LIMIT_WEIGHT = 800.0  # kilobytes, gzipped, without lattices

WATCH = """
() => {
  // Before all listeners of the page, so that this animation callback is the first of its frame
  // and the message is posted when the frame begins; it arrives when the frame has been painted.
  window.addEventListener('input', (event) => {
    const start = event.timeStamp;
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => window.painted?.(performance.now() - start);
      port2.postMessage(null);
    });
  }, { capture: true });
}
"""
HOLD = """
([host, number]) => {
  const root = document.querySelectorAll('.fl-explorer[data-explorer]')[host];
  root.scrollIntoView({ block: 'center' });
  const input = root.querySelectorAll('input[type=range]:not(:disabled)')[number];
  if (!input) return null;
  input.focus();
  return { last: Number(input.max) };
}
"""
EMBEDDED = re.compile(rb'(?<=<script type="application/json">).*?(?=</script>)', re.DOTALL)
EXPECT = "() => void (window.coming = new Promise((resolve) => (window.painted = resolve)))"
SETTLE = 0.6  # seconds in which the lattice is loaded and idle work is done


@contextmanager
def served(site: Path) -> Iterator[str]:
    """The site's address on this machine while the block runs."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def pages(site: Path) -> list[str]:
    """The pages with explorers, by their address in the site."""
    marked = (path for path in site.rglob("*.html") if ' data-explorer="' in path.read_text("utf8"))
    return sorted(path.relative_to(site).as_posix() for path in marked)


def percentile(values: list[float], share: float) -> float:
    """The least value that at least this share of the values does not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


SHARES = {"script": "ScriptDuration", "style": "RecalcStyleDuration", "layout": "LayoutDuration"}


@dataclass(frozen=True)
class Movement:
    """One movement of a slider, in milliseconds."""

    work: float  # processor time of the main thread
    painted: float  # on the clock, from the event to the painted frame
    shares: dict[str, float]  # of the work; the rest is paint and the browser's own


def processor_times(session: CDPSession) -> dict[str, float]:
    """Milliseconds of processor time that the page's main thread has used, in all and by kind."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    values = {item["name"]: 1e3 * float(item["value"]) for item in metrics}
    return {"all": values["TaskDuration"]} | {kind: values[key] for kind, key in SHARES.items()}


def movements(page: Page, session: CDPSession, host: int) -> list[Movement]:
    """Every slider of one explorer, moved by the keys."""
    found: list[Movement] = []
    for number in count():
        track = page.evaluate(HOLD, [host, number])
        if track is None:
            return found
        page.keyboard.press("Home")
        at = 0
        time.sleep(SETTLE)
        for _ in range(STEPS):
            key, at = ("ArrowRight", at + 1) if at < track["last"] else ("Home", 0)
            page.evaluate(EXPECT)
            before = processor_times(session)
            page.keyboard.press(key)
            painted = page.evaluate("window.coming")
            after = processor_times(session)
            spent = {kind: after[kind] - before[kind] for kind in after}
            found.append(Movement(spent.pop("all"), painted, spent))
    return found


def measure_page(browser: Browser, address: str) -> dict[str, Any]:
    """Weight and time of one page, and the times of its explorers."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    sizes: dict[str, int] = {}
    embedded = 0

    def weigh(response: Any) -> None:
        nonlocal embedded
        if response.ok:
            content = response.body()
            sizes[response.url] = len(gzip.compress(content, 6))
            if response.url == address:
                embedded = sizes[address] - len(gzip.compress(EMBEDDED.sub(b"", content), 6))

    page.on("response", weigh)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(address, wait_until="networkidle")
    weight = sum(sizes.values()) - embedded
    mark = "performance.getEntriesByName('explorers-interactive')[0].startTime"
    interactive = float(page.evaluate(mark))
    hosts = page.eval_on_selector_all(
        ".fl-explorer[data-explorer]", "found => found.map(host => host.dataset.explorer)"
    )
    page.evaluate(WATCH)
    found = {
        f"{number + 1} {name}": movements(page, session, number)
        for number, name in enumerate(hosts)
    }
    page.close()
    lattices = sum(sizes.values()) - embedded - weight
    return {
        "weight": weight / 1e3,
        "embedded": embedded / 1e3,
        "lattices": lattices / 1e3,
        "interactive": interactive,
        "movements": found,
    }


def report(name: str, result: dict[str, Any]) -> bool:
    """Prints the measured figures; whether all keep their limits."""
    good: bool = result["interactive"] <= LIMIT_INTERACTIVE and result["weight"] <= LIMIT_WEIGHT
    print(
        f"{name}: interactive after {result['interactive']:.0f} ms, {result['weight']:.0f} KB "
        f"gzipped, lattices in it {result['embedded']:.0f} KB, on touch {result['lattices']:.0f} KB"
    )
    for explorer, found in result["movements"].items():
        work = [movement.work for movement in found]
        painted = [movement.painted for movement in found]
        p95 = percentile(work, 0.95)
        good = good and p95 <= LIMIT_WORK
        shares = ", ".join(
            f"{kind} {statistics.mean(movement.shares[kind] for movement in found):.1f}"
            for kind in SHARES
        )
        print(
            f"    {explorer:20} work {statistics.median(work):4.1f} ms (median), {p95:4.1f} (p95 of "
            f"{len(work)}; {shares}); painted {statistics.median(painted):4.1f}, "
            f"{percentile(painted, 0.95):4.1f}"
        )
    return good


def main() -> int:
    """Measures a site; 1 when a limit is not kept."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("site", type=Path, nargs="?", default=BUILT, help="folder of the HTML")
    parser.add_argument("--only", default="", help="part of the address of the pages measured")
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="the browser's program")
    options = parser.parse_args()
    found = [address for address in pages(options.site) if options.only in address]
    if not found:
        print(f"{options.site} has no page with an explorer", file=sys.stderr)
        return 1
    switches = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with served(options.site) as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=options.chromium, args=switches)
        print(
            f"Chromium {browser.version}, headless; limits: interactive {LIMIT_INTERACTIVE:.0f} ms,"
        )
        print(f"page {LIMIT_WEIGHT:.0f} KB gzipped, work {LIMIT_WORK:.1f} ms (p95)")
        kept = [report(page, measure_page(browser, f"{address}/{page}")) for page in found]
        browser.close()
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
