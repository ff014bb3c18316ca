"""Connections along hyperedges: the part of `Network` that declares them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from hsnn_event.errors import keywords_known
from hsnn_event.network.hyper import Synapses, declared_junctions
from hsnn_event.network.population import Population
from hsnn_event.network.views import Group, Value, View
from hsnn_event.topology.hyper_rule import HyperRule
from hsnn_event.topology.hypergraph import Hypergraph

if TYPE_CHECKING:
    from hsnn_event.network.network import Network


class HyperConnection:
    """The part of `Network` that connects along hyperedges."""

    @keywords_known
    def connect_hyper(
        self,
        source: View | Group,
        target: View,
        hypergraph: Hypergraph,
        *,
        rule: HyperRule,
        weight: Value | None = None,
        delay: Value | None = None,
        source_delay: Any = None,
        receptor: str | None = None,
        name: str | None = None,
        round_delays: bool | None = None,
    ) -> Population:
        """Let the hyperedges of a hypergraph listen to `source` and act on `target`, by a rule of `hsnn.hyper`.

        Gives the junctions, a population with a neuron a hyperedge: record its "spikes" to see when they are activated.
        Ids of the hypergraph count within what is connected, sources of a group through all its members. `delay` (ms) is
        the whole way from the evidence that completes the rule to the targets; it and `weight` may be left out where the
        hypergraph brings them. `source_delay` (ms) is how much later than the spike of a source its evidence comes: one
        number, or one an entry of `hypergraph.sources`; where it is not 0, a population of relays, named as the junctions
        with "_sources" behind it, passes spikes on.

        Raises ArgumentTypeError, DeclarationError, ShapeError, ValueRangeError, GridError.

        >>> import hsnn_event as hsnn
        >>> net = hsnn.Network(dt=0.1)
        >>> cells = net.population("cells", 4, hsnn.models.lif_exp())
        >>> edges = hsnn.Hypergraph.from_lists([((0, 1), (2, 3))], weight=100.0, delay=1.5)
        >>> net.connect_hyper(cells, cells, edges, rule=hsnn.hyper.threshold(k=2, window=3.0))
        <population 'cells_cells_junctions': 1 x hyperedge>
        """
        network = cast("Network", self)
        network.require_open("hyperedges")
        ends = network.own_parts(source), network.own_parts(target)
        synapses = Synapses(weight, delay, receptor, round_delays)
        return declared_junctions(network, ends, hypergraph, rule, source_delay, synapses, name)
