"""Several cortical areas: one balanced circuit many times, joined by long-range projections whose delays are distances.

A small model in the manner of Schmidt et al. (2018, Brain Struct. Funct. 223:1409, doi 10.1007/s00429-017-1554-4, and PLOS
Comput. Biol. 14:e1006359, doi 10.1371/journal.pcbi.1006359), not a copy of theirs: neurons, the speed of axons between areas
and stronger long-range synapses onto inhibitory neurons are as there; sizes, in-degrees and weights are our own, chosen so
that areas fire irregularly, at about 10 Hz, and a burst in one is felt in its neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from hsnn_event import random, stimuli
from hsnn_event.errors import ArgumentTypeError, DeclarationError, ShapeError, ValueRangeError, shown
from hsnn_event.model import library
from hsnn_event.network.network import Network
from hsnn_event.quantities import is_array, real, whole
from hsnn_event.topology import rules

FloatArray = npt.NDArray[np.float64]

CELL = {"C_m": 250.0, "tau_m": 10.0, "E_L": -65.0, "V_th": -50.0, "V_reset": -65.0, "t_ref": 2.0, "tau_syn": 0.5}
VELOCITY = 3.5      # mm/ms, of axons between areas
TO_INH = 2.0        # long-range weights onto inhibitory neurons, relative to those onto excitatory ones
# Our own.
N_EXC = 800         # of an area; a quarter as many are inhibitory
K_EXC, K_INH = 80, 20  # synapses of a neuron from its own area
K_LONG = 40         # and from all other areas together
WEIGHT = 250.0      # pA: a spike brings 0.5 mV in all
G = 5.0             # relative strength of inhibition
EXTERNAL = 2600.0   # Hz: spikes that a neuron receives from elsewhere
DELAYS = 1.5, 0.8   # ms, of excitatory and inhibitory synapses within an area
SPACING = 10.0      # mm, between the areas of a line
RANGE = 5.0         # mm: over which connections between the areas of a line fall to 1/e
MOST_AREAS = 10_000

RATE = 11.2         # Hz: mean of four areas in a line; measured


class Areas(NamedTuple):
    """Names, shares[source, target] of each target's long-range synapses, distances[source, target] in mm."""

    names: tuple[str, ...]
    shares: FloatArray
    distances: FloatArray


def multi_area(
    connectivity: Any = 4,
    distances: Any = None,
    *,
    n_exc: int = N_EXC,
    k_long: int = K_LONG,
    strength: float = 1.0,
    velocity: float = VELOCITY,
    **network_options: Any,
) -> Network:
    """Areas of `n_exc` excitatory and n_exc/4 inhibitory neurons, joined by `k_long` long-range synapses a neuron.

    `connectivity` is one of three: a number of areas, in a line, 10 mm apart, whose connections fall exponentially with
    distance, as those of macaques do (Ercsey-Ravasz et al. 2013, Neuron 80:184, doi 10.1016/j.neuron.2013.07.036), to 1/e in
    5 mm; a matrix F[source, target] of any positive scale, such as published fractions of labelled neurons (FLN,
    which are often printed with rows as targets: give the transpose); or a NetworkX DiGraph with "fln" and "distance"
    (mm) on its edges. Each neuron of a target has round(k_long * share) synapses from the excitatory neurons of a source,
    where the shares of a target add up to 1. `distances` (mm, [source, target]) goes with a matrix.

    A long-range delay is distance / `velocity` (mm/ms), of a step at least; a weight is `strength` times that within an
    area onto excitatory neurons, and twice that onto inhibitory ones. Areas are the parts "A0", "A1", ... of the network,
    or have the names of nodes, with populations and ports "exc" and "inh": `net.drive(net.parts["A0"].ports["exc"], ...)`
    stimulates one. The other arguments are those of `Network`.

    Raises ArgumentTypeError, ShapeError, ValueRangeError, DeclarationError.

    >>> net = multi_area(3, seed=1)
    >>> list(net.parts), net["A0_exc"].size, net.projections["A0_exc->A1_inh.default"].delay
    (['A0', 'A1', 'A2'], 800, 29)
    """
    areas = _areas(connectivity, distances)
    n_exc = whole(n_exc, "multi_area: n_exc", low=2 * K_EXC)
    k_long = whole(k_long, "multi_area: k_long")
    strength = real(strength, "multi_area: strength", low=0.0)
    velocity = real(velocity, "multi_area: velocity", low=1e-6)
    net = Network(**network_options)
    area = _area(n_exc, net)
    for name in areas.names:
        net.add(area, name)
    for s, source in enumerate(areas.names):
        for t, target in enumerate(areas.names):
            k = round(k_long * areas.shares[s, t])
            if k == 0:
                continue
            for port, factor in (("exc", 1.0), ("inh", TO_INH)):
                net.connect(
                    net.parts[source].ports["exc"], net.parts[target].ports[port], rules.fixed_indegree(k),
                    weight=factor * strength * WEIGHT, delay=areas.distances[s, t] / velocity, round_delays=True,
                )  # fmt: skip
    return net


