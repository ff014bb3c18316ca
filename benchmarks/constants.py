"""What the tuned constants of the package rest on: the measurements that benchmarks/README.md cites.

    python benchmarks/constants.py
    python benchmarks/constants.py --sections "kernel chunk" denormals
    python benchmarks/constants.py --sections "prefetch distance" --threads 2

All times are the least of many short repeats, taken in turns. Kernels are timed alone, as ns a neuron and step; their
neurons fire at about 4 Hz, out of step with each other, unless `--rate` says otherwise.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

import hsnn_event as hsnn
from hsnn_event.backends.numba import driver, engine, kernels, partition
from hsnn_event.backends.numba.crew import GONE
from hsnn_event.backends.numba.native import call
from hsnn_event.backends.protocol import Watch
from hsnn_event.lowering.ir import DENORMAL_CUT
from hsnn_event.lowering.program import lower

STEPS = 200  # a repeat
Place = Callable[[npt.NDArray[Any], int], npt.NDArray[Any]]  # (values, number of the array) -> a copy of them


def model_of(name: str, rate: float) -> Any:
    """A neuron that needs about 2 ms to fire and is then refractory, so that it fires at `rate` (Hz)."""
    common = {"t_ref": round(1000.0 / rate - 2.0, 1), "E_L": -60.0, "V_th": -50.0, "V_reset": -60.0, "I_e": 2500.0}
    if name == "lif_exp":
        return hsnn.models.lif_exp(**common, tau_syn=0.5)
    reversals, taus = {"exc": 0.0, "inh": -80.0}, {"exc": 5.0, "inh": 10.0}
    return hsnn.models.lif_cond_exp(**common, E_rev=reversals, tau_syn=taus)


class Bench:
    """One compiled kernel with arrays of its own."""

    def __init__(
        self, name: str, real: str, options: argparse.Namespace, place: Place | None = None,
        patch: Callable[[str, int], str] | None = None, silent: float = 0.0,
    ) -> None:  # fmt: skip
        """`patch` changes the kernel's text, given the number of states; `silent` is what all synapses start from."""
        net = hsnn.Network(dt=0.1, precision="single" if real == "float32" else "double")
        net.population("cells", options.neurons, model_of(name, options.rate))
        program = lower(net)
        plan, kernel = program.populations[0], program.kernels[0]
        where, n, rng = kernels.layout(kernel, frozenset()), options.neurons, np.random.default_rng(1)
        until = rng.integers(0, plan.constants["refractory_steps"], n).astype(np.int32)
        place = place or (lambda values, _: partition.aligned(values, values.dtype))
        self.states = [place(np.full(n, -60.0 if s == "v" else silent, real), k) for k, s in enumerate(kernel.states)]
        self.rest = [place(until if a == kernels.UNTIL else np.zeros(n, real), len(self.states) + k)
                     for k, a in enumerate(where.arrays[len(self.states):])]  # fmt: skip
        self.scratch, self.fired = np.zeros(n + 1, np.int32), np.zeros(n, np.int32)
        self.pointers = np.array([a.ctypes.data for a in (*self.states, *self.rest, self.scratch)])
        self.scalars = np.array([plan.constants[s] for s in where.scalars])
        self.silent, self.n, self.step = silent, n, 0
        text = kernels.source(kernel, real, frozenset()).replace("cache=True, ", "")
        self.code = compiled(patch(text, len(self.states)) if patch else text)

    def repeat(self) -> float:
        """ns a neuron and step."""
        if self.silent:
            for state in self.states[1:]:
                state[:] = self.silent
        began = time.perf_counter()
        n_fired = advance(self.code.kernel.address, self.pointers, self.scalars, self.n, self.step, STEPS, self.fired)
        self.step += STEPS
        assert n_fired >= 0
        return (time.perf_counter() - began) / STEPS / self.n * 1e9


@nb.njit
def advance(code, arrays, scalars, n, step, steps, fired):
    """Call a kernel `steps` times; gives the number of spikes."""
    total = 0
    for k in range(step, step + steps):
        total += call(code, arrays.ctypes.data, scalars.ctypes.data, n, k, fired.ctypes.data)
    return total


def compiled(text: str) -> ModuleType:
    """The module that a text makes; nothing is cached."""
    module = ModuleType("patched")
    exec(text, module.__dict__)
    return module


