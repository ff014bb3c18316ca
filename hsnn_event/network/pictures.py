"""Networks and projections as pictures: what `analysis` draws, asked for by name. Needs the extra `plot`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from hsnn_event.analysis import circuit, structure
from hsnn_event.errors import keywords_known
from hsnn_event.network.junctions import JunctionModel
from hsnn_event.network.overview import declared_weight, expected_synapses, label_of_delay, label_of_weight
from hsnn_event.random import Distribution

if TYPE_CHECKING:
    from hsnn_event.network.drive import Drive
    from hsnn_event.network.network import Network
    from hsnn_event.network.population import Population
    from hsnn_event.network.projection import Projection

KINDS = ("matrix", "graph", "degrees", "weights", "delays")
INHIBITORY_WORDS = ("inh", "gaba")


class Pictures:
    """The part of `Network` that draws it."""

    @keywords_known
    def plot(self, ax: Any = None) -> Any:
        """Draw populations as boxes and projections as arrows into `ax`, or into a new figure, and return the axes.

        Arrows that excite end in a head, those that inhibit (a negative weight, or a receptor named so) in a bar; they are
        wider with the number of synapses. Gap junctions are dotted; hyperedges are round, with dashed arrows from their
        sources. Of twelve or fewer connections rule, weight and delay are written. Nothing is drawn from random numbers.
        Needs the extra `plot`. Raises MissingExtraError, ArgumentTypeError.
        """
        network = cast("Network", self)
        places = {name: place for place, name in enumerate(network.populations)}
        boxes = [_box(population, list(network.drives.values())) for population in network.populations.values()]
        links = [_synapses(projection, places) for projection in network.projections.values()]
        for coupling in network.couplings.values():
            ends = places[coupling.source.name], places[coupling.target.name]
            links.append(circuit.Link(*ends, "coupling", 1.0, "gap junctions"))
        for name, population in network.populations.items():
            if isinstance(population.model, JunctionModel):
                links += [
                    circuit.Link(places[source], places[name], "evidence", 1.0, str(population.model.rule))
                    for source in population.model.populations
                ]
        return circuit.circuit(boxes, links, ax)


def plot_projection(projection: Projection, kind: str, ax: Any) -> Any:
    """`Projection.plot`."""
    structure.check_kind(kind, KINDS, "plot")
    edges, source, target = projection.edges(), projection.source, projection.target
    ends, shape = (edges.sources, edges.targets), (source.population.size, target.population.size)
    names = (f"neuron of {source.name}", f"neuron of {target.name}")
    match kind:
        case "matrix":
            return structure.matrix(ends, edges.weights, shape, ax, names)
        case "degrees":
            return structure.degrees(ends, shape, ax)
        case "weights":
            unit = target.population.weight_unit(projection.receptor)
            return structure.histogram(edges.weights, f"weight ({unit})" if unit else "weight", ax)
        case "delays":
            return structure.histogram(edges.delays, "delay (ms)", ax)
        case _:
            return _graph(projection, edges, ax)


def _graph(projection: Projection, edges: Any, ax: Any) -> Any:
    """Neurons of both ends, each population once."""
    source, target = projection.source.population, projection.target.population
    one = source is target
    names = [str(label) for population in ((source,) if one else (source, target)) for label in population.labels]
    held = [population.space for population in ((source,) if one else (source, target))]
    places = None if any(space is None for space in held) else np.concatenate([space.positions for space in held if space])
    ends = edges.sources, edges.targets if one else edges.targets + source.size
    return structure.graph(ends, edges.weights, edges.delays, names, places, ax)


def _box(population: Population, drives: list[Drive]) -> circuit.Box:
    texts = tuple(dict.fromkeys(each.stimulus.kind for each in drives if each.target.population is population))
    if isinstance(population.model, JunctionModel):
        return circuit.Box(population.name, f"{population.size:,} hyperedges", junctions=True)
    return circuit.Box(population.name, f"{population.size:,} {population.model.name}", drives=texts)


def _mostly_negative(weight: Any) -> bool:
    if isinstance(weight, Distribution):
        middle = weight.a + weight.b if weight.kind == "uniform" else weight.a if weight.kind == "normal" else 1.0
        return weight.high <= 0 or (weight.low < 0 and middle < 0)
    return weight is not None and bool(np.mean(weight) < 0)


def _synapses(projection: Projection, places: dict[str, int]) -> circuit.Link:
    named_so = any(word in projection.receptor.lower() for word in INHIBITORY_WORDS)
    negative = named_so or _mostly_negative(declared_weight(projection))
    text = f"{projection.rule}\n{label_of_weight(projection)}, {label_of_delay(projection)}"
    return circuit.Link(
        places[projection.source.name], places[projection.target.name], "inhibitory" if negative else "excitatory",
        float(expected_synapses(projection)[0]), text,
    )  # fmt: skip
