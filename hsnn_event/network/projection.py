"""Projections and drives: declarations of what reaches a population, from another one or from outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import DeclarationError, ShapeError, unknown_name
from hsnn_event.grid import Grid
from hsnn_event.network import overview, readback
from hsnn_event.network.catalog import member
from hsnn_event.network.delays import DelayRounding, check_distance, check_law, in_ms, in_steps
from hsnn_event.network.fixed import Fixed, no_attribute, not_assigned
from hsnn_event.network.views import Value, View
from hsnn_event.quantities import as_array, is_array, real, real_or_array
from hsnn_event.random import Distribution
from hsnn_event.topology.distance import DistanceDelay, one_space
from hsnn_event.topology.listed import kept, thinned
from hsnn_event.topology.pattern import End, Labels, Pattern, Wanted
from hsnn_event.topology.rules import RealArray, Rule
from hsnn_event.units import in_unit

if TYPE_CHECKING:
    import scipy.sparse


FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Number = float | FloatArray
AT_ONCE = 1 << 18  # synapses converted together


class Edges(NamedTuple):
    """The synapses of a projection: population ids, weights, delays in ms; sorted by source, delay, order of draw."""

    sources: IntArray
    targets: IntArray
    weights: FloatArray
    delays: FloatArray


@dataclass(frozen=True, eq=False)
class PerEdge:
    """Weights set one by one, in the order of `Projection.edges`."""

    values: FloatArray


Weight = Value | RealArray | PerEdge  # float32 where a matrix brings it


@dataclass(frozen=True, eq=False)
class Recipe:
    """What a random graph was asked for: a copy under another name asks again, and gets another graph."""

    pattern: Pattern
    weight: Value | None
    delay: Value | DistanceDelay | None
    rounds: bool
    drawn: Weight  # as long as the projection has these, `weight` is what it was given


@dataclass(eq=False)
class Projection(Fixed):
    """Synapses from `source` to one receptor of `target`; made by `Network.connect`.

    `delay` is in whole steps, or a distribution or function of distance in ms that is rounded to steps where synapses are
    drawn; `rounded` is what became of delays given as numbers. Where the target has no clock, delays are in ms and stay as
    they are. Only weights change, by `set`.
    """

    name: str
    source: View
    target: View
    rule: Rule
    weight: Weight
    delay: float | IntArray | FloatArray | Distribution | DistanceDelay
    receptor: str
    rounded: DelayRounding

    def __post_init__(self) -> None:
        self._recipe: Recipe | None = None  # files do not hold it

    def edges(self) -> Edges:
        """All synapses; they are drawn once more for this call."""
        network = self.source.population.network
        sources, targets, weights, steps = network.edges(self)
        delays = steps.view(np.float64)  # in the memory of the steps, since there may be many
        if steps.dtype == np.int64:  # and not ms already, where targets have no clock
            for start in range(0, len(steps), AT_ONCE):
                delays[start : start + AT_ONCE] = network.grid.times(steps[start : start + AT_ONCE].view(np.int64))
        return Edges(sources, targets, weights, delays)

    @property
    def n_synapses(self) -> int:
        """Number of synapses; counted by drawing them where the rule leaves it to chance."""
        count = None if self.rule.left_to_chance else self.rule.n_values(self.source.size, self.target.size)
        return _drawing().n_synapses(self.source.population.network, self) if count is None else count

    @property
    def delay_rounding(self) -> DelayRounding:
        """How many delays were moved onto the grid; those that are drawn, or made by distance, are drawn anew to tell."""
        if not isinstance(self.delay, Distribution | DistanceDelay) or self.target.population.exact:
            return self.rounded
        return DelayRounding(*_drawing().delay_changes(self.source.population.network, self))

    @property
    def bytes_per_synapse(self) -> float:
        """Memory a synapse, indices included, among all synapses that leave the source population: they share rows.

        NaN before the first run, and on the reference backend, which counts no memory.
        """
        return self.source.population.network.bytes_per_synapse(self)

    def get(self, variable: str) -> FloatArray:
        """The "weight" or "delay" (ms) of each synapse, in the order of `edges`."""
        edges = self.edges()
        known = {"weight": edges.weights, "delay": edges.delays}
        if not isinstance(variable, str) or variable not in known:
            raise unknown_name(f"projection {self.name!r}: variable", variable, known)
        return known[variable]

    def to_scipy(self) -> scipy.sparse.coo_array:
        """Weights as a sparse array W[source, target] over population ids; parallel synapses stay apart."""
        from scipy.sparse import coo_array

        sources, targets, weights, _ = self.source.population.network.edges(self)
        shape = self.source.population.size, self.target.population.size
        return coo_array((weights, (sources, targets)), shape=shape)

    def to_networkx(self, weight: str = "w", delay: str = "d") -> Any:
        """A DiGraph, or a MultiDiGraph where synapses are parallel; all neurons of both populations are nodes.

        Nodes are labels, or (population, label) where two populations share a label; they carry "population", edges
        `weight` and `delay` (ms) under these names. `connect.from_networkx` takes it back.
        """
        return readback.graph(self, self.edges(), weight, delay)

    def set(self, **values: object) -> None:
        """Give new weights, before the first run or between runs: `set(weight=...)`.

        A number, a distribution, an array in the order of `edges`, or a sparse matrix with the entries of `to_scipy`.
        What follows is as if the projection had been declared with them; spikes in flight arrive with the new weights.
        Raises UnknownNameError, ShapeError, ValueRangeError, ArgumentTypeError, before anything is changed.
        """
        for name in values:
            if name != "weight":
                raise unknown_name(f"projection {self.name!r}: settable variable", name, ["weight"])
        if "weight" not in values:
            return
        given = in_unit(values["weight"], f"{self.name}: weight", self.target.population.weight_unit(self.receptor))
        if isinstance(given, Distribution):
            weight: Weight = given
        elif is_array(given) or hasattr(given, "tocoo"):
            weight = PerEdge(readback.in_order(self, given))
        else:
            weight = real(given, f"{self.name}: weight")
        self.source.population.network.reweight(self, weight)

    def take_weight(self, weight: Weight) -> None:
        """Note checked weights: `set` is the way to it."""
        vars(self)["weight"] = weight

    def _way(self, name: str) -> str:
        what = f"projection {self.name!r}"
        if name == "weight":
            return not_assigned(what, name, "projection.set(weight=...)")
        return no_attribute(what, name, "only weights change, by projection.set(weight=...); for more declare a new network")

    def __reduce__(self) -> tuple[Any, ...]:
        return member, (self.source.population.network, "projections", self.name)

    def plot(self, kind: str = "matrix", ax: Any = None) -> Any:
        """Draw its synapses into `ax`, or into a new figure, and return the axes.

        `kind` is "matrix" (an image, a row a source), "graph" (dots and arrows; wider with the weight, paler with the
        delay), "degrees", "weights" or "delays" (histograms). Synapses are drawn once more for it. Needs the extra `plot`.
        Raises MissingExtraError, ArgumentTypeError, ValueRangeError (a graph of more than can be seen).
        """
        return import_module("hsnn_event.network.pictures").plot_projection(self, kind, ax)

    def _repr_html_(self) -> str:
        return overview.of_projection(self)

    def __repr__(self) -> str:
        return f"<projection {self.name!r}: {self.rule}, {self.source.size} sources, {self.target.size} targets>"


def _drawing() -> Any:
    """What draws synapses: loaded by the first need of it, since declarations know nothing of it."""
    return import_module("hsnn_event.simulation.drawing")


class Declared(NamedTuple):
    """A projection, and the labels that its populations take from a graph (None: they keep theirs)."""

    projection: Projection
    source_labels: Labels | None
    target_labels: Labels | None


def declared_projection(
    source: View,
    target: View,
    rule: Rule | Pattern,
    weight: Value | None,
    delay: Value | DistanceDelay | None,
    receptor: str | None,
    rounds: bool,
    key: Callable[[str], int],
) -> Declared:
    """A projection whose every part is checked, under its default name; `key` gives the key of its random stream."""
    where = f"{source.name}->{target.name}"
    receptor = target.population.receptor(receptor, where)
    where = f"{where}.{receptor}"
    source_labels: Labels | None = None
    target_labels: Labels | None = None
    given, pattern = weight, rule
    if isinstance(rule, Pattern):
        unit = target.population.weight_unit(receptor)
        threads = source.population.network.threads
        wanted = Wanted(where, receptor, weight is None, delay is None, unit, key(where), threads)
        rule, source_labels, target_labels = rule.rule(end_of(source), end_of(target), wanted)
    same = source.population is target.population
    rule.check(where, source.ids, target.ids, same)
    weight = in_unit(weight, f"{where}: weight", target.population.weight_unit(receptor))
    scale = _weights(weight, rule, source, target, f"{where}: weight")
    lag = rule.delays if delay is None else in_unit(delay, f"{where}: delay", "ms")
    if lag is None:
        raise missing("delay", rule, where)
    steps, rounding = _delay_steps(lag, rule, source, target, f"{where}: delay", rounds)
    mask = kept(rule, source.ids, target.ids, same)
    if mask is not None:
        rule = thinned(rule, mask)
        scale = scale[mask] if isinstance(scale, np.ndarray) else scale
        steps = steps[mask] if isinstance(steps, np.ndarray) else steps
    rule = replace(rule, weights=None, delays=None)
    made = Projection(where, source, target, rule, scale, steps, receptor, rounding)
    if isinstance(pattern, Pattern) and pattern.random:
        made._recipe = Recipe(pattern, given, delay, rounds, scale)
    return Declared(made, source_labels, target_labels)


def renamed(projection: Projection, name: str) -> Projection:
    """The same projection under another name."""
    made = replace(projection, name=name)
    made._recipe = projection._recipe
    return made


def end_of(view: View) -> End:
    return End(view.name, view.ids, view.selection is None, view.population.given_labels, view.space)


def missing(what: str, rule: Rule, where: str) -> DeclarationError:
    return DeclarationError(f"{where}: {rule} brings no {what}; give {what}=.", rule=rule.kind)


def _weights(weight: Value | None, rule: Rule, source: View, target: View, what: str) -> Weight:
    if isinstance(weight, Distribution):
        return weight
    if weight is not None:
        return per_synapse(weight, rule, source, target, what)
    if rule.weights is None:
        raise missing("weight", rule, what.removesuffix(": weight"))
    if rule.kind == "csr":
        return rule.weights  # checked, and too large to be copied
    return per_synapse(rule.weights, rule, source, target, what)


def _delay_steps(
    delay: Value | RealArray | DistanceDelay, rule: Rule, source: View, target: View, what: str, rounds: bool
) -> tuple[float | IntArray | FloatArray | Distribution | DistanceDelay, DelayRounding]:
    """The delay in steps, or in ms into a population without a clock (a distribution stays one); what rounding did to it."""
    grid, zero = target.population.time_grid, source.population.exact
    if isinstance(delay, DistanceDelay):
        spaces = one_space("distance_delay", end_of(source), end_of(target), what.removesuffix(": delay"))
        check_distance(delay, spaces, what, grid, zero)
        return delay, DelayRounding(0, 0.0)
    if isinstance(delay, Distribution):
        if target.population.exact:
            check_law(delay, what, zero)
        return delay, DelayRounding(0, 0.0)
    values = np.asarray(per_synapse(delay, rule, source, target, what))
    if not isinstance(grid, Grid):
        times = in_ms(values, what, zero)
        return (float(times) if values.ndim == 0 else times), DelayRounding(0, 0.0)
    steps, rounding = in_steps(values, what, grid, rounds, least=1)
    return (int(steps) if values.ndim == 0 else steps), rounding


def per_synapse(value: Number | RealArray, rule: Rule, source: View, target: View, what: str) -> float | FloatArray:
    if not is_array(value):
        return real_or_array(value, 1, what)
    count = rule.n_values(source.size, target.size)
    if count is None:
        raise DeclarationError(
            f"{what} is an array, but {rule} draws how many synapses there are; give a number or a distribution, "
            "or list the synapses with from_edges.",
            rule=rule.kind,
        )
    value = as_array(value, what, f"give one number or an array of shape ({count},)")
    if value.shape != (count,):
        raise ShapeError(
            f"{what} has shape {value.shape}; {rule} needs one number or an array of shape ({count},).", size=count
        )
    return real_or_array(value, count, what)
