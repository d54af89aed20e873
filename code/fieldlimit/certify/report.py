"""A certificate as text for a terminal and as an accessible table for a notebook."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from html import escape
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fieldlimit.certify.certificate import NetworkCertificate
    from fieldlimit.certify.needed import NeuronsNeeded

WIDTH = 88
MEANING = {
    "exact": "finite sum or closed form",
    "bound": "proven bound",
    "derived": "from those above",
}


def text(c: NetworkCertificate) -> str:
    """Claims first, then every constant, then the budget."""
    lines = [
        _title(c),
        *_about(c),
        "",
        f"With probability at least {1 - c.delta:.4g} over the locations, all at once:",
    ]
    for claim, said in zip(c.claims, answers(c), strict=True):
        mark = "yes" if claim.holds else "NO "
        lines.append(
            fill(
                f"{mark}  {claim.question} {said} [{claim.label}]",
                WIDTH,
                initial_indent="  ",
                subsequent_indent="       ",
                break_on_hyphens=False,
            )
        )
    if c.table:
        lines += ["", "Constants"]
        lines += _columns([_row(c, k) for k in range(len(c.table))], "<><<")
        lines += ["", f"Where delta = {c.delta:g} goes: the levels add up to it (union bound)"]
        lines += _columns([(e.event, f"{e.level:.4g}") for e in c.events], "<>")
    lines += ["", *[fill(note, WIDTH) for note in notes(c)]]
    return "\n".join(lines)


def html(c: NetworkCertificate) -> str:
    """The same with tables whose headers name their rows and columns, and a part to be opened."""
    claims = [
        (claim.question, "yes" if claim.holds else "no", f"{said} [{claim.label}]")
        for claim, said in zip(c.claims, answers(c), strict=True)
    ]
    about = _shown(" ".join(_about(c)))
    parts = [
        '<div class="fl-certificate">',
        _table(
            f"{_title(c)}: with probability at least {1 - c.delta:.4g}, all at once",
            ("Question", "Certified", "Answer"),
            claims,
        ),
        f"<p>{about}</p>",
    ]
    if c.table:
        rows = [(*_row(c, k)[:3], c.table[k].label, _source(c, k)) for k in range(len(c.table))]
        events = [(e.event, e.group, f"{e.level:.4g}") for e in c.events]
        parts += [
            "<details><summary>Every constant, and where δ goes</summary>",
            _table(
                "Constants",
                ("Constant", "Value", "What it is", "Statement", "How it is known"),
                rows,
            ),
            _table(
                f"Events: their levels add up to δ = {c.delta:g}",
                ("Event", "Needed for", "Level"),
                events,
            ),
            "</details>",
        ]
    return "".join([*parts, *(f"<p>{_shown(note)}</p>" for note in notes(c)), "</div>"])


def text_needed(found: NeuronsNeeded) -> str:
    """The number, what each property alone would need, and the certificate at that size."""
    head = f"{found.N:,} neurons are enough, at level delta = {found.delta:g}"
    rows = [(name, f"{N:,}") for name, N in found.alone.items()]
    lines = [head, "", "What each property needs, at its share of delta", *_columns(rows, "<>")]
    if found.short:
        lines += ["", fill(f"One neuron less is not certified: {found.short}.", WIDTH)]
    return "\n".join([*lines, "", text(found.certificate)])


def html_needed(found: NeuronsNeeded) -> str:
    """The same for a notebook."""
    rows = [(name, f"{N:,}") for name, N in found.alone.items()]
    caption = f"{found.N:,} neurons are enough, at level δ = {found.delta:g}"
    less = f"<p>One neuron less is not certified: {_shown(found.short)}.</p>" if found.short else ""
    return (
        '<div class="fl-certificate">'
        + _table(caption, ("Property", "Neurons it needs"), rows)
        + less
        + "</div>"
        + html(found.certificate)
    )


def answers(c: NetworkCertificate) -> list[str]:
    """One sentence for each claim; a reason that was given is not given again."""
    found: list[str] = []
    told = ""
    for claim in c.claims:
        again = claim.reason == told
        found.append(
            claim.answer
            or (
                "Not certified, for the same reason."
                if again
                else f"Not certified: {claim.reason}."
            )
        )
        told = claim.reason or told
    return found


def notes(c: NetworkCertificate) -> list[str]:
    """How the errors of the computation enter."""
    kernel = c.constants.model.kernel
    found = []
    if any(constant.accuracy == "estimate" for constant in c.table):
        found.append(
            "Integrals are quadratures; their errors are estimated from other rules and added to every "
            "constant. sup||B w|| and phi_2 are proven bounds. Rounding is not enclosed."
        )
    elif c.table:
        found.append("All integrals are finite sums: exact up to rounding.")
    tail = float(getattr(kernel, "tail", 0.0))
    if tail > 0:
        found.append(
            f"The kernel is truncated, with nuclear norm {tail:.3g} left out: the certificate is for networks "
            "with the truncated kernel; `truncated_fixed_point` says how far h* is from that of the whole one."
        )
    return found


def number(x: float) -> str:
    """Four digits."""
    return "inf" if math.isinf(x) else f"{x:.4g}"


def _title(c: NetworkCertificate) -> str:
    return f"Certificate for {c.N:,} neurons at level delta = {c.delta:g}"


def _about(c: NetworkCertificate) -> list[str]:
    k = c.constants
    leading = k.eigenvalues[0]
    value = f"{leading.real:.3g}" + ("" if abs(leading.imag) < 1e-12 else f"{leading.imag:+.3g}i")
    if k.failed:
        return [_described(c), f"h*: norm {np.linalg.norm(k.h):.4g}, leading eigenvalue {value}."]
    kind = "stable" if k.stable else f"{int((k.eigenvalues.real > 0).sum())} unstable direction(s)"
    return [
        _described(c),
        f"h*: norm {np.linalg.norm(k.h):.4g}, {kind}, leading eigenvalue {value}.",
    ]


def _described(c: NetworkCertificate) -> str:
    model = c.constants.model
    kernel, space = model.kernel, model.kernel.space
    return (
        f"Model: {type(kernel).__name__} of rank {kernel.rank} on {type(space).__name__} "
        f"(d = {space.dimension}), phi = {_name(model.phi)}."
    )


def _name(phi: object) -> str:
    """Its repr, or its class where that would show an address."""
    shown = repr(phi)
    return type(phi).__name__ if " at 0x" in shown else shown


def _row(c: NetworkCertificate, k: int) -> tuple[str, str, str, str]:
    constant = c.table[k]
    return (
        constant.symbol,
        number(constant.value),
        constant.meaning,
        f"[{constant.label}; {_source(c, k)}]",
    )


def _source(c: NetworkCertificate, k: int) -> str:
    constant = c.table[k]
    if constant.accuracy == "estimate":
        return f"quadrature, error {constant.added:.1g} included"
    return MEANING[constant.accuracy]


def _columns(rows: Sequence[tuple[str, ...]], sides: str) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  "
        + "  ".join(
            f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


_SYMBOLS = (
    (r"\|\|", "‖"),
    (r"&lt;=", "≤"),
    (r"phi&#x27;&#x27;", "φ″"),
    (r"\bphi\b", "φ"),
    (r"\bphi_(\d)", r"φ<sub>\1</sub>"),
    (r"\b([Frh]\*?)_([N+-])", r"\1<sub>\2</sub>"),
    (r"\bR_([+-])", r"R<sub>\1</sub>"),
    (r"\bt_R\b", "t<sub>R</sub>"),
    (r"\bcN(_P)?\b", r"c<sub>N</sub>"),
    (r"\bKop_N\b", "K<sub>op,N</sub>"),
    (r"\bLa(_P)?\b", "Λ"),
    (r"\beps_2\b", "ε<sub>2</sub>"),
    (r"\b(eps)(_P)?\b", "ε"),
    (r"\bE([12])\b", r"E<sub>\1</sub>"),
    (r"\bD\^2F", "D²F"),
    (r"\bq_P\b", "q"),
    (r"\beta_gamma\b", "η<sub>γ</sub>"),
    (r"\beta\b", "η"),
    (r"\bgamma\b", "γ"),
    (r"\balpha\b", "α"),
    (r"\bzeta\b", "ζ"),
    (r"\bmu\(", "μ("),
    (r"\bdelta\b", "δ"),
    (r"(?<![\w.])-(?=\d)", "−"),
)


def _shown(cell: str) -> str:
    """Plain text with the book's letters in place of their names."""
    cell = escape(cell)
    for name, letter in _SYMBOLS:
        cell = re.sub(name, letter, cell)
    return cell


def _table(caption: str, heads: Sequence[str], rows: Sequence[tuple[str, ...]]) -> str:
    top = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    body = "".join(
        f'<tr><th scope="row">{_shown(row[0])}</th>'
        + "".join(f"<td>{_shown(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return (
        f'<table class="table"><caption>{_shown(caption)}</caption>'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    )
