"""Networks from graphs, and graphs from networks: the part of `Network` that meets NetworkX."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, cast

from hsnn_event.errors import keywords_known, unknown_name
from hsnn_event.model.declare import NeuronModel
from hsnn_event.network import from_graph, to_graph
from hsnn_event.network.control import OPTIONS
from hsnn_event.network.views import Value
from hsnn_event.topology.attributes import Attribute

if TYPE_CHECKING:
    from hsnn_event.network.network import Network

OfEdges = Attribute | Value | Mapping[Any, Value]  # an attribute of edges, one value, or one for each source population


class GraphExchange:
    """The part of `Network` that is made from a graph and gives one back."""

    @classmethod
    def from_networkx(
        cls,
        G: Any,
        models: NeuronModel | Mapping[Hashable, NeuronModel],
        *,
        population: Attribute = "type",
        weight: OfEdges = "w",
        delay: OfEdges = "d",
        receptor: Attribute | Mapping[Any, str] = "receptor",
        parameters: Sequence[str] | None = None,
        positions: str | None = "pos",
        **options: Any,
    ) -> Self:
        """A network from a graph of NetworkX, igraph or graph-tool, directed or not, with parallel edges or not.

        The node attribute `population` names the population of a node; populations stand in order of their first nodes,
        neurons in order of the nodes, whose labels they keep. `models` has a model for each, or is the model of all.
        population=None puts all nodes into one population, "neurons". A value that cannot be a name becomes one: type
        "L2/3" gives population "L2_3", type 4 "type_4".

        Node attributes that are named as a parameter or state of the model are set neuron by neuron; `parameters` lists
        those to read (None: all). All other attributes are kept in `population.node_data`. `positions` names the attribute
        that holds positions in mm, 1 to 3 numbers: where all nodes of a population have it, these are its positions.

        An edge is a synapse, of an undirected graph two. `weight` and `delay` (ms) are each the name of an edge attribute,
        a pair ("w", 1.0) that gives the value where it is missing, a number or a distribution for all edges, or a mapping
        of source populations to these. `receptor` is the name of an attribute or a mapping of source populations to
        receptors; an edge without it goes to the only receptor that its target has. There is one projection for each
        receptor of each pair of populations. Other edge attributes are not read. `options` are those of `Network`.

        Raises UnknownNameError (a node without population or model, an edge without a weight, a receptor that is not
        there), DeclarationError, ArgumentTypeError, ValueRangeError, GridError: each names the node or edge.

        >>> import networkx as nx
        >>> import hsnn_event as hsnn
        >>> G = nx.DiGraph()
        >>> G.add_node("a", type="E", V_th=-52.0)
        >>> G.add_node("b", type="I")
        >>> G.add_edge("a", "b", w=20.0, d=1.5)
        >>> net = hsnn.Network.from_networkx(G, hsnn.models.lif_exp(), seed=1)
        >>> net["E"].get("V_th").tolist(), net["I"].labels, list(net.projections)
        ([-52.0], ('b',), ['E->I.default'])
        """
        for name in options:
            if name not in OPTIONS:
                known = ("population", "weight", "delay", "receptor", "parameters", "positions", *OPTIONS)
                raise unknown_name("Network.from_networkx: argument", name, known)
        network = cls(**options)
        declared = cast("Network", network)
        from_graph.declare(declared, G, models, population, weight, delay, receptor, parameters, positions)
        return network

    @keywords_known
    def to_networkx(
        self,
        population: str = "type",
        weight: str = "w",
        delay: str = "d",
        receptor: str = "receptor",
        positions: str = "pos",
    ) -> Any:
        """The network as a DiGraph, or a MultiDiGraph where synapses are parallel; `from_networkx` takes it back.

        Nodes are labels, or (population, label) where two populations share a label. They carry the name of the
        population, the parameters and states that neurons were given (as they are now), positions, and `node_data`; edges
        carry weight, delay (ms) and receptor. The graph's attribute "spaces" has periods and shapes of lattices.
        Models, drives, records and gap junctions are not part of the graph.

        Raises ArgumentTypeError and DeclarationError for names of attributes that clash.

        >>> import hsnn_event as hsnn
        >>> net = hsnn.Network(seed=1)
        >>> cells = net.population("cells", 2, hsnn.models.lif_exp(), labels=["a", "b"])
        >>> made = net.connect(cells, cells, hsnn.connect.from_edges([0], [1]), weight=20.0, delay=1.5)
        >>> list(net.to_networkx().edges(data=True))
        [('a', 'b', {'w': 20.0, 'd': 1.5, 'receptor': 'default'})]
        """
        return to_graph.graph_of(cast("Network", self), population, weight, delay, receptor, positions)
