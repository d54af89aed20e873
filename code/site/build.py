"""Build the book: python code/site/build.py [--only CHAPTER ...] [--lenient].

Notebooks whose code or library has changed are executed first, two at a time; then Sphinx writes the
pages. Outputs of notebooks are kept in _build/execution/<key>, the key being a hash of everything that
a cell can import, so that a second build of an unchanged book executes nothing.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from icons import write_icons

SITE = Path(__file__).resolve().parent
ROOT = SITE.parent.parent
CODE = ROOT / "code"
DIST = CODE / "explorer" / "frontend" / "dist"
PACKAGES = SITE / "node_modules"
TIMEOUT = 600  # seconds for one cell: more than any cell needs, less than a hang would cost


def main() -> int:
    options = arguments()
    source, build = options.source.resolve(), options.build.resolve()
    build.mkdir(parents=True, exist_ok=True)
    with exclusive(build / ".lock"):
        toc = table_of_contents(options.toc, options.only, build)
        stamp, state = build / "html.stamp", hash_of(inputs(toc, source))
        if stamp.exists() and stamp.read_text() == state and not options.only:
            say(f"the book in {build / 'html'} is up to date")
            return 0
        stamp.unlink(missing_ok=True)
        execution = execution_folder(build)
        environment(execution, build / "ipython")
        assets = assemble_assets(build / "assets")
        if not execute(notebooks(toc, source), execution / "cache") and not options.lenient:
            return 1
        status = write_pages(source, build, toc, execution, assets, strict=not options.lenient)
        if status == 0:
            stamp.write_text(state)
        return status


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Build the book.")
    parser.add_argument("--source", type=Path, default=ROOT / "chapters")
    parser.add_argument("--toc", type=Path, default=ROOT / "_toc.yml")
    parser.add_argument("--build", type=Path, default=ROOT / "_build")
    parser.add_argument(
        "--only", nargs="*", default=[], help="chapters to build, the others left out"
    )
    parser.add_argument(
        "--lenient",
        action="store_true",
        help="show what can be shown: neither a warning nor a failing cell stops the build",
    )
    return parser.parse_args()


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Two builds of one folder take turns."""
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another build to finish")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def say(message: str) -> None:
    print(f"[book] {message}", flush=True)


# ---- what is built -------------------------------------------------------------------------------


def table_of_contents(path: Path, only: list[str], build: Path) -> Path:
    """The table of contents to build: the book's, or one of the chapters in `only`."""
    if not only:
        return path.resolve()
    root, *others = [Path(name).stem for name in only]
    toc: dict[str, Any] = {"format": "jb-book", "root": root}
    if others:
        toc["chapters"] = [{"file": name} for name in others]
    partial = build / "toc.yml"
    partial.write_text(yaml.safe_dump(toc))
    return partial


def documents(toc: Path) -> list[str]:
    """Names of the files in the table of contents, in order."""

    def walk(entry: Any) -> Iterator[str]:
        if isinstance(entry, dict):
            for key, value in entry.items():
                if key in ("root", "file"):
                    yield value
                else:
                    yield from walk(value)
        elif isinstance(entry, list):
            for item in entry:
                yield from walk(item)

    return list(walk(yaml.safe_load(toc.read_text())))


def notebooks(toc: Path, source: Path) -> list[Path]:
    """The chapters that are notebooks."""
    from myst_nb.core.read import is_myst_markdown_notebook

    files = [source / f"{name}.md" for name in documents(toc)]
    missing = [file.name for file in files if not file.exists()]
    if missing:
        raise SystemExit(f"{toc.name} names chapters that do not exist: {', '.join(missing)}")
    return [file for file in files if is_myst_markdown_notebook(file.read_text(encoding="utf8"))]


# ---- execution -----------------------------------------------------------------------------------


def execution_folder(build: Path) -> Path:
    """Where outputs of this state of the library are kept; those of other states are removed."""
    key = hash_of(library_files())
    folder = build / "execution"
    for old in folder.glob("*"):
        if old.name != key:
            shutil.rmtree(old, ignore_errors=True)
    (folder / key / "lattices").mkdir(parents=True, exist_ok=True)
    return folder / key


def library_files() -> Iterable[Path]:
    """Everything that a cell's output can depend on, apart from the cell."""
    yield ROOT / "requirements.lock"
    for package in ("fieldlimit", "explorer"):
        files = (CODE / package).rglob("*.py")
        yield from (file for file in files if "node_modules" not in file.parts)
    yield from DIST.rglob("*.*")


def inputs(toc: Path, source: Path) -> Iterable[Path]:
    """Everything that the pages are made of; the tests, because the ledger names them."""
    yield from (toc, ROOT / "_config.yml", PACKAGES / ".package-lock.json")
    yield from library_files()
    yield from (file for file in source.rglob("*.*") if "_build" not in file.parts)
    yield from (file for file in SITE.rglob("*.*") if "node_modules" not in file.parts)
    yield from (ROOT / "tests").glob("*.py")


