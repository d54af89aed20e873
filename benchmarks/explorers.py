"""Every explorer of a built site, measured in Chromium: `python benchmarks/explorers.py SITE`.

For each page with explorers: the gzipped bytes it loads (lattices beside the page apart, they come
on first touch) and the time from navigation until its explorers are interactive. For each explorer:
the time from a slider's input event to the painted frame, over all its sliders, lattice loaded.

An input event is dispatched where the browser dispatches it, at the start of an animation frame.
The frame is taken as painted when a message posted in it arrives: script, style, layout and paint
come before, rasterisation on the compositor's thread does not. Beside it stands the processor time
of the page's thread for one movement, which a busy machine does not lengthen.
"""

from __future__ import annotations

import argparse
import gzip
import statistics
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, sync_playwright

STEPS = 40  # movements of each slider
LIMIT_PAINTED = 1000 / 60  # milliseconds, 95th percentile
LIMIT_INTERACTIVE = 500.0  # milliseconds
LIMIT_WEIGHT = 800.0  # kilobytes, gzipped, without lattices

MEASURE = """
async ({ host, steps }) => {
  const root = document.querySelectorAll('.fl-explorer[data-explorer]')[host];
  const figure = root.querySelector('.ex-figure');
  let changed = false;
  const watch = { subtree: true, attributes: true, childList: true, characterData: true };
  new MutationObserver(() => (changed = true)).observe(figure, watch);
  const message = () => new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => resolve(performance.now());
    port2.postMessage(null);
  });
  const move = (input, position) => new Promise((resolve) => {
    requestAnimationFrame(async () => {
      changed = false;
      const start = performance.now();
      input.value = position;
      input.dispatchEvent(new Event('input', { bubbles: true }));
      let seen = await message();
      for (let i = 0; !changed && i < 5; i += 1) {
        await new Promise(requestAnimationFrame);
        seen = await message();
      }
      resolve(changed ? seen - start : null);
    });
  });
  root.scrollIntoView({ block: 'center' });
  const times = [];
  for (const input of root.querySelectorAll('input[type=range]:not(:disabled)')) {
    const last = Number(input.max);
    const home = input.value;
    input.focus();
    await move(input, home);
    await new Promise((resolve) => setTimeout(resolve, 500));
    for (let i = 0; i < steps; i += 1) {
      const time = await move(input, (Number(home) + 1 + i) % (last + 1));
      if (time !== null) times.push(time);
    }
    await move(input, home);
  }
  return times;
}
"""


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


def processor_time(session: CDPSession) -> float:
    """Milliseconds of processor time that the page's thread has used."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return 1e3 * next(float(item["value"]) for item in metrics if item["name"] == "TaskDuration")


def measure_page(browser: Browser, address: str) -> dict[str, Any]:
    """Weight and time of one page, and the times of its explorers."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    sizes: dict[str, int] = {}

    def weigh(response: Any) -> None:
        if response.ok:
            sizes[response.url] = len(gzip.compress(response.body(), 6))

    page.on("response", weigh)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(address, wait_until="networkidle")
    weight = sum(sizes.values())
    mark = "performance.getEntriesByName('explorers-interactive')[0].startTime"
    interactive = float(page.evaluate(mark))
    hosts = page.eval_on_selector_all(
        ".fl-explorer[data-explorer]", "found => found.map(host => host.dataset.explorer)"
    )
    times = {}
    for number, name in enumerate(hosts):
        before = processor_time(session)
        found = page.evaluate(MEASURE, {"host": number, "steps": STEPS})
        spent = processor_time(session) - before
        times[f"{number + 1} {name}"] = found, spent / max(1, len(found))
    page.close()
    lattices = sum(sizes.values()) - weight
    return {
        "weight": weight / 1e3,
        "lattices": lattices / 1e3,
        "interactive": interactive,
        "times": times,
    }


def report(name: str, result: dict[str, Any]) -> bool:
    """Prints the measured figures; whether all keep their limits."""
    good: bool = result["interactive"] <= LIMIT_INTERACTIVE and result["weight"] <= LIMIT_WEIGHT
    print(
        f"{name}: interactive after {result['interactive']:.0f} ms, {result['weight']:.0f} KB "
        f"gzipped, lattices on touch {result['lattices']:.0f} KB"
    )
    for explorer, (times, spent) in result["times"].items():
        if not times:
            print(f"    {explorer:32} no slider changes the figure")
            good = False
            continue
        p95 = percentile(times, 0.95)
        good = good and p95 <= LIMIT_PAINTED
        median = statistics.median(times)
        print(
            f"    {explorer:24} painted after {median:5.1f} ms (median), {p95:5.1f} ms "
            f"(p95 of {len(times)}); processor {spent:4.1f} ms"
        )
    return good


def main() -> int:
    """Measures a site; 1 when a limit is not kept."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("site", type=Path, help="folder of the built HTML")
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="the browser's program")
    options = parser.parse_args()
    found = pages(options.site)
    if not found:
        print(f"{options.site} has no page with an explorer", file=sys.stderr)
        return 1
    switches = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with served(options.site) as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=options.chromium, args=switches)
        print(
            f"Chromium {browser.version}, headless; limits: interactive {LIMIT_INTERACTIVE:.0f} ms,"
        )
        print(f"page {LIMIT_WEIGHT:.0f} KB gzipped, painted {LIMIT_PAINTED:.1f} ms (p95)")
        kept = [report(page, measure_page(browser, f"{address}/{page}")) for page in found]
        browser.close()
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
