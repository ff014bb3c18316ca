"""Couplings: declarations of what neurons add continuously to each other's inputs, such as gap junctions."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hsnn_event.errors import ArgumentTypeError, DeclarationError, ValueRangeError, shown, unknown_name
from hsnn_event.model.declare import names_read
from hsnn_event.model.parse import parse
from hsnn_event.model.source import SourceModel
from hsnn_event.network.catalog import member
from hsnn_event.network.fixed import Fixed, no_attribute, not_assigned
from hsnn_event.network.projection import FloatArray, IntArray, PerEdge, Weight, end_of, missing, per_synapse
from hsnn_event.network.views import Value, View
from hsnn_event.quantities import flag, is_array, label, real, real_or_array, whole
from hsnn_event.random import Distribution
from hsnn_event.rng import stream_key
from hsnn_event.topology.listed import kept, thinned
from hsnn_event.topology.pattern import Labels, Pattern, Wanted
from hsnn_event.topology.rules import Rule
from hsnn_event.units import in_unit

if TYPE_CHECKING:
    from hsnn_event.network.network import Network
    from hsnn_event.network.population import Population

LINEAR = "v_pre - v_post"
NORMALIZE = ("in_degree",)
SIDES = ("pre", "post")
MOST_SUBSTEPS = 10_000


class Junctions(NamedTuple):
    """The pairs of a coupling: population ids, conductances; sorted by source, a junction once."""

    sources: IntArray
    targets: IntArray
    conductances: FloatArray


class Reads(NamedTuple):
    """The quantities that the function of a coupling reads of its source and of its target neuron."""

    pre: tuple[str, ...]
    post: tuple[str, ...]


@dataclass(eq=False)
class Coupling(Fixed):
    """Continuous coupling between `source` and `target`; made by `Network.couple`.

    Structure and function are fixed; only conductances change, by `set`. `substeps` is what was asked for (None: chosen).
    """

    name: str
    source: View
    target: View
    rule: Rule
    conductance: Weight
    function: str
    input: str
    symmetric: bool
    normalize: str | None
    substeps: int | None

    def __post_init__(self) -> None:
        self._recipe: tuple[Pattern, Value | None, Weight] | None = None  # a random graph, and the conductance asked for

    def edges(self) -> Junctions:
        """All pairs; of a junction within one population the source is the neuron of the lower id. They are drawn once more
        for this call."""
        return Junctions(*_drawing().junctions(self.source.population.network, self))

    @property
    def n_junctions(self) -> int:
        """Number of junctions, or of directed couplings; counted by drawing them."""
        return len(self.edges().sources)

    def get(self, variable: str) -> FloatArray:
        """The "conductance" of each junction, in the order of `edges`."""
        if not isinstance(variable, str) or variable != "conductance":
            raise unknown_name(f"coupling {self.name!r}: variable", variable, ["conductance"])
        return self.edges().conductances

    def set(self, **values: object) -> None:
        """Give new conductances, before the first run or between runs: `set(conductance=...)`.

        A number, a distribution, or an array in the order of `edges`. The number of substeps is chosen anew.
        Raises UnknownNameError, ShapeError, ValueRangeError, ArgumentTypeError, before anything is changed.
        """
        for name in values:
            if name != "conductance":
                raise unknown_name(f"coupling {self.name!r}: settable variable", name, ["conductance"])
        if "conductance" not in values:
            return
        what = f"{self.name}: conductance"
        given = _checked_law(in_unit(values["conductance"], what, None), what)
        if is_array(given):
            held: Weight = PerEdge(np.asarray(real_or_array(given, self.n_junctions, what, low=0.0)))
        else:
            held = given if isinstance(given, Distribution) else real(given, what, low=0.0)
        self.source.population.network.reconduct(self, held)

    def take_conductance(self, conductance: Weight) -> None:
        """Note checked conductances: `set` is the way to it."""
        vars(self)["conductance"] = conductance

    def _way(self, name: str) -> str:
        what = f"coupling {self.name!r}"
        if name == "conductance":
            return not_assigned(what, name, "coupling.set(conductance=...)")
        return no_attribute(what, name, "only conductances change, by coupling.set(conductance=...); for more declare anew")

    def __reduce__(self) -> tuple[Any, ...]:
        return member, (self.source.population.network, "couplings", self.name)

    def __repr__(self) -> str:
        kind = "junctions" if self.symmetric else "directed"
        return f"<coupling {self.name!r}: {self.function}, {self.rule}, {kind}>"


def _drawing() -> Any:
    """What draws pairs: loaded by the first need of it, since declarations know nothing of it."""
    return import_module("hsnn_event.simulation.drawing")


def declared_coupling(
    network: Network,
    ends: tuple[tuple[View, ...], tuple[View, ...]],
    rule: Rule | Pattern,
    conductance: Value | None,
    function: str,
    port: str,
    symmetric: bool,
    normalize: str | None,
    substeps: int | None,
    name: str | None,
) -> Coupling:
    """A coupling between two views, every part of it checked, now one of the network's."""
    if any(len(each) > 1 for each in ends):
        raise ArgumentTypeError("couple: a group has several members; couple them one by one.", value=ends)
    (source,), (target,) = ends
    if name is not None and label(name, "couple: name") in network.couplings:
        raise DeclarationError(f"a coupling named {name!r} exists already; choose another name.", name=name)
    symmetric = flag(symmetric, "couple: symmetric")
    where = f"{source.name}{'<->' if symmetric else '->'}{target.name}"
    where = f"{where}.{check_coupled(source, target, function, port, symmetric, normalize, where)}"
    free = network.couplings.free_name(name or where)
    labels: list[Labels | None] = [None, None]
    pattern = rule
    if isinstance(rule, Pattern):
        wanted = Wanted(where, "", conductance is None, False, None, stream_key(network.seed, "coupling", free))
        rule, *labels = rule.rule(end_of(source), end_of(target), wanted)
    same = source.population is target.population
    rule.check(where, source.ids, target.ids, same)
    held = _conductances(conductance, rule, source, target, f"{where}: conductance")
    mask = kept(rule, source.ids, target.ids, same)
    if mask is not None:
        rule = thinned(rule, mask)
        held = held[mask] if isinstance(held, np.ndarray) else held
    rule = replace(rule, weights=None, delays=None)
    steps = None if substeps is None else checked_substeps(substeps, f"{where}: substeps")
    made = Coupling(free, source, target, rule, held, function, port, symmetric, normalize, steps)
    if isinstance(pattern, Pattern) and pattern.random:
        made._recipe = pattern, conductance, held
    if isinstance(held, np.ndarray):
        made.edges()  # refuses values that contradict each other
    network.couplings.add(free, made)
    source.population.take_labels(labels[0])
    target.population.take_labels(labels[1])
    return made