def hash_of(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in sorted(f for f in files if f.is_file() and "__pycache__" not in f.parts):
        digest.update(os.path.relpath(file, ROOT).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def environment(execution: Path, ipython: Path) -> None:
    """What the kernels see: explorers become lattices, a kernel keeps to one core, and the reader's
    own IPython settings play no part."""
    profile = ipython / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    # Only errors: a kernel of the build listens on this machine only, for seconds, and says so at length.
    (profile / "ipython_kernel_config.py").write_text("c.IPKernelApp.log_level = 40\n")
    os.environ["IPYTHONDIR"] = str(ipython)
    os.environ["FIELDLIMIT_BUILD"] = "1"
    os.environ["FIELDLIMIT_LATTICES"] = str(execution / "lattices")
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    for library in ("OMP", "OPENBLAS", "MKL", "VECLIB", "NUMEXPR"):
        os.environ.setdefault(
            f"{library}_{'MAXIMUM' if library == 'VECLIB' else 'NUM'}_THREADS", "1"
        )


def execute(files: list[Path], cache_path: Path) -> bool:
    """Run the notebooks that the cache does not hold; False when a cell failed."""
    from jupyter_cache import get_cache
    from jupyter_cache.base import CacheBundleIn

    cache = get_cache(cache_path)
    stale = []
    for file in files:
        notebook = read_notebook(file)
        try:
            cache.match_cache_notebook(notebook)
        except KeyError:
            stale.append((file, notebook))
    if not stale:
        return True
    say(f"executing {len(stale)} of {len(files)} notebooks")
    failed = False
    # Threads, not processes: ports are then handed out in one place, no two kernels get the same.
    with ThreadPoolExecutor(min(len(stale), os.cpu_count() or 1)) as pool:
        running = {pool.submit(run_notebook, nb, str(file.parent)): file for file, nb in stale}
        for finished in as_completed(running):
            file = running[finished]
            notebook, seconds, traceback = finished.result()
            if traceback:
                failed = True
                say(f"{file.name} FAILED after {seconds:.1f} s\n{traceback}")
                continue
            say(f"{file.name} executed in {seconds:.1f} s")
            bundle = CacheBundleIn(notebook, str(file), data={"execution_seconds": seconds})
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    return not failed


def read_notebook(file: Path) -> Any:
    """The notebook as the page builder reads it, so that the two agree on what is cached."""
    from myst_nb.core.read import read_myst_markdown_notebook
    from myst_parser.config.main import MdParserConfig

    text = file.read_text(encoding="utf8")
    return read_myst_markdown_notebook(text, config=MdParserConfig(), path=str(file))


def run_notebook(notebook: Any, folder: str) -> tuple[Any, float, str]:
    """The notebook with its outputs, the seconds it took, and the traceback of a failure or ''."""
    from jupyter_cache.executors.utils import single_nb_execution

    start = time.perf_counter()
    result = single_nb_execution(notebook, cwd=folder, timeout=TIMEOUT, allow_errors=False)
    return notebook, time.perf_counter() - start, result.exc_string or ""


# ---- pages ---------------------------------------------------------------------------------------


def assemble_assets(folder: Path) -> Path:
    """Files that every page may load, gathered from this folder, the front end and the packages."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(SITE / "assets", folder)
    mathjax, target = PACKAGES / "mathjax" / "es5", folder / "mathjax"
    for part in (
        "tex-chtml.js",
        "output/chtml/fonts/woff-v2",
        "input/tex/extensions",
        "a11y",
        "ui",
    ):
        copy(mathjax / part, target / part)
    for part in (
        "sre/sre-worker.js",
        "sre/mathmaps/base.json",
        "sre/mathmaps/en.json",
        "sre/mathmaps/nemeth.json",
    ):
        if (mathjax / part).exists():
            copy(mathjax / part, target / part)
    for family in ("source-serif-4", "source-sans-3"):
        for file in (PACKAGES / "@fontsource-variable" / family / "files").glob("*-wght-*.woff2"):
            if "-latin-wght" in file.name or "-latin-ext-wght" in file.name:
                copy(file, folder / "fonts" / file.name)
    write_icons(folder, SITE)
    for name in ("explorer.js", "explorer.css"):
        if (DIST / name).exists():
            copy(DIST / name, folder / "explorer" / name)
    return folder


def copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)


def write_pages(
    source: Path, build: Path, toc: Path, execution: Path, assets: Path, *, strict: bool
) -> int:
    """Let Sphinx write the pages; 0 when all went well."""
    from jupyter_book.sphinx import build_sphinx

    overrides: dict[str, Any] = {
        "external_toc_path": str(toc),
        "latex_individualpages": False,
        "nb_execution_cache_path": str(execution / "cache"),
        "html_static_path": [str(assets)],
        "templates_path": [str(SITE / "templates")],
        "html_logo": str(assets / "logo.svg"),
        "html_favicon": str(assets / "favicon.svg"),
        "fieldlimit_execution": str(execution),
        "bibtex_bibfiles": [str(source / "references.bib")],
    }
    result = build_sphinx(
        source,
        build / "html",
        noconfig=True,
        path_config=ROOT / "_config.yml",
        confoverrides=overrides,
        warningiserror=strict,
        keep_going=True,
    )
    if isinstance(result, BaseException) or result:
        say("the book has errors: see the warnings above")
        return 1
    say(f"the book is in {build / 'html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
