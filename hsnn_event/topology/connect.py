"""Connection rules: which source is connected to which target. This is `hsnn.connect`."""

from __future__ import annotations

from hsnn_event.topology.functions import from_function as from_function
from hsnn_event.topology.graphs import from_networkx as from_networkx
from hsnn_event.topology.matrices import from_dense as from_dense
from hsnn_event.topology.matrices import from_scipy as from_scipy
from hsnn_event.topology.rules import Rule as Rule
from hsnn_event.topology.rules import all_to_all as all_to_all
from hsnn_event.topology.rules import bernoulli as bernoulli
from hsnn_event.topology.rules import fixed_indegree as fixed_indegree
from hsnn_event.topology.rules import fixed_outdegree as fixed_outdegree
from hsnn_event.topology.rules import fixed_total as fixed_total
from hsnn_event.topology.rules import from_edges as from_edges
from hsnn_event.topology.rules import one_to_one as one_to_one
