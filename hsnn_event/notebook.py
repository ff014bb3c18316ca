"""HTML for notebooks: a title, facts, tables and small curves. Every text is escaped; colours are the page's own.

>>> card("Network", [("neurons", "4,000")])[:31]
'<div style="line-height:1.4"><b'
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

MOST_ROWS = 40
CURVE_WIDTH, CURVE_HEIGHT = 160, 28  # pixels

_CELL = "padding:2px 14px 2px 0;border-bottom:1px solid rgba(128,128,128,.25);vertical-align:middle;text-align:"
_HEAD = "padding:2px 14px 2px 0;border-bottom:1px solid rgba(128,128,128,.7);font-weight:600;text-align:"
_TABLE = "border-collapse:collapse;margin:6px 0;font-variant-numeric:tabular-nums"


class Curve(NamedTuple):
    """Values over time, drawn as a small filled curve from 0 (or from the lowest value: `from_zero` false)."""

    values: npt.NDArray[np.float64]
    from_zero: bool = True


class Table(NamedTuple):
    """Rows of cells under headings; a column whose first cell is a number or begins with a digit stands to the right."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


def card(title: str, facts: Iterable[tuple[str, object]], *tables: Table) -> str:
    """One representation: the title, the facts as one line, the tables below."""
    line = " · ".join(f"<span style='opacity:.65'>{escape(name)}</span> {_cell(value)}" for name, value in facts)
    body = "".join(_table(table) for table in tables if table.rows)
    return f'<div style="line-height:1.4"><b>{escape(title)}</b><div>{line}</div>{body}</div>'


def count(n: int | float) -> str:
    """A number of things.

    >>> count(298_880_941)
    '298,880,941'
    """
    return f"{round(n):,}"


def memory(n_bytes: float) -> str:
    """A number of bytes.

    >>> memory(1_234_567_890)
    '1.23 GB'
    """
    for factor, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if n_bytes >= factor:
            return f"{n_bytes / factor:.3g} {unit}"
    return f"{n_bytes:.0f} bytes"


def span(values: object, unit: str = "") -> str:
    """One number, or the least and the largest of several; anything else in its own words.

    >>> span([0.1, 3.0], "ms"), span(2.0)
    ('0.1 to 3 ms', '2')
    """
    if not isinstance(values, int | float | np.number | np.ndarray | list | tuple):
        return str(values)
    numbers = np.asarray(values)
    if not numbers.size or numbers.dtype.kind not in "iuf":
        return "none" if not numbers.size else str(values)
    low, high = float(numbers.min()), float(numbers.max())
    return f"{low:.4g}{'' if low == high or math.isnan(low) else f' to {high:.4g}'} {unit}".rstrip()


def _table(table: Table) -> str:
    right = [_is_number(cell) for cell in table.rows[0]]
    sides = ["right" if number else "left" for number in right]
    head = "".join(
        f"<th style='{_HEAD}{side}'>{escape(column)}</th>" for side, column in zip(sides, table.columns, strict=True)
    )
    rows = ""
    for row in table.rows[:MOST_ROWS]:
        cells = [f"<td style='{_CELL}{side}'>{_cell(cell)}</td>" for side, cell in zip(sides, row, strict=True)]
        rows += f"<tr>{''.join(cells)}</tr>"
    left_out = len(table.rows) - MOST_ROWS
    more = f"<div style='opacity:.65'>and {left_out} more</div>" if left_out > 0 else ""
    return f"<table style='{_TABLE}'><tr>{head}</tr>{rows}</table>{more}"


def _is_number(cell: object) -> bool:
    return isinstance(cell, int | float) or (isinstance(cell, str) and cell[:1].isdigit())


def _cell(cell: object) -> str:
    if isinstance(cell, Curve):
        return _curve(cell)
    return escape(f"{cell:.4g}" if isinstance(cell, float) else str(cell))


def _curve(curve: Curve) -> str:
    """An SVG of the page's text colour; values that are no numbers are gaps at the bottom."""
    values = np.asarray(curve.values, dtype=np.float64)
    finite = values[np.isfinite(values)]
    if values.size < 2 or not finite.size:
        return ""
    low = min(0.0, float(finite.min())) if curve.from_zero else float(finite.min())
    height = float(finite.max()) - low or 1.0
    shown = np.where(np.isfinite(values), values, low)
    xs = np.linspace(0.0, CURVE_WIDTH, values.size)
    ys = CURVE_HEIGHT - 1 - (shown - low) / height * (CURVE_HEIGHT - 2)
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))
    area = f"0,{CURVE_HEIGHT} {line} {CURVE_WIDTH},{CURVE_HEIGHT}"
    fill = f"<polygon points='{area}' fill='currentColor' opacity='.18'/>" if curve.from_zero else ""
    return (
        f"<svg width='{CURVE_WIDTH}' height='{CURVE_HEIGHT}' style='vertical-align:middle'>{fill}"
        f"<polyline points='{line}' fill='none' stroke='currentColor' stroke-width='1'/></svg>"
    )
