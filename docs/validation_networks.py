"""Rows of the validation page about networks, and about what may not change a result."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import test_coupling as coupling
import test_coupling_parity as lattice
import test_validation_brunel as brunel
import test_validation_microcircuit as circuit
import test_validation_networks as brette
from validation import Row, near

import hsnn_event as hsnn

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

FULL = {"L23E": 0.903, "L23I": 2.965, "L4E": 4.414, "L4I": 5.876, "L5E": 7.569, "L5I": 8.633, "L6E": 1.105, "L6I": 7.829}
OTHER_TENTH = (0.75, 3.28, 4.76, 6.20, 6.55, 8.97, 1.10, 8.06)


def sections() -> dict[str, list[Row]]:
    return {"brette": brette2007(), "brunel": brunel2000(), "izhikevich2003": izhikevich2003(), "gaps": gaps(),
            "full": full(), "tenth": tenth(), "same": same()}  # fmt: skip


def brette2007() -> list[Row]:
    def mean(name: str, which: int) -> Callable[[], float]:
        return lambda: float(brette.rates_and_cvs(name, brette.START, brette.STOP, brette.LEAST[name])[which].mean())

    (cuba_rate, cuba_cv), (coba_rate, coba_cv), (exact_rate, exact_cv) = brette.PUBLISHED.values()
    over = "mean over 10 seeds"
    return [
        Row("cuba-rate", "CUBA: rate", "5.63 ± 0.23", *cuba_rate, "Hz", 2, mean("cuba", 0), over),
        Row("cuba-cv", "CUBA: CV of intervals", "0.62 to 0.66", *cuba_cv, "", 3, mean("cuba", 1), over),
        Row("coba-rate", "COBA: rate", "19.2 ± 1.1", *coba_rate, "Hz", 1, mean("coba", 0), over),
        Row("coba-cv", "COBA: CV of intervals", "1.70 to 1.77", *coba_cv, "", 3, mean("coba", 1), over),
        Row("hh-rate", "HH: rate", "38 to 46", *brette.HH_RATE, "Hz", 1, mean("hh", 0), over),
        Row("exact-rate", "benchmark 4, without a clock: rate", "9.8 ± 0.3", *exact_rate, "Hz", 2, mean("exact", 0), over),
        Row("exact-cv", "benchmark 4: CV of intervals", "0.463 to 0.479", *exact_cv, "", 3, mean("exact", 1), over),
    ]


def peak(state: str) -> float:
    """The frequency (Hz) above 8 Hz with the largest power."""
    frequency, power = brunel.spectrum(state)
    band = frequency > 8.0
    return float(frequency[band][np.argmax(power[band])])


def brunel2000() -> list[Row]:
    def rate(state: str) -> Callable[[], float]:
        return lambda: float(brunel.rates(state).mean())

    over = "mean over 3 seeds"
    return [
        Row("brunel-a", "A: rate", "326.5 (mean field)", 310.2, 342.8, "Hz", 1, rate("A"), over),
        Row("brunel-b", "B: rate", "55.841 (theory), 55 to 59", 55.0, 59.0, "Hz", 1, rate("B"), over),
        Row("brunel-b-peak", "B: oscillation", "180 to 185", 177.0, 188.0, "Hz", 0, lambda: peak("B"), "steps of 2.5 Hz"),
        Row("brunel-c", "C: rate", "37.950 (theory)", 36.0, 39.9, "Hz", 1, rate("C"), over),
        Row("brunel-d", "D: rate", "6.517 (theory), 5 to 6.5", 5.0, 6.6, "Hz", 2, rate("D"), over),
        Row("brunel-d-peak", "D: oscillation", "20", 15.0, 28.0, "Hz", 0, lambda: peak("D"), "steps of 1 Hz"),
    ]  # fmt: skip


def izhikevich2003() -> list[Row]:
    within = 3.0 * np.sqrt(2.0) * 166.0 / np.sqrt(20)
    return [Row("izhikevich2003", "spikes in the first second", "7533 ± 166", 7533 - within, 7533 + within, "", 0,
                lambda: float(np.mean(brunel.counts_of_2003())), "mean over 20 seeds")]  # fmt: skip


def gaps() -> list[Row]:
    over = "over 20 seeds"
    return [
        Row("gap-lattice", "lattice: spikes, mean", "931 to 974", 931, 974, "", 1,
            lambda: float(np.mean(lattice.lattice_counts())), over),
        Row("gap-lattice-sd", "lattice: spikes, standard deviation", "", 5, 15, "", 1,
            lambda: float(np.std(lattice.lattice_counts(), ddof=1)), over),
        *(near(f"gap-pair-{g}", f"two axons, {g} mS/cm2: largest difference in 50 ms", 0.0, 1e-3, "mV", 5,
               lambda g=g: coupling.pair_error(g, 50.0, "numba"))  # type: ignore[misc]
          for g in (0.1, 0.5)),
    ]  # fmt: skip


@cache
def large() -> dict[str, hsnn.SpikeData]:
    """The full microcircuit: 2 s after 500 ms, single precision."""
    net = hsnn.networks.microcircuit(seed=1, precision="single")
    for population in net.populations.values():
        net.record(population, "spikes")
    net.run(500.0)
    return dict(net.run(2000.0).spikes)


def full() -> list[Row]:
    return [
        near(f"full-{name}", name, value, 0.1 * value + 0.1, "Hz", 3, lambda name=name: float(large()[name].rate()))
        for name, value in FULL.items()
    ]


def tenth() -> list[Row]:
    table = []
    for (name, kinds), other in zip(circuit.NEST.items(), OTHER_TENTH, strict=True):
        theirs = float(np.mean([each.mean() for each in kinds["rate"]]))
        table.append(Row(f"tenth-{name}", name, f"{theirs:.3f}", 0.9 * theirs, 1.1 * theirs, "Hz", 3,
                         lambda name=name: float(circuit.mean_rate(circuit.ours(), name)), f"{other:.2f}"))  # fmt: skip
    return table


def network(threads: int, traces: bool, short: bool) -> hsnn.Network:
    """Random connections with delays of 1.5 ms, driven; `short` adds a pair of its own with a delay of 0.1 ms."""
    net = hsnn.Network(dt=0.1, seed=5, threads=threads)
    cells = net.population("cells", 2000, hsnn.models.lif_exp(tau_syn=2.0))
    net.connect(cells, cells, hsnn.connect.bernoulli(0.1), weight=hsnn.random.normal(-20.0, 5.0), delay=1.5)
    net.drive(cells, hsnn.stimuli.poisson(8000.0), weight=40.0)
    net.record(cells, "spikes")
    if traces:
        net.record(cells, "v", every=1.0)
    if short:
        pair = net.population("pair", 2, hsnn.models.lif_delta())
        net.connect(pair, pair, hsnn.connect.one_to_one(), weight=1.0, delay=0.1)
    return net


def run(
    threads: int = 1, pieces: int = 1, traces: bool = False, short: bool = False, reload: bool = False
) -> tuple[FloatArray, IntArray]:
    """Times and ids of the spikes of 60 ms, in one of the ways that should not matter."""
    net = network(threads, traces, short)
    parts = []
    for _ in range(pieces):
        parts.append(net.run(60.0 / pieces).spikes["cells"])
        if reload:
            with tempfile.TemporaryDirectory() as folder:
                net.save(Path(folder) / "network.h5")
                net = hsnn.Network.load(Path(folder) / "network.h5")
    return np.concatenate([part.times for part in parts]), np.concatenate([part.ids for part in parts])


def same() -> list[Row]:
    def differing(**ways: int | bool) -> float:
        """How many spikes are not those of the plain run."""
        (times, ids), (others, other_ids) = run(), run(**ways)
        if len(times) != len(others):
            return float(abs(len(times) - len(others)))
        return float(((times != others) | (ids != other_ids)).sum())

    def row(key: str, what: str, **ways: int | bool) -> Row:
        return near(key, what, 0, 0, "", 0, lambda: differing(**ways))

    return [
        row("same-threads", "2 threads instead of 1", threads=2),
        row("same-pieces", "3 runs of 20 ms instead of one of 60", pieces=3),
        row("same-traces", "traces recorded too", traces=True),
        row("same-reload", "saved, loaded and gone on with every 20 ms", pieces=3, reload=True),
        row("same-delay", "the smallest delay of the network 0.1 instead of 1.5 ms", short=True),
    ]
