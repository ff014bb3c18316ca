"""Connection rules: which source is connected to which target. This is `hsnn.connect`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsnn_event.errors import keywords_known, member_unknown
from hsnn_event.topology import (
    blocks,
    configuration,
    functions,
    graphs,
    kernel_rule,
    matrices,
    neighbours,
    rules,
    static_model,
    watts_strogatz,
)
from hsnn_event.topology.rules import Rule as Rule

all_to_all = keywords_known(rules.all_to_all, __name__)
bernoulli = keywords_known(rules.bernoulli, __name__)
clustered = keywords_known(blocks.clustered, __name__)
configuration_model = keywords_known(configuration.configuration_model, __name__)
fixed_indegree = keywords_known(rules.fixed_indegree, __name__)
fixed_outdegree = keywords_known(rules.fixed_outdegree, __name__)
fixed_total = keywords_known(rules.fixed_total, __name__)
from_dense = keywords_known(matrices.from_dense, __name__)
from_edges = keywords_known(rules.from_edges, __name__)
from_function = keywords_known(functions.from_function, __name__)
from_networkx = keywords_known(graphs.from_networkx, __name__)
from_scipy = keywords_known(matrices.from_scipy, __name__)
kernel = keywords_known(kernel_rule.kernel, __name__)
nearest = keywords_known(neighbours.nearest, __name__)
one_to_one = keywords_known(rules.one_to_one, __name__)
radius = keywords_known(neighbours.radius, __name__)
scale_free = keywords_known(static_model.scale_free, __name__)
small_world = keywords_known(watts_strogatz.small_world, __name__)
stochastic_block_model = keywords_known(blocks.stochastic_block_model, __name__)

_RULES = (
    *("all_to_all", "bernoulli", "clustered", "configuration_model", "fixed_indegree", "fixed_outdegree", "fixed_total"),
    *("from_dense", "from_edges", "from_function", "from_networkx", "from_scipy", "kernel", "nearest", "one_to_one"),
    *("radius", "scale_free", "small_world", "stochastic_block_model"),
)

if not TYPE_CHECKING:

    def __getattr__(name):
        raise member_unknown(__name__, "hsnn.connect", name, _RULES)