def shortest(benches: dict[str, Bench], repeats: int) -> dict[str, float]:
    """The least time of each, taken in turns."""
    best = dict.fromkeys(benches, float("inf"))
    for _ in range(repeats):
        for label, bench in benches.items():
            best[label] = min(best[label], bench.repeat())
    return best


def show(title: str, columns: list[str], lines: list[tuple[str, dict[str, float]]], unit: str) -> None:
    """A Markdown table."""
    print(f"\n## {title} ({unit})\n\n| | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for name, values in lines:
        print(f"| {name} | {' | '.join(f'{values[column]:.3f}' for column in columns)} |", flush=True)


@dataclass(frozen=True)
class Case:
    """A kernel in a precision."""

    name: str
    real: str

    def __str__(self) -> str:
        return f"{self.name}, {self.real}"


CASES = [Case(*each) for each in product(("lif_exp", "lif_cond_exp"), ("float64", "float32"))]


def kernel_chunk(options: argparse.Namespace) -> None:
    """CHUNK of backends/numba/kernels.py."""
    chunks, chosen, lines = (64, 128, 256, 512, 1024), kernels.CHUNK, []
    for case in CASES:
        benches = {}
        for kernels.CHUNK in chunks:
            benches[str(kernels.CHUNK)] = Bench(case.name, case.real, options)
        kernels.CHUNK = chosen
        lines.append((str(case), shortest(benches, options.repeats)))
    show("kernel chunk", list(map(str, chunks)), lines, "ns a neuron and step")


def placed(offset: Callable[[int], int]) -> Place:
    """Copies that begin `offset(k)` bytes into a page."""

    def place(values: npt.NDArray[Any], k: int) -> npt.NDArray[Any]:
        memory = np.empty(values.nbytes + 2 * partition.PAGE, np.uint8)
        start = -memory.ctypes.data % partition.PAGE + offset(k)
        array = memory[start : start + values.nbytes].view(values.dtype)
        array[:] = values
        return array

    return place


def alignment(options: argparse.Namespace) -> None:
    """`aligned` of backends/numba/partition.py."""
    places = {
        "line, staggered": placed(lambda k: 7 * driver.LINE * (k + 1) % partition.PAGE),
        "off by 16 bytes, staggered": placed(lambda k: 7 * driver.LINE * (k + 1) % partition.PAGE + 16),
        "line, all at one place of their pages": placed(lambda k: 0),
        "off by 16 bytes, all at one place": placed(lambda k: 16),
    }
    lines = []
    for case in CASES:
        benches = {label: Bench(case.name, case.real, options, place) for label, place in places.items()}
        lines.append((str(case), shortest(benches, options.repeats)))
    show("alignment", list(places), lines, "ns a neuron and step")


def cutting(text: str, n_states: int) -> str:
    """The kernel with a cut of denormals at every store of a state in the first loop."""
    cut = f"select(abs(\\2) < REAL({DENORMAL_CUT!r}), ZERO, \\2)"
    text, n = re.subn(rf"(?m)^( +c[0-{n_states - 1}]\[i\] =) (u\d+)$", rf"\1 {cut}", text)
    assert n == n_states
    return text


def denormals(options: argparse.Namespace) -> None:
    """CUT_EVERY of lowering/ir.py: the driver's cut every 128 steps costs a share of one step in 128."""
    lines = []
    for case in CASES:
        low = float(np.finfo(case.real).tiny) / 64
        benches = {
            "no cut": Bench(case.name, case.real, options),
            "cut in every step": Bench(case.name, case.real, options, patch=cutting),
            "no cut, synapses denormal": Bench(case.name, case.real, options, silent=low),
        }
        lines.append((str(case), shortest(benches, options.repeats)))
    show("denormals", list(lines[0][1]), lines, "ns a neuron and step")


def drivers(distances: tuple[int, ...]) -> Iterator[tuple[int, Any]]:
    """The driver's loop, compiled with other distances; 0 is none."""
    assert driver.__file__
    text = Path(driver.__file__).read_text(encoding="utf-8").replace(", cache=True", "")
    for distance in distances:
        changed, n = re.subn(r"(?m)^GROUPS_AHEAD = \d+", f"GROUPS_AHEAD = {distance or 1 << 40}", text)
        assert n == 1
        spec = importlib.util.spec_from_loader(f"driver_{distance}", None)
        assert spec is not None
        copy = importlib.util.module_from_spec(spec)
        exec(changed, copy.__dict__)
        copy.__dict__.update(Team=driver.Team, Spikes=driver.Spikes)  # the engine holds these
        yield distance, copy.__dict__["advance"]


def prefetch_distance(options: argparse.Namespace) -> None:
    """GROUPS_AHEAD of backends/numba/driver.py, on the microcircuit."""
    net = hsnn.networks.microcircuit(scale=options.scale, precision="single", threads=options.threads)
    net.run(200.0)
    loops = dict(drivers((0, 1, 2, 4, 8, 16)))
    times: dict[int, list[float]] = {distance: [] for distance in loops}
    chosen = engine.advance
    for k in range(options.runs + 1):
        for distance, loop in loops.items():
            engine.advance = loop
            factor = net.run(options.time).rtf
            if k:  # the first round compiles
                times[distance].append(factor)
    engine.advance = chosen
    values = {str(distance or "none"): min(factors) for distance, factors in times.items()}
    name = f"microcircuit, scale {options.scale:g}, constant drive, single"
    show("prefetch distance", list(values), [(name, values)], f"RTF, least of {options.runs}")


def threads(options: argparse.Namespace) -> None:
    """NEURONS_A_THREAD of simulation/engines.py, on small microcircuits."""
    lines = []
    for scale in (0.02, 0.05, 0.1, 0.2, 0.3):
        common = {"scale": scale, "drive": "poisson", "precision": "single"}
        nets = {str(n): hsnn.networks.microcircuit(**common, threads=n) for n in (1, 2)}
        best = dict.fromkeys(nets, float("inf"))
        for _ in range(options.runs):
            for label, net in nets.items():
                best[label] = min(best[label], net.run(options.time).rtf)
        n_neurons = sum(population.size for population in nets["1"].populations.values())
        lines.append((f"microcircuit, Poisson, {n_neurons} neurons", best))
    show("threads", ["1", "2"], lines, f"RTF, least of {options.runs}")


def crew(options: argparse.Namespace) -> None:
    """PATIENCE of backends/numba/crew.py: pieces of one step of a small network on two threads."""
    net = hsnn.Network(dt=0.1, threads=2)
    net.population("exc", 100, hsnn.models.lif_exp(I_e=400.0))
    net.run(10.0)
    running, watch = net._simulation.engine, Watch(np.zeros(1, np.bool_))
    team, times = running._crew, {"threads stay": float("inf"), "threads are woken": float("inf")}
    for _ in range(1000):
        for label in times:
            if label == "threads are woken":
                team.dismiss()
                time.sleep(0.001)
            began = time.perf_counter()
            running.advance(1, watch)
            times[label] = min(times[label], 1e6 * (time.perf_counter() - began))
            running.advance(1, watch)
    stays = []
    for _ in range(100):
        running.advance(1, watch)
        began = time.perf_counter()
        while running._team.posts[1, 0] != GONE:
            pass
        stays.append(1e6 * (time.perf_counter() - began))
    show("crew", [*times, "a thread stays"], [("us", {**times, "a thread stays": median(stays)})], "a piece")


SECTIONS = {
    "kernel chunk": kernel_chunk, "alignment": alignment, "denormals": denormals,
    "prefetch distance": prefetch_distance, "threads": threads, "crew": crew,
}  # fmt: skip


def main() -> None:
    """Print the tables asked for."""
    result = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = result.add_argument
    add("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    add("--neurons", type=int, default=8000, help="of a kernel")
    add("--rate", type=float, default=4.0, help="Hz, of a kernel's neurons")
    add("--repeats", type=int, default=100, help=f"of {STEPS} steps of a kernel")
    add("--scale", type=float, default=1.0, help="of prefetch distance")
    add("--time", type=float, default=200.0, metavar="MS", help="of a run of the microcircuit")
    add("--runs", type=int, default=12, help="of the microcircuit")
    add("--threads", type=int, default=1, help="of prefetch distance")
    options = result.parse_args()
    for section in options.sections:
        SECTIONS[section](options)


if __name__ == "__main__":
    main()