def _area(n_exc: int, net: Network) -> Network:
    """One area, for a network with these options."""
    area = Network(dt=net.dt, precision=net.precision, weights=net.weights, round_delays=True)
    cell = library.lif_exp(**CELL)
    exc, inh = area.population("exc", n_exc, cell), area.population("inh", n_exc // 4, cell)
    (exc + inh).set(v=random.uniform(CELL["E_L"], CELL["V_th"]))
    for source, k, weight, delay in zip((exc, inh), (K_EXC, K_INH), (WEIGHT, -G * WEIGHT), DELAYS, strict=True):
        for target in (exc, inh):
            area.connect(source, target, rules.fixed_indegree(k, autapses=False), weight=weight, delay=delay)
    area.drive(exc + inh, stimuli.poisson(EXTERNAL), weight=WEIGHT)
    area.port("exc", exc)
    area.port("inh", inh)
    return area


def _areas(connectivity: Any, distances: Any) -> Areas:
    if hasattr(connectivity, "adjacency"):
        names, fractions, found = _of_graph(connectivity)
        if distances is not None:
            raise DeclarationError("multi_area: a graph has its distances on its edges; leave out distances=.")
    elif is_array(connectivity):
        fractions = _matrix(connectivity, "connectivity")
        names, found = _numbered(len(fractions)), distances
        if found is None:
            raise DeclarationError("multi_area: a matrix needs distances=, in mm, to make delays of.")
    else:
        n = whole(connectivity, "multi_area: connectivity", low=1)
        if n > MOST_AREAS:
            raise ValueRangeError(f"multi_area: {n} areas are more than {MOST_AREAS}. Give fewer.", value=n)
        places = SPACING * np.arange(n)
        line: FloatArray = abs(places[:, None] - places)
        if distances is not None:
            raise DeclarationError("multi_area: distances go with a matrix; a number of areas stands for a line of them.")
        names, found = _numbered(n), line
        fractions = np.exp(-line / RANGE)
    spans = _matrix(found, "distances")
    if spans.shape != fractions.shape:
        text = f"multi_area: distances have shape {spans.shape}, connectivity {fractions.shape}; give one for each pair."
        raise ShapeError(text, shape=spans.shape)
    apart = fractions * (1.0 - np.eye(len(fractions)))  # within an area is the circuit's own
    sums = apart.sum(axis=0)
    return Areas(names, np.divide(apart, sums, out=np.zeros_like(apart), where=sums > 0), spans)


def _numbered(n: int) -> tuple[str, ...]:
    return tuple(f"A{number}" for number in range(n))


def _matrix(given: Any, what: str) -> FloatArray:
    """A square matrix of numbers that are not negative."""
    try:
        matrix = np.array(given.todense() if hasattr(given, "todense") else given)
    except (ValueError, TypeError) as error:
        raise ShapeError(f"multi_area: {what} is ragged, {shown(given)}; give a square matrix.", value=given) from error
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.size == 0:
        text = f"multi_area: {what} is a square matrix [source, target], not an array of shape {matrix.shape}."
        raise ShapeError(text, shape=matrix.shape)
    if matrix.dtype.kind not in "iuf":
        raise ArgumentTypeError(f"multi_area: {what} holds {matrix.dtype}, not numbers. Give numbers.", value=given)
    values = matrix.astype(np.float64)
    if not (np.isfinite(values) & (values >= 0)).all():
        wrong = float(values[~(np.isfinite(values) & (values >= 0))][0])
        raise ValueRangeError(f"multi_area: {what} holds {wrong:g}; give finite numbers, 0 or more.", value=wrong)
    return values


def _of_graph(graph: Any) -> tuple[tuple[str, ...], FloatArray, FloatArray]:
    """Names of nodes, and the matrices of two attributes of the edges."""
    nodes = list(graph)
    for node in nodes:
        if not isinstance(node, str) or not node.isidentifier():
            text = f"multi_area: node {shown(node)} names an area, and is no identifier such as 'V1'. Relabel the nodes."
            raise DeclarationError(text, node=node)
    places = {node: number for number, node in enumerate(nodes)}
    both = [np.zeros((len(nodes), len(nodes))) for _ in range(2)]
    for source, target, data in graph.edges(data=True):
        for matrix, name in zip(both, ("fln", "distance"), strict=True):
            if not isinstance(data, Mapping) or name not in data:
                text = f"multi_area: the edge from {source!r} to {target!r} has no {name!r}; give 'fln' and 'distance'."
                raise DeclarationError(text, edge=(source, target))
            where = f"multi_area: {name} of the edge from {source!r} to {target!r}"
            pairs = [(source, target)] if graph.is_directed() else [(source, target), (target, source)]
            for one, other in pairs:
                matrix[places[one], places[other]] += real(data[name], where, low=0.0)
    if not nodes:
        raise DeclarationError("multi_area: the graph has no nodes; give it one for each area.")
    return tuple(nodes), both[0], both[1]
