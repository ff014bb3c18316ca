"""What a notebook shows of results: counts, rates, and small curves of them over time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from hsnn_event.notebook import Curve, Table, card, count, memory, span

if TYPE_CHECKING:
    from hsnn_event.recording.result import Result
    from hsnn_event.recording.spikes import SpikeData
    from hsnn_event.recording.states import StateData

CURVE_BINS = 80
MOST_CURVES = 5


def of_spikes(spikes: SpikeData) -> str:
    """Number, window, rate, rate over time."""
    facts = [
        ("spikes", count(len(spikes))),
        ("neurons", count(spikes.n_neurons)),
        ("window", f"({spikes.t_start:g}, {spikes.t_stop:g}] ms"),
        ("rate", f"{spikes.rate():.4g} Hz"),
        ("memory", memory(spikes.times.nbytes + spikes.ids.nbytes)),
    ]
    return card("SpikeData", facts, Table(("rate over time",), [(_rate_curve(spikes),)]))


def of_states(data: StateData) -> str:
    """Number of samples, range, the first few neurons over time."""
    n_times, n_neurons = data.values.shape
    facts = [("times", count(n_times)), ("neurons", count(n_neurons))]
    if n_times:
        facts += [("window", f"{span(data.times)} ms"), ("values", span(data.values))]
    facts.append(("memory", memory(data.values.nbytes)))
    thinned = np.linspace(0, n_times - 1, min(n_times, 2 * CURVE_BINS)).astype(int)
    rows = [
        (int(neuron), span(data.values[:, place]), Curve(data.values[thinned, place], from_zero=False))
        for place, neuron in enumerate(data.ids[:MOST_CURVES])
        if n_times
    ]
    return card("StateData", facts, Table(("neuron", "range", "over time"), rows))


def of_result(result: Result) -> str:
    """Window, speed; the spikes of each population; the records; the seconds of each phase."""
    facts = [("window", f"({result.t_start:g}, {result.t_stop:g}] ms"), ("RTF", f"{result.rtf:.3g}")]
    facts += [(phase, f"{seconds:.3g} s") for phase, seconds in result.timing.items()]
    spikes = [
        (name, count(held.n_neurons), count(len(held)), f"{held.rate():.4g}", _rate_curve(held))
        for name, held in result.spikes.items()
    ]
    states = [
        (record.name, variable, count(data.ids.size), count(data.times.size), span(data.values))
        for record, held in result.records.items()
        if isinstance(held, Mapping)
        for variable, data in held.items()
    ]
    return card(
        "Result",
        facts,
        Table(("population", "neurons", "spikes", "rate (Hz)", "rate over time"), spikes),
        Table(("record", "variable", "neurons", "times", "values"), states),
    )


def _rate_curve(spikes: SpikeData) -> Curve:
    duration = spikes.t_stop - spikes.t_start
    if not duration > 1e-6 or not spikes.n_neurons:
        return Curve(np.empty(0))
    return Curve(spikes.rate(bin=duration / CURVE_BINS))
