"""Measures of a network's structure. This is `hsnn.measures`.

Each takes a `Network`, a `Projection`, a SciPy matrix or array W[source, target], or a graph of NetworkX or igraph;
`adjacency` says what becomes of them. Parallel synapses count one by one in degrees and as one link elsewhere; autapses
count in degrees only. An undirected graph has both directions of each edge, and the measures are then those of
undirected graphs.

>>> import networkx as nx
>>> transitivity(nx.karate_club_graph()).__round__(4)
0.2557
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsnn_event.errors import member_unknown
from hsnn_event.measures.adjacency import adjacency as adjacency
from hsnn_event.measures.degrees import degree_distribution as degree_distribution
from hsnn_event.measures.degrees import in_degrees as in_degrees
from hsnn_event.measures.degrees import out_degrees as out_degrees
from hsnn_event.measures.degrees import power_law as power_law
from hsnn_event.measures.groups import communities as communities
from hsnn_event.measures.groups import components as components
from hsnn_event.measures.groups import modularity as modularity
from hsnn_event.measures.motifs import clustering as clustering
from hsnn_event.measures.motifs import reciprocity as reciprocity
from hsnn_event.measures.motifs import transitivity as transitivity
from hsnn_event.measures.motifs import triad_census as triad_census
from hsnn_event.measures.paths import path_length as path_length
from hsnn_event.measures.paths import small_world as small_world

_MEASURES = (
    *("adjacency", "clustering", "communities", "components", "degree_distribution", "in_degrees", "modularity"),
    *("out_degrees", "path_length", "power_law", "reciprocity", "small_world", "transitivity", "triad_census"),
)

if not TYPE_CHECKING:

    def __getattr__(name):
        raise member_unknown(__name__, "hsnn.measures", name, _MEASURES)
