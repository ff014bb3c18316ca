"""Networks made of networks, and of tables: the part of `Network` that puts whole circuits together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from hsnn_event.errors import DeclarationError, keywords_known, shown
from hsnn_event.network import nesting, table_calls
from hsnn_event.network.part import Part
from hsnn_event.network.population import Population
from hsnn_event.network.projection import Projection
from hsnn_event.network.table import Table
from hsnn_event.network.views import Group, View

if TYPE_CHECKING:
    from hsnn_event.network.network import Network


class Composition:
    """The part of `Network` that is made of other networks, and of tables."""

    @keywords_known
    def add(self, subnetwork: Network, prefix: str) -> Part:
        """Declare all that `subnetwork` declares once more in this network, under names that begin with `prefix`.

        Population "exc" becomes "<prefix>_exc", and so do ports, parts, and projections, couplings and records of a name
        of their own; default names follow from the populations. Random numbers follow from names, so that the same
        subnetwork under several prefixes gives networks of one law, each with synapses, initial values and noise of its
        own: those of a network written out by hand under these names. Neurons that a view has chosen stay the same.

        Seed, threads and backend are those of this network; dt, precision and weights must agree. The subnetwork stays as
        it is; what is declared in it later does not come. Random graphs of a network that was saved or pickled are the
        ones that were drawn before.

        Raises GridError for another dt, DeclarationError for other precision, names that are taken, callbacks and a
        subnetwork that has run, ArgumentTypeError: before anything is added.

        >>> import hsnn_event as hsnn
        >>> column = hsnn.Network(dt=0.1)
        >>> exc = column.population("exc", 80, hsnn.models.lif_exp())
        >>> out = column.port("out", exc)
        >>> net = hsnn.Network(dt=0.1, seed=1)
        >>> V1, V2 = net.add(column, "V1"), net.add(column, "V2")
        >>> net.connect(V1.ports["out"], V2["exc"], hsnn.connect.bernoulli(0.1), weight=20.0, delay=3.0).name
        'V1_exc->V2_exc.default'
        """
        network = cast("Network", self)
        network.require_open("a part")
        return nesting.added(network, subnetwork, prefix)

    @keywords_known
    def port(self, name: str, neurons: View | Group) -> View | Group:
        """Name the neurons that others connect to: `ports[name]`, also of the part that this network becomes by `add`.

        Gives the neurons. Raises DeclarationError for a name that is no identifier or is taken, ArgumentTypeError.

        >>> import hsnn_event as hsnn
        >>> net = hsnn.Network()
        >>> cells = net.population("cells", 10, hsnn.models.lif_exp())
        >>> net.port("input", cells[:4]).size, net.ports["input"].ids.tolist()
        (4, [0, 1, 2, 3])
        """
        network = cast("Network", self)
        network.require_open("a port")
        if not isinstance(name, str) or not name.isidentifier():
            raise DeclarationError(f"port: a name is an identifier such as 'out', not {shown(name)}.", name=name)
        network.own_parts(neurons)
        network.ports.add(name, neurons)
        return neurons

    def population_table(self, table: Table, **columns: Any) -> list[Population]:
        """Add a population for each row of a table: a list of dicts, a dict of columns, a DataFrame or the path of a CSV.

        Columns: "name", "size", "model" (a NeuronModel, or the name of one of `hsnn.models`), and where wanted "method",
        "schedule" and "labels". Every other column is a parameter or state that the population is given by `set`: a
        number, an array or a distribution. An empty cell, None or NaN, says nothing. `columns` are cells of all rows that
        do not have one of their own.

        Raises what the calls raise, with row (counted from 0), column and value in the text and as attributes, before
        anything is added.

        >>> import hsnn_event as hsnn
        >>> net = hsnn.Network(dt=0.1)
        >>> rows = [{"name": "exc", "size": 80}, {"name": "inh", "size": 20, "tau_m": 10.0}]
        >>> net.population_table(rows, model="lif_exp")
        [<population 'exc': 80 x lif_exp>, <population 'inh': 20 x lif_exp>]
        """
        network = cast("Network", self)
        network.require_open("a population")
        return table_calls.populations_of(network, table, columns)

    def connect_table(self, table: Table, **columns: Any) -> list[Projection]:
        """Add the projections of a whole circuit: a call of `connect` for each row of a table as for `population_table`.

        Columns: "source" and "target", the name of a population or port, or neurons; "rule", the name of a rule of
        `hsnn.connect` or a rule; "weight" and "delay"; and where wanted "receptor", "name" and "round_delays". All other
        columns are arguments of the rule: "p", "k", "n", "autapses", ... Where there is no "rule", "p" means bernoulli,
        "n" fixed_total, "indegree" and "outdegree" fixed_indegree and fixed_outdegree. "weight_sd" and "delay_sd" make
        the values normal, within "weight_low" ... "weight_high" and "delay_low" ... "delay_high" where these are given.

        Raises what the calls raise, with row (counted from 0), column and value in the text and as attributes, before
        anything is added.

        >>> import hsnn_event as hsnn
        >>> net = hsnn.Network(dt=0.1, seed=1)
        >>> populations = net.population_table([{"name": "E", "size": 80}, {"name": "I", "size": 20}], model="lif_exp")
        >>> table = {"source": ["E", "I"], "target": ["I", "E"], "p": [0.1, 0.2], "weight": [20.0, -80.0]}
        >>> net.connect_table(table, delay=1.5)[1]
        <projection 'I->E.default': bernoulli, 20 sources, 80 targets>
        """
        network = cast("Network", self)
        network.require_open("a projection")
        return table_calls.projections_of(network, table, columns)
