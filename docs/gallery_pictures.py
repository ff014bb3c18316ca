"""The pictures of the gallery, and the rates in them, measured by the public names alone."""

from __future__ import annotations

import os
import runpy
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import hsnn_event as hsnn

if TYPE_CHECKING:
    from gallery import Cell, Entry
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from hsnn_event.recording import StateData

ONSET, SETTLED, END = 20.0, 500.0, 2500.0  # ms: the current sets in, rates are counted from, to
REST, EVENT, AFTER = 300.0, 10.0, 60.0  # ms: a neuron comes to rest; from there an event arrives, the picture ends
PEAK = 30.0  # mV: how far up the line of a spike goes whose upstroke a reset hides
FLOOR = -130.0  # mV: no trace is shown below
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")  # Okabe and Ito's
SOURCE_CALLS = (
    "poisson(50.0)",
    "regular(25.0, jitter=1.0)",
    "bursting(4, 5.0, 60.0)",
    "spike_source([50.0, 100.0, 150.0, 200.0, 250.0], range(5))",
    "binary()",
)


def firing(
    cell: Cell, currents: NDArray[np.float64], end: float, dt: float, backend: str = "numba"
) -> tuple[hsnn.SpikeData, StateData]:
    """The spikes of a neuron for each current, and the potential of the last one."""
    net = hsnn.Network(dt=dt, seed=1, threads=1, backend=backend)
    cells = net.population("cells", currents.size, cell.model())
    net.drive(cells, hsnn.stimuli.current(currents, start=ONSET))
    net.record(cells, "spikes")
    net.record(cells[currents.size - 1 :], "v")
    result = net.run(end)
    return result.spikes["cells"], result.states["cells"]["v"]


def rates(spikes: hsnn.SpikeData, start: float) -> NDArray[np.float64]:
    """One over the mean interval of each neuron after `start`, in Hz; 0 for less than two spikes."""
    late = spikes.window(start, spikes.t_stop)
    times = [late.times[late.ids == neuron] for neuron in spikes.neurons]
    return np.array([1000.0 * (each.size - 1) / (each[-1] - each[0]) if each.size > 1 else 0.0 for each in times])


def response(model: hsnn.NeuronModel, receptor: str, weight: float, dt: float) -> StateData:
    """The potential of a neuron at rest about one event."""
    net = hsnn.Network(dt=dt, seed=1, threads=1)
    cell = net.population("cell", 1, model)
    net.drive(cell, hsnn.stimuli.spikes([REST + EVENT - dt]), weight=weight, receptor=receptor, delay=dt)
    net.record(cell, "v")
    return net.run(REST + AFTER).states["cell"]["v"]


def draw(entry: Entry, path: Path) -> None:
    """f-I curve, a trace for each cell, and what an event does."""
    from hsnn_event.analysis.plots import figure

    models = [cell.model() for cell in entry.cells]
    rows = len(models)
    drawing = figure(9.0 if entry.weight else 7.5, max(2.4, 0.75 * rows + 0.6))
    grid = drawing.add_gridspec(rows, 3 if entry.weight else 2, width_ratios=(3, 4, 3) if entry.weight else (3, 4))
    curve = drawing.add_subplot(grid[:, 0])
    unit = models[0].units.get("I", "")
    curve.set(xlabel=f"I ({unit})" if unit else "I", ylabel="rate (Hz)")
    for row, (cell, model) in enumerate(zip(entry.cells, models, strict=True)):
        currents = np.append(np.linspace(cell.low, cell.high, 50), cell.example)
        spikes, v = firing(cell, currents, END, entry.dt)
        curve.plot(currents[:-1], rates(spikes, SETTLED)[:-1], color=COLORS[row], linewidth=1.3)
        trace = drawing.add_subplot(grid[row, 1])
        _draw_trace(trace, model, v, spikes[currents.size - 1].times, entry.time, COLORS[row])
        told = f"{cell.label}, " if cell.label else ""
        trace.set_title(f"{told}I = {cell.example:g} {unit}".strip(), fontsize=9, color=COLORS[row])
        trace.tick_params(labelbottom=row == rows - 1)
    trace.set_xlabel("time (ms)")
    curve.set(xlim=(min(c.low for c in entry.cells), max(c.high for c in entry.cells)), ylim=(0, None))
    if entry.weight:
        _draw_event(drawing.add_subplot(grid[:, 2]), models[0], entry)
    for ax in drawing.axes:
        ax.spines[["top", "right"]].set_visible(False)
    drawing.savefig(path, dpi=80)


