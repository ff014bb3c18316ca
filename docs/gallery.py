"""The model gallery: every neuron of `hsnn.models`, told and drawn from the library itself.

    python docs/gallery.py               # writes gallery.md and draws all pictures
    python docs/gallery.py adex gif      # writes gallery.md and draws these pictures
    python docs/gallery.py text          # writes gallery.md
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import hsnn_event as hsnn
from hsnn_event.lowering.integrators import choose
from hsnn_event.lowering.system import system_of

DOCS = Path(__file__).parent
PAGE = DOCS / "gallery.md"
sys.path[:0] = [str(DOCS)]


@dataclass(frozen=True)
class Cell:
    """A neuron and the constant currents, in its own unit, that show what it does."""

    call: str  # after "hsnn.models."
    high: float  # the f-I curve goes up to here
    example: float  # the current of the trace
    low: float = 0.0
    label: str = ""

    def model(self) -> hsnn.NeuronModel:
        made: hsnn.NeuronModel = eval(f"hsnn.models.{self.call}", {"hsnn": hsnn})
        return made


@dataclass(frozen=True)
class Entry:
    """A section: one function of `hsnn.models`, as one neuron or as several that differ in their parameters."""

    name: str
    cells: tuple[Cell, ...]
    time: float = 200.0  # of the trace, ms
    weight: float = 0.0  # of the event whose effect is drawn; 0 for no such panel
    dt: float = 0.1
    note: str = ""


def one(name: str, high: float, example: float, low: float = 0.0, arguments: str = "", **more: object) -> Entry:
    """An entry of one neuron, with default values unless `arguments` are given."""
    return Entry(name, (Cell(f"{name}({arguments})", high, example, low),), **more)  # type: ignore[arg-type]


IZHIKEVICH_2007 = (("RS", 600, 100), ("IB", 1000, 500), ("CH", 600, 250), ("LTS", 500, 150), ("FS", 400, 120),
                   ("TC", 600, 100), ("RTN", 600, 150))  # fmt: skip
MORRIS_LECAR = (("II", 0, 250, 100), ("I", 0, 140, 45), ("homoclinic", 30, 50, 40))
BUILT = (
    "membrane(v=-70.0) + hsnn.channels.leak(g_L=0.1, E_L=-70.0) + hsnn.channels.sodium_traub_miles(g_Na=50.0, V_T=-56.2)"
    " + hsnn.channels.potassium_traub_miles(g_K=5.0, V_T=-56.2) + hsnn.channels.m_current()"
)
CUT = (
    "Within the step of a spike v can pass V_peak by any amount. The equations read it cut there, and the exponential is "
    "at most e^50: so nothing becomes infinite, and no other state jumps with it."
)
GALLERY = {
    "Integrate and fire": (
        one("lif_delta", 1000, 450, weight=1.0),
        one("lif_exp", 1000, 450, weight=100.0),
        one("lif_alpha", 1000, 450, weight=100.0),
        one("lif_dexp", 1000, 450, weight=100.0),
        one("lif_cond_exp", 1000, 300, weight=10.0),
        one("lif_cond_alpha", 1000, 300, weight=10.0),
        one("lif_cond_dexp", 1000, 300, weight=10.0,
            note="The default time constants of a receptor are equal, so what is drawn is an alpha function."),
        one("adaptive_lif", 2000, 900, weight=100.0, time=400.0),
        one("qif", 500, 200, weight=1.0),
        one("eif", 1000, 100, weight=100.0, note=CUT),
        one("adex", 2000, 900, weight=10.0, time=400.0, note=CUT),
        one("gif", 300, 130, weight=10.0, time=500.0, note="It fires by chance: the curve is one draw, of two seconds."),
    ),
    "Izhikevich's models": (
        one("izhikevich", 30, 10),
        Entry("izhikevich2007", tuple(Cell(f'izhikevich2007("{cell}")', high, example, label=cell)
                                      for cell, high, example in IZHIKEVICH_2007), time=300.0,
              note="The equations and the method are those of `RS`; what other cells change in them is said above."),
        one("leaky_izhikevich", 60, 30, low=20,
            note="Below about 17 mV/ms v runs away to thousands of mV below rest after each spike, how far depends on dt; "
                 "the curve begins above. So does v at first, until spikes have lifted u: the trace is cut there."),
    ),
    "Two variables": (
        one("fitzhugh_nagumo", 1.6, 0.5),
        Entry("morris_lecar", tuple(Cell(f'morris_lecar(type="{kind}")', high, example, low, label=kind)
                                    for kind, low, high, example in MORRIS_LECAR), time=500.0, dt=0.05),
    ),
    "Ion channels": (
        one("hodgkin_huxley", 70, 10, dt=0.05, time=100.0,
            note="Above 62 uA/cm2 its potential still swings, up to about 150 uA/cm2, but no longer through V_th = 0 mV."),
        one("traub_miles", 1500, 300, dt=0.05, weight=10.0),
        one("wang_buzsaki", 10, 1, dt=0.05),
        Entry("membrane", (Cell(BUILT, 6, 1.5),), dt=0.05, time=500.0,
              note="What is shown is a neuron built on it, `{call}`: the regular spiking cell of Pospischil et al. "
                   "(2008), Biol. Cybern. 99:427, whose M current slows its firing."),
    ),
}  # fmt: skip
SOURCES = ("poisson", "regular", "bursting", "spike_source", "binary")

HEAD = """# Model gallery