def check_coupled(
    source: View, target: View, function: str, port: str | None, symmetric: bool, normalize: str | None, where: str
) -> str:
    """Refuse what cannot be coupled so; gives the name of the input."""
    if normalize is not None and (not isinstance(normalize, str) or normalize not in NORMALIZE):
        raise unknown_name(f"{where}: normalize", normalize, NORMALIZE)
    for end in (source, target):
        _check_clock(end.population, where)
    found = target.population.input(port, where)
    if flag(symmetric, f"{where}: symmetric"):
        source.population.input(found, where)
    function_reads(function, source.population, target.population, symmetric, f"{where}: function")
    return found


def checked_substeps(value: object, what: str) -> int:
    """A number of substeps that a step can be divided into."""
    number = whole(value, what, low=1)
    if number > MOST_SUBSTEPS:
        raise ValueRangeError(f"{what} is {shown(value)}; the most is {MOST_SUBSTEPS}. Take a smaller dt.", value=value)
    return number


def function_reads(function: object, source: Population, target: Population, symmetric: bool, what: str) -> Reads:
    """What the text of a function reads, checked; in junctions each of the two neurons is the source of the other."""
    readable = {
        f"{name}_{side}": (side, name)
        for side, population in zip(SIDES, (source, target), strict=True)
        for name in _readable(population)
        if not symmetric or (name in _readable(source) and name in _readable(target))
    }
    if not isinstance(function, str):
        text = f"{what} is the text of an expression such as {LINEAR!r}, not {shown(function)}."
        raise ArgumentTypeError(text, value=function)
    tree = parse(function, readable, what)
    used = dict.fromkeys(node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in readable)
    pre, post = (tuple(readable[name][1] for name in used if readable[name][0] == side) for side in SIDES)
    return Reads(pre, post)


def _readable(population: Population) -> tuple[str, ...]:
    """States, parameters, and expressions that read no input: these change while a step is computed."""
    model = population.model
    if isinstance(model, SourceModel):
        return ()
    closed = (name for name in model.expressions if not names_read(model, name) & set(model.inputs))
    return (*model.states, *model.parameters, *closed)


def _check_clock(population: Population, where: str) -> None:
    if population.exact:
        raise DeclarationError(
            f"{where}: population {population.name!r} has no clock, and couplings act between events too. Give it "
            "schedule='clock', in a network with dt.",
            name=population.name,
        )
    if isinstance(population.model, SourceModel):
        raise DeclarationError(
            f"{where}: population {population.name!r} is a source of spikes and has neither voltage nor input. Couple "
            "neurons, and connect the source with net.connect.",
            name=population.name,
        )


def _conductances(value: Value | None, rule: Rule, source: View, target: View, what: str) -> Weight:
    given = rule.weights if value is None else _checked_law(in_unit(value, what, None), what)
    if given is None:
        raise missing("conductance", rule, what.removesuffix(": conductance"))
    if isinstance(given, Distribution):
        return given
    values = per_synapse(given, rule, source, target, what)
    return real_or_array(values, np.size(values), what, low=0.0)


def _checked_law(value: Any, what: str) -> Any:
    """The value itself, unless it is a distribution that may give a negative number."""
    if isinstance(value, Distribution) and value.low < 0:
        raise ValueRangeError(
            f"{what}: {value.kind} gives conductances down to {value.low:g}; they are not negative. Give the distribution a "
            "bound, such as low=0.",
            low=value.low,
        )
    return value
