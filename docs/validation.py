"""The validation page: published and analytic numbers beside ours, measured by the functions that the tests use.

    python docs/validation.py            # measures all but the full microcircuit, writes validation.json and validation.md
    python docs/validation.py full       # measures the rows whose key begins so; the full microcircuit takes 2 GB

`validation.json` keeps our figures; tests/test_docs.py measures them again.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parent
FIGURES = DOCS / "validation.json"
PAGE = DOCS / "validation.md"
TEXT = DOCS / "validation.md.in"
sys.path[:0] = [str(DOCS), str(DOCS.parent / "tests")]


@dataclass(frozen=True)
class Row:
    """A number to compare with, and the range in which ours must lie; `unit` may be empty."""

    key: str
    what: str
    published: str
    low: float
    high: float
    unit: str
    digits: int
    measure: Callable[[], float]
    note: str = ""

    def cells(self, value: float) -> list[str]:
        """What is compared, with its unit; the published number; ours; a note."""
        what = f"{self.what} ({self.unit})" if self.unit else self.what
        ours = f"{value:.{self.digits}e}" if 0.0 < abs(value) < 1e-4 else f"{value:.{self.digits}f}"
        return [what, self.published, ours, self.note]


def near(
    key: str, what: str, value: float, within: float, unit: str, digits: int, measure: Callable[[], float], note: str = ""
) -> Row:
    """A row whose published number is `value`, from which ours may differ by `within`."""
    published = f"{value:.{digits}f}" if round(value, digits) == value else str(value)
    return Row(key, what, published, value - within, value + within, unit, digits, measure, note)


def sections() -> dict[str, list[Row]]:
    """The rows of every table, by the mark in the text at which it stands."""
    import validation_networks as networks
    import validation_neurons as neurons

    return {**neurons.sections(), **networks.sections()}


def rows() -> Iterable[Row]:
    for table in sections().values():
        yield from table


def measured(chosen: Sequence[str] = ()) -> dict[str, float]:
    """Our figures: those chosen (all but the full microcircuit's) measured now, the others as they were kept."""
    kept = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    figures = {}
    for row in rows():
        again = row.key.startswith(tuple(chosen)) if chosen else not row.key.startswith("full-")
        figures[row.key] = float(f"{row.measure():.12g}") if again else kept[row.key]
        print(" | ".join(row.cells(figures[row.key])), flush=True)
    return figures


HEADS = {
    "nest": ("neuron of NEST", "", "largest difference (mV, pA, nS)"),
    "full": ("population", "published", "hsnn_event"),
    "tenth": ("population", "NEST 3.10", "hsnn_event", "another published set"),
    "same": ("way", "", "spikes that differ"),
}
HEAD = ("quantity", "published or analytic", "hsnn_event", "")


def table(mark: str, figures: dict[str, float]) -> str:
    """The rows of a section; a column without a heading and one without an entry is left out."""
    cells = [list(HEADS.get(mark, HEAD)), *(row.cells(figures[row.key]) for row in sections()[mark])]
    cells[0] += [""] * (4 - len(cells[0]))
    hidden = mark in HEADS
    columns = [k for k in range(4) if cells[0][k] or (not hidden and any(row[k] for row in cells))]
    lines = ["| " + " | ".join(row[k] for k in columns) + " |" for row in cells]
    return "\n".join([lines[0], "|---" * len(columns) + "|", *lines[1:]])


def page(figures: dict[str, float]) -> str:
    """The text of the page."""
    text = TEXT.read_text(encoding="utf-8")
    for mark in sections():
        text = text.replace("{" + mark + "}", table(mark, figures))
    return text


def main(arguments: list[str]) -> None:
    """Measure, keep, write."""
    figures = measured(arguments)
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(figures), encoding="utf-8")


if __name__ == "__main__":
    sys.modules["validation"] = sys.modules["__main__"]
    main(sys.argv[1:])