def _draw_trace(
    ax: Axes, model: hsnn.NeuronModel, v: StateData, spikes: NDArray[np.float64], end: float, color: str
) -> None:
    shown = v.times <= end
    ax.plot(v.times[shown], v.values[shown, 0], color=color, linewidth=0.9)
    if model.reset:
        times = spikes[spikes <= end]
        before = v.values[np.maximum(np.searchsorted(v.times, times - 1e-9) - 1, 0), 0]
        ax.vlines(times, before, PEAK, color=color, linewidth=0.9)
    ax.plot([ONSET], [0.0], "^", color="gray", markersize=5, clip_on=False, transform=ax.get_xaxis_transform())
    unit = model.units.get("v", "")
    ax.set(xlim=(0, end), ylim=(max(FLOOR, ax.get_ylim()[0]), None), ylabel=f"v ({unit})" if unit else "v")


def _draw_event(ax: Axes, model: hsnn.NeuronModel, entry: Entry) -> None:
    for color, receptor in zip(COLORS, model.receptors, strict=False):
        v = response(model, receptor, entry.weight, entry.dt)
        ax.plot(v.times - REST, v.values[:, 0], color=color, linewidth=1.3, label=receptor)
    ax.set(xlim=(0, AFTER), xlabel="time (ms)", ylabel=f"v ({model.units['v']})")
    state = next(iter(model.receptors[receptor]))
    ax.set_title(f"an event of {entry.weight:g} {model.units.get('weight', model.units[state])}", fontsize=9)
    if len(model.receptors) > 1:
        ax.legend(frameon=False, fontsize=9)


def draw_sources(path: Path) -> None:
    """Spikes of five neurons of each source, one row a neuron."""
    from hsnn_event.analysis.plots import figure

    net = hsnn.Network(dt=1.0, seed=1, threads=1)
    drawing = figure(7.5, 3.2)
    ax = drawing.add_subplot()
    names = []
    for call in SOURCE_CALLS:
        names.append(call.split("(")[0])
        source = net.population(names[-1], 5, eval(f"hsnn.models.{call}", {"hsnn": hsnn, "range": range}))
        net.record(source, "spikes")
    net.drive(net["binary"], hsnn.stimuli.current(1.0, start=100.0, stop=200.0))
    result = net.run(300.0)
    for row, name in enumerate(names):
        spikes = result.spikes[name]
        ax.eventplot([spikes[k].times for k in range(5)], lineoffsets=[6.0 * row + k for k in range(5)], linelengths=0.8,
                     linewidths=1.0, colors=COLORS[row])  # fmt: skip
    ax.set(xlim=(0, 300), xlabel="time (ms)", yticks=6 * np.arange(len(names)) + 2, yticklabels=names)
    ax.spines[["top", "right"]].set_visible(False)
    drawing.savefig(path, dpi=80)


def draw_patterns(path: Path) -> None:
    """The picture of the example."""
    import matplotlib
    from matplotlib import pyplot

    matplotlib.use("agg")
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            runpy.run_path(str(Path(__file__).parents[1] / "examples" / "izhikevich_patterns.py"))
        finally:
            os.chdir(before)
        pyplot.gcf().savefig(path, dpi=60)
    pyplot.close("all")
