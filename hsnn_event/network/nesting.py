"""Networks within networks: all that one declares, declared once more in another, under names with a prefix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hsnn_event.errors import ArgumentTypeError, DeclarationError, GridError, shown
from hsnn_event.network.coupling import Coupling, declared_coupling
from hsnn_event.network.drive import Drive
from hsnn_event.network.junctions import JunctionModel
from hsnn_event.network.part import KINDS, Names, Part, all_or_nothing
from hsnn_event.network.projection import PerEdge, Projection, Recipe, declared_projection, renamed
from hsnn_event.network.schedule import ScheduledChange
from hsnn_event.network.views import Assignment, Group, View, parts
from hsnn_event.rng import stream_key
from hsnn_event.topology.rules import LISTS

if TYPE_CHECKING:
    from hsnn_event.network.network import Network
    from hsnn_event.network.population import Population

SETTLED = (*LISTS, "one_to_one", "all_to_all")  # kinds of rules that give the same synapses under any name


def added(network: Network, subnetwork: Network, prefix: str) -> Part:
    """The part, now in the network; nothing is added if anything of it is refused."""
    check_part(network, subnetwork, prefix)
    with all_or_nothing(network):
        copy = Copying(network, subnetwork, prefix)
        copy.populations()
        copy.projections()
        copy.couplings()
        copy.drives()
        copy.records()
        copy.changes()
        copy.ports()
        return copy.parts()


def check_part(network: Network, subnetwork: Any, prefix: Any) -> None:
    """Refuse what cannot be a part of this network, or would mean something else within it."""
    if not isinstance(subnetwork, type(network)):
        raise ArgumentTypeError(f"add: a Network is needed, not {shown(subnetwork)}.", value=subnetwork)
    if not isinstance(prefix, str) or not prefix.isidentifier():
        raise DeclarationError(f"add: prefix is an identifier such as 'V1', not {shown(prefix)}.", prefix=prefix)
    where = f"add: {prefix!r}"
    if prefix in network.parts:
        raise DeclarationError(f"{where}: a part of that prefix exists already; choose another prefix.", prefix=prefix)
    if subnetwork is network:
        raise DeclarationError(f"{where}: a network is no part of itself; declare the part as a Network of its own.")
    if subnetwork._simulation is not None:
        text = f"{where}: the subnetwork has run, and its state is no declaration. Add it before its first run."
        raise DeclarationError(text, t=subnetwork.t)
    if subnetwork.dt != network.dt:
        inner, outer = ("none" if dt is None else f"{dt:g} ms" for dt in (subnetwork.dt, network.dt))
        text = f"{where}: the subnetwork has dt {inner}, the network dt {outer}. Declare both with the same dt=."
        raise GridError(text, dt=network.dt, other=subnetwork.dt)
    for option in ("precision", "weights"):
        mine, other = getattr(network, option), getattr(subnetwork, option)
        if mine != other:
            text = f"{where}: the subnetwork has {option}={other!r}, the network {mine!r}. Declare both with the same."
            raise DeclarationError(text, option=option)
    if subnetwork.callbacks:
        raise DeclarationError(
            f"{where}: callback {subnetwork.callbacks[0].name!r} is a function of the subnetwork, which does not run. Give "
            "callbacks to the network: net.at, net.every.",
            name=subnetwork.callbacks[0].name,
        )


class Copying:
    """One call of `Network.add`: declarations of `subnetwork`, one kind after the other, into `network`."""

    def __init__(self, network: Network, subnetwork: Network, prefix: str) -> None:
        self.network = network
        self.subnetwork = subnetwork
        self.prefix = prefix
        self.names: Names = {kind: {} for kind in (*KINDS, "records")}

    def prefixed(self, name: str) -> str:
        return f"{self.prefix}_{name}"

    def renamed(self, name: str, default: str, default_here: str) -> str:
        """A default name is that of the renamed populations; a name of the user's gets the prefix."""
        number = name.removeprefix(default)
        if name.startswith(default) and (not number or (number[0] == "#" and number[1:].isdigit())):
            return default_here + number
        return self.prefixed(name)

    def view(self, view: View) -> View:
        population = self.network.populations[self.prefixed(view.name)]
        return population if view.selection is None else View(population, view.selection.copy())

    def populations(self) -> None:
        for name, population in self.subnetwork.populations.items():
            here = self.prefixed(name)
            made = self.network.population(
                here,
                population.size if population._shape is None else population._shape,
                self._model(population),
                schedule=population.schedule,
                method=population.method,
                labels=population.own_labels,
            )
            made.node_data.update({attribute: dict(values) for attribute, values in population.node_data.items()})
            self.names["populations"][name] = here
        for population in self.subnetwork.populations.values():
            self.view(population).population.assignments.extend(map(self._assignment, population.assignments))

    def _model(self, population: Population) -> Any:
        model = population.model
        if not isinstance(model, JunctionModel):
            return model
        gate, relays = (None if name is None else self.prefixed(name) for name in (model.gate, model.relays))
        return replace(model, populations=tuple(map(self.prefixed, model.populations)), gate=gate, relays=relays)

    def _assignment(self, assignment: Assignment) -> Assignment:
        return assignment._replace(population=self.network.populations[self.prefixed(assignment.population.name)])

    def projections(self) -> None:
        for name, projection in self.subnetwork.projections.items():
            source, target = self.view(projection.source), self.view(projection.target)
            here = self.renamed(name, *(f"{one.name}->{other.name}.{projection.receptor}" for one, other in
                                        ((projection.source, projection.target), (source, target))))  # fmt: skip
            shuffled = not isinstance(projection.delay, int | float | np.ndarray)  # the order of synapses is that of delays
            self._require_settled(projection, projection.weight, shuffled)
            if projection._recipe is None:
                made = replace(projection, name=here, source=source, target=target)
            else:
                made = self._drawn(projection, projection._recipe, source, target, here)
            self.network.projections.add(here, made)
            self.names["projections"][name] = here

    def _drawn(self, projection: Projection, recipe: Recipe, source: View, target: View, name: str) -> Projection:
        """A random graph drawn anew, from the stream of the new name."""
        key: Callable[[str], int] = lambda default: stream_key(self.network.seed, "projection", name)  # noqa: E731
        made = renamed(
            declared_projection(
                source, target, recipe.pattern, recipe.weight, recipe.delay, projection.receptor, recipe.rounds, key
            ).projection,
            name,
        )
        if projection.weight is not recipe.drawn:
            made.take_weight(projection.weight)
        return made

    def _require_settled(self, one: Projection | Coupling, values: Any, shuffled: bool = False) -> None:
        """Values that were set one by one belong to synapses that the copy has too."""
        if isinstance(values, PerEdge) and (one._recipe is not None or one.rule.kind not in SETTLED or shuffled):
            what, value = ("projection", "weight") if isinstance(one, Projection) else ("coupling", "conductance")
            raise DeclarationError(
                f"add: {self.prefix!r}: {what} {one.name!r} was given a {value} for each of its synapses, and under another "
                f"name other synapses are drawn. Set them after add, on part.{what}s[{one.name!r}].",
                name=one.name,
            )

    def couplings(self) -> None:
        for name, coupling in self.subnetwork.couplings.items():
            source, target = self.view(coupling.source), self.view(coupling.target)
            arrow = "<->" if coupling.symmetric else "->"
            here = self.renamed(name, *(f"{one.name}{arrow}{other.name}.{coupling.input}" for one, other in
                                        ((coupling.source, coupling.target), (source, target))))  # fmt: skip
            self._require_settled(coupling, coupling.conductance)
            if coupling._recipe is None:
                self.network.couplings.add(here, replace(coupling, name=here, source=source, target=target))
            else:
                pattern, conductance, drawn = coupling._recipe
                made = declared_coupling(
                    self.network, ((source,), (target,)), pattern, conductance, coupling.function, coupling.input,
                    coupling.symmetric, coupling.normalize, coupling.substeps, here,
                )  # fmt: skip
                if coupling.conductance is not drawn:
                    made.take_conductance(coupling.conductance)
            self.names["couplings"][name] = here

    def drives(self) -> None:
        for name, drive in self.subnetwork.drives.items():
            target = self.view(drive.target)
            here = self.renamed(name, *(f"{drive.stimulus.kind}->{one.name}.{drive.port}" for one in (drive.target, target)))
            self.network.drives.add(here, Drive(here, target, drive.stimulus, drive.weight, drive.port, drive.delay))
            self.names["drives"][name] = here

    def records(self) -> None:
        taken = {record.name for record in self.network.records}
        for record in self.subnetwork.records:
            target = self.prefixed(record.target)
            what = record.what if isinstance(record.what, str) else ",".join(record.what)
            here = self.renamed(record.name, f"{record.target}.{what}", f"{target}.{what}")
            if here in taken:
                text = f"add: {self.prefix!r}: a record named {here!r} exists already; choose another prefix."
                raise DeclarationError(text, name=here)
            self.network.records.append(replace(record, name=here, target=target))
            self.names["records"][record.name] = here

    def changes(self) -> None:
        for change in self.subnetwork.changes:
            self.network.changes.append(ScheduledChange(change.step, tuple(map(self._assignment, change.assignments))))

    def ports(self) -> None:
        for name, neurons in self.subnetwork.ports.items():
            members = tuple(self.view(view) for view in parts(neurons))
            self.network.ports.add(self.prefixed(name), Group(members) if isinstance(neurons, Group) else members[0])
            self.names["ports"][name] = self.prefixed(name)

    def parts(self) -> Part:
        """The parts of the subnetwork as parts of this one, and the whole as one."""
        for name, part in self.subnetwork.parts.items():
            here = {
                kind: {inner: self.names[kind][outer] for inner, outer in held.items() if outer in self.names[kind]}
                for kind, held in part._names.items()
            }
            self.names["parts"][name] = self.prefixed(name)
            self.network.parts.add(self.prefixed(name), Part(self.network, self.prefixed(name), here))
        made = Part(self.network, self.prefix, self.names)
        self.network.parts.add(self.prefix, made)
        return made
