"""The chapters keep the book's conventions, and the built site is that of the chapters as they are.

Executing the chapters is the build: `make test` runs `make book` first, which fails when a cell fails,
when an assertion in a cell fails, or when Sphinx has a warning.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
CHAPTERS = ROOT / "chapters"
SITE = ROOT / "_build" / "html"
TEXTS = {path.stem: path.read_text(encoding="utf8") for path in sorted(CHAPTERS.glob("*.md"))}
NUMBERED = sorted(name for name in TEXTS if re.match(r"\d\d-", name))
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXERCISE = re.compile(r"^[`:]{3,}\{exercise\}[^\n]*\n((?::\w+:.*\n)*)", re.MULTILINE)
LONGEST_CELL = 12  # lines


def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build", ROOT / "code" / "site" / "build.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_built_site_is_current() -> None:
    """The stamp of the last build without error is that of the chapters, library and settings of now."""
    stamp = ROOT / "_build" / "html.stamp"
    assert stamp.exists(), "the book is not built, or its build failed: run `make book`"
    module = build()
    state = module.hash_of(module.inputs(ROOT / "_toc.yml", CHAPTERS))
    assert stamp.read_text() == state, "something has changed since the last build: run `make book`"


def test_every_chapter_is_in_the_table_of_contents() -> None:
    listed = build().documents(ROOT / "_toc.yml")
    assert len(listed) == len(set(listed))
    assert set(listed) == set(TEXTS)


def test_every_chapter_has_its_page() -> None:
    assert {path.stem for path in SITE.glob("*.html")} >= set(TEXTS)


def cells(text: str) -> list[str]:
    """The code of the cells, without their options."""
    options = re.compile(r"\A(?:---\n(?:.*\n)*?---\n|(?::[\w-]+:.*\n)+)?\n*")
    return [options.sub("", cell) for cell in CELL.findall(text)]


@pytest.mark.parametrize("name", NUMBERED)
def test_cells_are_short(name: str) -> None:
    """One idea a cell: at most twelve lines, empty ones not counted."""
    long = [cell for cell in cells(TEXTS[name]) if len(re.findall(r"\S.*\n", cell)) > LONGEST_CELL]
    assert not long, "\n---\n".join(long)


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_cells_hide_nothing(name: str) -> None:
    """No star import, no global random state, no cell that may fail."""
    for cell in cells(TEXTS[name]):
        assert not re.search(r"import \*", cell), cell
        assert not re.search(r"np\.random\.(?!default_rng|Generator|SeedSequence)", cell), cell
        assert not re.search(r"default_rng\(\)", cell), cell
    assert "raises-exception" not in TEXTS[name]


@pytest.mark.parametrize("name", NUMBERED)
def test_a_chapter_has_an_explorer(name: str) -> None:
    assert any("Explorer(" in cell for cell in cells(TEXTS[name]))
    assert (SITE / f"{name}.html").read_text(encoding="utf8").count('class="fl-explorer"') >= 1


@pytest.mark.parametrize("name", NUMBERED)
def test_a_chapter_asserts_what_it_claims(name: str) -> None:
    assert any(re.search(r"^\s*assert ", cell, re.MULTILINE) for cell in cells(TEXTS[name]))


@pytest.mark.parametrize("name", NUMBERED)
def test_exercises_have_labels_hints_and_solutions(name: str) -> None:
    """At least four, each named after its chapter, each with a hint and a solution to be opened."""
    text = TEXTS[name]
    labels = [
        re.search(r"^:label: (\S+)$", options, re.MULTILINE) for options in EXERCISE.findall(text)
    ]
    assert len(labels) >= 4
    names = [label[1] for label in labels if label]
    assert len(names) == len(labels), "an exercise has no label"
    assert all(label.startswith(f"ex-{name[:2]}-") for label in names)
    solved = re.findall(
        r"^[`:]{3,}\{solution(?:-start)?\} (\S+)\n:class: dropdown$", text, re.MULTILINE
    )
    assert sorted(solved) == sorted(names)
    assert len(re.findall(r"\{dropdown\} Hint", text)) >= len(names)


@pytest.mark.parametrize("name", NUMBERED)
def test_a_chapter_ends_with_notes(name: str) -> None:
    """Where things come from: the last section cites."""
    last = re.split(r"^## ", TEXTS[name], flags=re.MULTILINE)[-1]
    assert last.startswith("Notes")
    assert "{cite:" in last


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_titles_carry_no_number(name: str) -> None:
    """The site numbers chapters by their file names."""
    titles = re.findall(r"^# (.+)$", re.sub(CELL, "", TEXTS[name]), re.MULTILINE)
    assert len(titles) == 1
    assert not re.match(r"\d|Chapter|Appendix", titles[0])


def test_labels_are_unique() -> None:
    labels = [
        label
        for text in TEXTS.values()
        for label in re.findall(r"^:label: (\S+)$", text, re.MULTILINE)
        + re.findall(r"^\$\$ \(([\w-]+)\)$", text, re.MULTILINE)
    ]
    assert sorted(labels) == sorted(set(labels))


@pytest.mark.parametrize("name", NUMBERED)
def test_numbered_labels_have_the_number_of_their_chapter(name: str) -> None:
    text = TEXTS[name]
    defined = re.findall(r"^\((sec-\d\S*)\)=$", text, re.MULTILINE)
    defined += re.findall(r"\((eq-\d[\w-]*)\)$", text, re.MULTILINE)
    defined += re.findall(r"name: (fig-\d\S*)$", text, re.MULTILINE)
    wrong = [label for label in defined if label.split("-")[1] != name[:2]]
    assert not wrong


@pytest.mark.parametrize("name", NUMBERED)
def test_notebooks_open_in_jupyter(name: str) -> None:
    """The header that makes a text file a notebook."""
    _, header, _ = TEXTS[name].split("---\n", 2)
    settings: dict[str, Any] = yaml.safe_load(header)
    assert settings["kernelspec"]["name"] == "python3"
    assert settings["jupytext"]["text_representation"]["format_name"] == "myst"


def test_chapters_import_no_chapter_and_the_explorer_no_mathematics() -> None:
    """Arrows go one way: chapters to fieldlimit and explorer, and the explorer to neither."""
    for path in (ROOT / "code" / "explorer").glob("*.py"):
        assert "fieldlimit" not in re.findall(
            r"^\s*(?:from|import) (\w+)", path.read_text("utf8"), re.MULTILINE
        )
    for path in (ROOT / "code" / "fieldlimit").rglob("*.py"):
        text = path.read_text("utf8")
        imports = re.findall(r"^\s*(?:from|import) ([\w.]+)", text, re.MULTILINE)
        shown = path.parent.name == "explorables"
        assert all(
            not i.startswith("explorer") or (shown and i == "explorer.view") for i in imports
        ), path
