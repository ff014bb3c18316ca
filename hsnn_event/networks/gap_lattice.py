"""Izhikevich neurons on a square lattice, coupled to their neighbours by gap junctions alone: no synapse, no delay."""

from __future__ import annotations

from typing import Any

import numpy as np

from hsnn_event import random, stimuli
from hsnn_event.errors import ValueRangeError
from hsnn_event.model import library
from hsnn_event.model.declare import NeuronModel
from hsnn_event.network.network import Network
from hsnn_event.quantities import flag, real, whole
from hsnn_event.rng import LANE_TARGET, stream_key, uniforms
from hsnn_event.topology import rules
from hsnn_event.topology.rules import IntArray, Rule

P = 0.8             # of a pair within the radius to be coupled
V_0 = (-65.0, 30.0)  # mV: where potentials begin, uniformly
CONDUCTANCE = 0.1   # mV/ms for each mV of difference: a neighbour pulls with a time constant of 10 ms
CURRENT = 10.0      # mV/ms
ALONE = 23.0        # Hz: a neuron alone with this current, and many that fire together
MOST_PAIRS = 2**31

# What the command line runs: rows, cols, radius.
SIZE = (100, 100, 2.0)

# The convention that the seed of this package states: a membrane of 100, and a neuron that feels the average of its
# neighbours; each ordered pair is drawn by itself, so that one neuron may feel another that does not feel it.
SEED_CONDUCTANCE = 10.0
SEED_CELL = NeuronModel(
    name="izhikevich_membrane",
    parameters={"C_m": 100.0, "a": 0.02, "b": 0.2, "c": -55.0, "d": 8.0},
    states={"v": -65.0, "u": 30.0},
    dynamics={"v": "(0.04*v**2 + 5*v + 140 - u + I)/C_m", "u": "a*(b*v - u)"},
    inputs={"I": 0.0},
    threshold="v >= 30",
    reset={"v": "c", "u": "u + d"},
    positive=("C_m",),
)


def gap_lattice(
    rows: int, cols: int, radius: float, seed_convention: bool = False, **network_options: Any
) -> Network:
    """`rows` x `cols` neurons, population "cells" (row after row), coupled within a Euclidean distance `radius`.

    A pair within it is coupled with probability 0.8. The neurons are those of Izhikevich (2003, doi
    10.1109/TNN.2003.820440), regular spiking, driven by a current of 10 mV/ms; potentials begin anywhere between -65 and
    30 mV. Junctions have 0.1 mV/ms for each mV and add up, so that neighbours come to fire together. The lattice has edges:
    border neurons have fewer partners. The other arguments are those of `Network`.

    `seed_convention`: C_m 100, c -55, u from 30, no current; a neuron feels 10 times the average difference to its
    partners, and couplings are directed, each drawn by itself. 10 x 10 neurons with radius 2 fire 968 +- 10 times in
    5,000 steps of 0.1 ms (mean and standard deviation over 20 seeds).

    >>> net = gap_lattice(10, 10, 2, seed=1)
    >>> net["cells"].size, net.couplings[0].n_junctions > 350
    (100, True)
    """
    rows, cols = whole(rows, "gap_lattice: rows", low=1), whole(cols, "gap_lattice: cols", low=1)
    radius = real(radius, "gap_lattice: radius", low=0.0)
    as_seed = flag(seed_convention, "gap_lattice: seed_convention")
    radius = min(radius, float(rows + cols))  # farther away than any neuron
    if rows * cols * max(1.0, np.pi * radius**2) > MOST_PAIRS:
        text = f"gap_lattice: {rows} rows and {cols} cols with radius {radius:g} make more than 2**31 pairs. Give less."
        raise ValueRangeError(text, rows=rows, cols=cols, radius=radius)
    net = Network(**network_options)
    cells = net.population("cells", rows * cols, SEED_CELL if as_seed else library.izhikevich())
    cells.set(v=random.uniform(*V_0))
    rule = neighbours(rows, cols, radius, stream_key(net.seed, "lattice", "cells", "structure"), ordered=as_seed)
    if as_seed:
        net.couple(cells, cells, rule, conductance=SEED_CONDUCTANCE, symmetric=False, normalize="in_degree")
    else:
        net.couple(cells, cells, rule, conductance=CONDUCTANCE)
        net.drive(cells, stimuli.current(CURRENT))
    return net


def neighbours(rows: int, cols: int, radius: float, key: int, ordered: bool) -> Rule:
    """Each pair of neurons at a distance up to `radius`, or each ordered pair, with probability P."""
    reach = int(min(radius, max(rows, cols)))
    offsets = [
        (down, right)
        for down in range(-reach if ordered else 0, reach + 1)
        for right in range(-reach, reach + 1)
        if 0 < down**2 + right**2 <= radius**2 and (ordered or down > 0 or right > 0)
    ]
    numbers = np.arange(rows * cols).reshape(rows, cols)
    pairs: list[tuple[IntArray, IntArray]] = [(np.empty(0, np.int64), np.empty(0, np.int64))]
    for k, (down, right) in enumerate(offsets):
        here = numbers[max(0, -down) : max(0, rows - max(0, down)), max(0, -right) : max(0, cols - max(0, right))].ravel()
        drawn = here[uniforms(key, rows * cols, k, LANE_TARGET)[here] < P]
        pairs.append((drawn, drawn + down * cols + right))
    sources, targets = (np.concatenate(column) for column in zip(*pairs, strict=True))
    return rules.from_edges(sources, targets)
