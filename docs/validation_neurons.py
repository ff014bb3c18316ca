"""Rows of the validation page about single neurons."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import test_validation_nest as nest
import test_validation_neurons as neurons
import test_validation_rates as rates
from validation import Row, near

import hsnn_event as hsnn

FloatArray = npt.NDArray[np.float64]


def sections() -> dict[str, list[Row]]:
    return {"leaky": leaky(), "nest": against_nest(), "izhikevich": izhikevich(), "own": own()}


def lif(I_e: float) -> hsnn.NeuronModel:
    return hsnn.models.lif_delta(C_m=250.0, tau_m=10.0, E_L=0.0, V_th=15.0, V_reset=0.0, t_ref=2.0, I_e=I_e)


def rate(current: float) -> float:
    """Hz, from the mean interval on a grid of 0.001 ms."""
    net, _ = neurons.single(lif(current), dt=0.001)
    return 1000.0 / float(np.diff(net.run(200.0).spikes["cell"].times).mean())


def first_spike() -> float:
    dt = 2.0**-19
    net, cell = neurons.single(lif(1000.0), dt)
    cell.set(v=40.0 * (1.0 - np.exp(-0.45)))  # where it is at 4.5 ms
    return 4.5 + float(net.run(0.25).spikes["cell"].times[0])


def exact_spike() -> float:
    """Without a clock."""
    net = hsnn.Network(dt=None)
    net.record(net.population("cell", 1, lif(1000.0)), "spikes")
    return float(net.run(5.0).spikes["cell"].times[0])


@cache
def grid() -> tuple[FloatArray, float]:
    """On a grid of 0.1 ms, from -70 mV: the trace, and the first spike."""
    net, cell = neurons.single(hsnn.models.lif_exp(E_L=-70.0, V_th=-55.0, I_e=1000.0))
    trace = net.record(cell, "v")
    result = net.run(6.0)
    return result[trace]["v"].values[:, 0], float(result.spikes["cell"].times[0])


DT = 0.05  # ms: the grid under noise
DECAY = float(np.exp(-DT / rates.TAU))
CHANGE = float(rates.SIGMA * np.sqrt((1.0 - DECAY**2) / 2.0))  # standard deviation of what a step's noise does to v, mV


def noisy() -> float:
    """The rate (Hz) under white noise."""
    net, cells = rates.network(DT, 1000, mu=15.0)
    net.drive(cells, hsnn.stimuli.noise(CHANGE / (1.0 - DECAY)))
    net.run(100.0)
    return float(net.run(1000.0).spikes["cells"].rate())


def leaky() -> list[Row]:
    table = [
        near(f"rate-{current:g}", f"rate at {current:g} pA", value, 0.001 * value, "Hz", 4,
             lambda I_e=current: rate(I_e), "analytic")
        for current, value in ((400.0, 33.6407), (500.0, 63.0400), (1000.0, 149.2529))
    ]  # fmt: skip
    table.append(near("first-spike", "first spike at 1000 pA", 4.700036292457356, 2e-6, "ms", 6, first_spike, "analytic"))
    table.append(
        near("exact-spike", "the same without a clock", 4.700036292457356, 1e-11, "ms", 11, exact_spike, "analytic")
    )
    table += [
        near(f"trace-{k}", f"v at {0.1 * (k + 1):.1f} ms", value, 1e-4, "mV", 4,
             lambda k=k: float(grid()[0][k]), "NEST")
        for k, value in enumerate((-69.602, -69.2079, -68.8178))
    ]  # fmt: skip
    table.append(near("trace-spike", "first spike of this trace", 4.8, 1e-9, "ms", 1, lambda: grid()[1], "NEST"))
    table.append(near("siegert", "Siegert's formula, mu 15 mV, sigma sqrt(1.5) mV", 27.1095934379, 1e-9, "Hz", 10,
                      lambda: rates.siegert(15.0, rates.SIGMA), "analytic"))  # fmt: skip
    on_grid = rates.siegert(15.0, rates.SIGMA, rates.THETA + rates.SHIFT * CHANGE, rates.V_RESET)
    table.append(Row("noise", "1000 neurons under that noise, 1 s, steps of 0.05 ms", f"{on_grid:.2f}", 0.985 * on_grid,
                     1.015 * on_grid, "Hz", 2, noisy, "Siegert, for the grid"))  # fmt: skip
    return table


CASES = {"different": "tau_syn other than tau_m", "as_membrane": "tau_syn = tau_m", "undriven": "silent", "driven": "firing"}


@cache
def largest_difference(case: str, method: str) -> float:
    """The largest difference of any recorded state from NEST's, or infinity if a spike differs."""
    traces, spikes = nest.simulated(case, method)
    if not np.array_equal(spikes, nest.GOLDEN[f"{case}.spikes"].round(1)):
        return np.inf
    return max(float(abs(values - nest.GOLDEN[f"{case}.{name}"]).max()) for name, values in traces.items())