The neurons of `hsnn.models`. Equations, values and units on this page are what the library says (`print(model)` shows
the same), and the pictures are made by running it: `python docs/gallery.py`.

Left: the rate, one over the mean interval between spikes after 500 ms, against a constant current. Next: the potential as
the current sets in at the time of the mark; where a reset hides the upstroke, a line up to 30 mV stands for the spike.
Right, where there is one: what a single event at 10 ms does to a neuron at rest, through each of its receptors.

How these texts become a neuron, and how to write your own, is told in [models of your own](models.md).
"""
PATTERNS = """### izhikevich_pattern

{prose}

![The twenty patterns: potential above, current below](pictures/gallery-izhikevich_pattern.png)

Names, in the order of the picture: {names}.

`pattern = hsnn.models.izhikevich_pattern("tonic_spiking")` has `model`, `current`, `dt`, `duration` and `method`; the
picture is drawn by `examples/izhikevich_patterns.py`. Sixteen patterns are properties of the equations. Spike latency,
bistability, the depolarizing after-potential and inhibition-induced bursting need the scheme and the step of the figure: an
accurate method shows others.
"""
SOURCES_HEAD = """## Sources, and units without a potential

![Rows of spikes: by chance, regular, in bursts, as listed, while an input lasts](pictures/gallery-sources.png)

From below, five neurons each: `{calls}`; the last with an input of 1 from 100 to 200 ms, in steps of 1 ms.
"""


def page() -> str:
    """The text of the page."""
    return "\n".join([HEAD, *_body()])


def _body() -> Iterator[str]:
    for heading, entries in GALLERY.items():
        yield f"## {heading}\n"
        for entry in entries:
            yield section(entry)
        if heading.startswith("Izhikevich"):
            names = ", ".join(f"`{name}`" for name in hsnn.models.IZHIKEVICH_PATTERNS)
            yield PATTERNS.format(prose=prose("izhikevich_pattern"), names=names)
    from gallery_pictures import SOURCE_CALLS

    yield SOURCES_HEAD.format(calls="`, `".join(SOURCE_CALLS))
    for name in SOURCES:
        yield f"### {name}\n\n{prose(name)}\n"


def section(entry: Entry) -> str:
    """Heading, meaning, picture, equations, values, receptors and method of one function of the library."""
    models = [cell.model() for cell in entry.cells]
    first = models[0]
    parts = [f"### {entry.name}", prose(entry.name)]
    if entry.note:
        parts.append(entry.note.format(call=f"hsnn.models.{entry.cells[0].call}"))
    parts.append(f"![Rate against current, and traces, of {entry.name}](pictures/gallery-{entry.name}.png)")
    parts.append("```text\n" + equations(first) + "\n```")
    parts.append(parameters(models, [cell.label for cell in entry.cells]))
    receptors = ", ".join(f"`{name}`" for name in first.receptors) or "none"
    method = choose(system_of(first, ("I",)), "auto")
    parts.append(f"Receptors: {receptors}. Method by default: `{method}`.")
    return "\n\n".join(parts) + "\n"


def prose(name: str) -> str:
    """The docstring, but its examples and the errors that it raises, as Markdown."""
    paragraphs = (inspect.getdoc(getattr(hsnn.models, name)) or "").split("\n\n")
    text = "\n\n".join(each for each in paragraphs if not each.startswith(">>>"))
    text = re.sub(r"\s*\bRaises (.|\n)*?(?=\n\n|\Z)", "", text)
    text = re.sub(r"(?<!\n) *\n *(?!\n|- )", " ", text)  # where its lines end is of no account
    pieces = re.split(r"(`[^`]*`)", text)  # outside of code `*` and `<` are no markup
    pieces[::2] = [piece.replace("*", r"\*").replace("<", "&lt;") for piece in pieces[::2]]
    return "".join(pieces)


def equations(model: hsnn.NeuronModel) -> str:
    """What the model says, without the values, which have a table."""
    statements = model.equations().split("\n  parameters\n")[0].splitlines()[1:]
    return inspect.cleandoc("\n".join(statements))


def parameters(models: list[hsnn.NeuronModel], labels: list[str]) -> str:
    """A table of parameters and inputs: a column of values, or one for each model where they differ in some."""
    names = [*models[0].parameters, *models[0].inputs]
    lines = [["parameter or input", *(f"`{label}`" if label else "default" for label in labels), "unit"]]
    for name in names:
        values = [f"{float({**model.parameters, **model.inputs}[name]):g}" for model in models]  # type: ignore[arg-type]
        units = dict.fromkeys(model.units.get(name, "") for model in models)
        lines.append([f"`{name}`", *values, " or ".join(units)])
    rows = ["| " + " | ".join(row) + " |" for row in lines]
    return "\n".join([rows[0], "|---" * len(lines[0]) + "|", *rows[1:]])


def main(chosen: list[str]) -> None:
    """Write the page, and draw."""
    from gallery_pictures import draw, draw_patterns, draw_sources

    PAGE.write_text(page(), encoding="utf-8")
    drawn = {entry.name: lambda path, entry=entry: draw(entry, path) for entries in GALLERY.values() for entry in entries}
    for name, to in {**drawn, "izhikevich_pattern": draw_patterns, "sources": draw_sources}.items():
        if not chosen or name in chosen:
            to(DOCS / "pictures" / f"gallery-{name}.png")
            print(name, flush=True)


if __name__ == "__main__":
    sys.modules["gallery"] = sys.modules["__main__"]
    main(sys.argv[1:])
