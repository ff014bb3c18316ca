"""Rules of distance with as many synapses as asked, 100 a neuron of a periodic sheet: seconds from `connect` to the first
step, the seconds of the rule alone in it, and the peak memory of the process. Each case in a process of its own. Linux.

    python benchmarks/space.py --neurons 1000000 --degree 100 --threads 2
"""

from __future__ import annotations

import math
import time
from typing import Any

from connections import GIB, Measured, memory
from random_graphs import figures, measure

import hsnn_event as hsnn

C, S = hsnn.connect, hsnn.space
AREA = 1.0  # mm2


def spread(n: float, k: float) -> float:
    """The standard deviation of a Gaussian of height 1 that gives `k` synapses a neuron."""
    return math.sqrt(k * AREA / n / (2.0 * math.pi))


# The rule; do neurons lie on a lattice, so that neighbours have neighbouring ids, or anywhere; have they delays by distance?
CASES: dict[str, tuple[Any, bool, bool]] = {
    "radius, lattice": (lambda n, k: C.radius(math.sqrt(k * AREA / n / math.pi)), True, False),
    "radius, random": (lambda n, k: C.radius(math.sqrt(k * AREA / n / math.pi)), False, False),
    "gaussian, lattice": (lambda n, k: C.kernel(S.gaussian(spread(n, k))), True, False),
    "gaussian, random": (lambda n, k: C.kernel(S.gaussian(spread(n, k))), False, False),
    "gaussian, p_max 0.1": (lambda n, k: C.kernel(S.gaussian(spread(n, 10.0 * k), 0.1)), False, False),
    "exponential": (lambda n, k: C.kernel(S.exponential(spread(n, k))), False, False),
    "nearest": (lambda n, k: C.nearest(k), False, False),
    "radius, delays by distance": (lambda n, k: C.radius(math.sqrt(k * AREA / n / math.pi)), False, True),
}


def built(case: str, n: int, k: int, threads: int) -> dict[str, float]:
    """One network with one projection, up to its first step."""
    make, regular, far = CASES[case]
    net = hsnn.Network(dt=0.1, seed=1, threads=threads)
    side = math.isqrt(n)
    shape = hsnn.lattice((side, side), math.sqrt(AREA) / side, periodic=True) if regular else S.random(
        n, (math.sqrt(AREA), math.sqrt(AREA)), periodic=True
    )
    sheet = net.population("sheet", shape, hsnn.models.lif_delta())
    with Measured() as build:
        began = time.perf_counter()
        delay = hsnn.distance_delay(0.01, offset=0.5) if far else 1.5
        made = net.connect(sheet, sheet, make(sheet.size, k), weight=0.1, delay=delay)
        drawn = time.perf_counter() - began
        alone = memory("VmHWM") / GIB
        result = net.run(0.1)
    return {**figures(build, made, result, drawn), "peak memory after connect, GiB": alone}


if __name__ == "__main__":
    measure(CASES, built, 2500, __doc__)