def against_nest() -> list[Row]:
    def row(case: str, method: str, bound: float) -> Row:
        model, *kind = case.split(".")
        what = ", ".join([f"`{model}`", *(CASES[each] for each in kind)])
        return Row(f"nest-{case}", what, "0", 0.0, bound, "", 1, lambda: largest_difference(case, method))

    exact = [row(case, "auto", nest.EXACT) for case in nest.LINEAR]
    return exact + [row(case, "rk4", nest.FOURTH_ORDER) for case in nest.CONDUCTANCE]


def izhikevich() -> list[Row]:
    def spikes(name: str, dt: float, method: str) -> FloatArray:
        return neurons.izhikevich_spikes({"RS": neurons.REGULAR, "FS": neurons.FAST}[name], dt, method)

    scheme, true = (1.0, "izhikevich2003"), (0.01, "rk4")
    what = "regular spiking, scheme of 2003: spikes in 1 s"
    table = [near("rs-2003", what, 20, 0, "", 0, lambda: len(spikes("RS", *scheme)))]
    table += [
        near(f"rs-2003-{k}", f"its spike number {k + 1}", time, 0, "ms", 0, lambda k=k: float(spikes("RS", *scheme)[k]))
        for k, time in enumerate((4, 31, 79, 141))
    ]
    table.append(near("rs-true", "regular spiking, accurate", 23, 0, "", 0, lambda: len(spikes("RS", *true))))
    table.append(near("fs-2003", "fast spiking, scheme of 2003", 63, 2, "", 0, lambda: len(spikes("FS", *scheme)),
                      "chaotic: the last bit of a sum decides between 63 and 65"))  # fmt: skip
    table.append(near("fs-true", "fast spiking, accurate", 137, 0, "", 0, lambda: len(spikes("FS", *true))))
    return table


def axons(currents: FloatArray, duration: float) -> hsnn.SpikeData:
    """Spikes of the squid axon, at rest until a current begins."""
    import validation_axons as axon

    net = hsnn.Network(dt=0.01, threads=1)
    cells = net.population("cells", len(currents), axon.hodgkin_huxley(currents), method="rk4")
    cells.set(v=axon.REST)
    net.record(cells, "spikes")
    return net.run(duration).spikes["cells"]


def rheobase() -> float:
    currents = np.arange(2.2300, 2.2500, 0.0001)
    return float(currents[axons(currents, 60.0).rates() > 0][0])


def sustained() -> float:
    currents = np.arange(6.20, 6.32, 0.002)
    spikes = axons(currents, 1500.0).window(1400.0, 1500.0)
    return float(currents[spikes.rates() > 0][0])


def own() -> list[Row]:
    import validation_axons as axon

    return [
        near("hh-rest", "Hodgkin-Huxley: rest", -64.99638, 1e-5, "mV", 5, axon.hodgkin_huxley_rest),
        near("hh-rheobase", "least current for one spike", 2.2403, 2e-4, "uA/cm2", 4, rheobase),
        near("hh-sustained", "least current for lasting firing", 6.2602, 0.01, "uA/cm2", 3, sustained),
        near("ml-rest", "Morris-Lecar, type II: rest", -60.855, 1e-3, "mV", 3, axon.morris_lecar_rest),
        near("ml-rate", "rate at 100 uA/cm2", 11.7246, 0.005, "Hz", 4, axon.morris_lecar_rate),
    ]
