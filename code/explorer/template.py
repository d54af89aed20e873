"""Templates of labels and descriptions: "With {N:,} neurons the error is {error:.3g}."

A field is {name} or {name:format}; a format is [+][,][.digits][type] with type d, f, g, e, % or s,
and means what it means in Python, with two additions: without a type a whole number is written
without a point and any other one as by g; nothing that rounds to zero has a minus sign. A literal
brace is doubled. `frontend/src/template.js` writes the same text, character by character.

Text may have subscripts and superscripts as in TeX: h_N, K_{op}, N^2, N^{−1/2}; in a template the
braces are doubled. A script is one letter or digit, with no other behind it, or stands in braces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from string import Formatter

Value = float | int | str

_FORMAT = re.compile(r"(\+?)(,?)(\.\d+)?([dfge%s]?)")
_EXPONENT = re.compile(r"(\d)e([+-])0*(\d+)")
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


_SCRIPT = re.compile(r"(?<=[^\W_]|[‖|)\]}′*])([_^])(?:\{([^{}]+)\}|([^\W_]|[*+−])(?![^\W_]))")
_RAISED = str.maketrans("0123456789+−n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ")


def format_value(value: Value, spec: str = "") -> str:
    """The value as text. Raises ValueError when the format does not fit."""
    match = _FORMAT.fullmatch(spec)
    if match is None:
        raise ValueError(f"a format is [+][,][.digits][d f g e % s], but format = {spec!r}")
    kind = match[4]
    if isinstance(value, str):
        if spec not in ("", "s"):
            raise ValueError(f"a text has format s, but format = {spec!r} for {value!r}")
        return value
    if kind == "s":
        raise ValueError(f"a number has format d, f, g, e or %, but format = 's' for {value!r}")
    whole = float(value).is_integer() and abs(value) < 1e15
    if kind == "d" or (kind == "" and not match[3] and whole):
        if not whole:
            raise ValueError(f"format d needs a whole number, but the value is {value!r}")
        return format(int(value), f"{match[1]}{match[2]}d")
    # z: no minus sign before a number that rounds to zero
    return format(float(value), f"{match[1]}z{match[2]}{match[3] or ''}{kind or 'g'}")


def fill(template: str, values: Mapping[str, Value]) -> str:
    """The template with every field filled. Raises ValueError for a field without value."""
    text = ""
    for literal, name, spec, conversion in Formatter().parse(template):
        text += literal
        if name is None:
            continue
        if name not in values or conversion:
            known = ", ".join(values) or "none"
            raise ValueError(
                f"{template!r} needs {name!r}, which is no parameter and no scalar ({known})"
            )
        text += format_value(values[name], spec or "")
    return text


def typeset(text: str) -> str:
    """Text for the eye: 1.2e-05 becomes 1.2×10⁻⁵, and -1 gets a true minus sign."""
    text = _EXPONENT.sub(
        lambda m: f"{m[1]}×10{(m[2] + m[3]).lstrip('+').translate(_SUPERSCRIPT)}", text
    )
    return re.sub(r"(?<![\w-])-(?=\d)", "−", text)


def markup(text: str) -> str:
    """The text as HTML, with <sub> and <sup>."""

    def tagged(match: re.Match[str]) -> str:
        tag = "sub" if match[1] == "_" else "sup"
        return f"<{tag}>{match[2] or match[3]}</{tag}>"

    return _SCRIPT.sub(tagged, escape(text))


def plain(text: str) -> str:
    """The text for those who hear it or read it without type: h N(t), N², N to the power −1/2."""

    def spoken(match: re.Match[str]) -> str:
        script = match[2] or match[3]
        if match[1] == "_":
            return f" {script}"
        raised = script.translate(_RAISED)
        if any(letter == other for letter, other in zip(script, raised, strict=True)):
            return f" to the power {script}"
        return raised

    return _SCRIPT.sub(spoken, text)
