"""The theme's icons, cut down to those that its pages show.

The theme brings a font of 1400 icons (156 KB) and a style rule for each (a third of its style sheet).
A page shows about thirty of them. The full font stays in its place: were an icon overlooked, the
browser would fetch it from there.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

RULE = re.compile(r'(?:\.fa-[\w-]+:before,?)+\{content:"(?:\\([0-9a-f]+)|(.))"\}')
NAME = re.compile(r"\bfa-([a-z][a-z0-9-]*)\b")
CODE = re.compile(r'"\\([ef][0-9a-f]{3})"')
THEMES = ("pydata_sphinx_theme", "sphinx_book_theme")
SHEET = "static/styles/pydata-sphinx-theme.css"
FONT = "static/vendor/fontawesome/webfonts/fa-solid-900.ttf"


def write_icons(target: Path, own: Path) -> None:
    """Into `target`: the smaller style sheet, in the place of the theme's, and the font with its rule."""
    sheet = (theme_folder(THEMES[0]) / SHEET).read_text(encoding="utf8")
    names, codes = used(sheet, own)

    def kept(rule: re.Match[str]) -> str:
        if not names & set(NAME.findall(rule[0])):
            return ""
        codes.add(int(rule[1], 16) if rule[1] else ord(rule[2]))
        return rule[0]

    smaller = RULE.sub(kept, sheet)
    (target / "styles").mkdir(parents=True)
    (target / "styles" / Path(SHEET).name).write_text(smaller, encoding="utf8")
    (target / "icons").mkdir()
    write_font(theme_folder(THEMES[0]) / FONT, codes, target / "icons" / "icons.woff")
    (target / "icons" / "icons.css").write_text(face(codes), encoding="utf8")


def used(sheet: str, own: Path) -> tuple[set[str], set[int]]:
    """Names and code points of the icons in the templates, scripts and other styles of the themes."""
    names: set[str] = set()
    codes = {int(code, 16) for code in CODE.findall(RULE.sub("", sheet))}
    for folder in (*map(theme_folder, THEMES), own):
        for path in folder.rglob("*.*"):
            if path.suffix in (".html", ".js") and path.name != "fontawesome.js":
                names |= set(NAME.findall(path.read_text(encoding="utf8")))
            elif path.suffix == ".css" and path.name != Path(SHEET).name:
                codes |= {int(code, 16) for code in CODE.findall(path.read_text(encoding="utf8"))}
    return names, codes


def theme_folder(name: str) -> Path:
    spec = find_spec(name)
    assert spec and spec.origin, f"the theme {name} is not installed"
    return Path(spec.origin).parent / "theme" / name


def write_font(source: Path, codes: set[int], target: Path) -> None:
    from fontTools import subset

    options = subset.Options(flavor="woff", notdef_outline=True, layout_features=[])
    font = subset.load_font(str(source), options)
    cut = subset.Subsetter(options)
    cut.populate(unicodes=sorted(codes))
    cut.subset(font)
    subset.save_font(font, str(target), options)


def face(codes: set[int]) -> str:
    """A rule that comes after the theme's: for these code points the small font is taken."""
    ranges = ",".join(f"U+{code:x}" for code in sorted(codes))
    return (
        '@font-face { font-family: "Font Awesome 6 Free"; font-style: normal; font-weight: 900;'
        f' font-display: block; src: url(icons.woff) format("woff"); unicode-range: {ranges}; }}\n'
    )
