"""Couplings -> plans; what they make of the populations that they join; into how many substeps a step is divided."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import import_module

import numpy as np

from hsnn_event.compile_cache import remembered
from hsnn_event.distributions import quantile, rescaled
from hsnn_event.errors import MethodError, ValueRangeError
from hsnn_event.lowering.ir import CouplePlan, IntArray, Kernel, Number, ProjectionPlan, RulePlan, Section, ValuePlan
from hsnn_event.lowering.lowered import Coupled, LoweredModel
from hsnn_event.network.coupling import MOST_SUBSTEPS, Coupling, Reads, function_reads
from hsnn_event.network.network import Network
from hsnn_event.network.population import Population

# The largest part that a coupling takes of the difference between a neuron and its partners in a substep. Differences
# between partners decay up to twice as fast; rk2 and rk4 are stable as far as 2 and 2.8.
MOST_DECAY = 0.25
# The largest product of substep and the rate at which a voltage moves with all gates open: rk4 is stable as far as 2.8, and
# here follows the spikes of the squid axon to a microvolt: docs/gap-junctions.md.
MOST_OPEN = 2.0
DEVIATIONS = 4.0  # above the mean: where the conductance of a neuron is left to chance


def directions(coupling: Coupling) -> tuple[tuple[Population, Population], ...]:
    """(source, target) populations between which it acts."""
    source, target = coupling.source.population, coupling.target.population
    both = coupling.symmetric and source is not target
    return ((source, target), (target, source)) if both else ((source, target),)


def coupled(network: Network, population: Population) -> Coupled | None:
    """What couplings do to a population; None where there is none of them."""
    inputs: dict[str, None] = {}
    published: dict[str, None] = {}
    found = False
    for coupling in network.couplings.values():
        reads = reads_of(coupling)
        for source, target in directions(coupling):
            found |= population in (source, target)
            inputs |= dict.fromkeys([coupling.input] if target is population else [])
            published |= dict.fromkeys(reads.pre if source is population else ())
            published |= dict.fromkeys(reads.post if target is population else ())
    return Coupled(tuple(name for name in population.model.inputs if name in inputs), tuple(published)) if found else None


def method_of(network: Network, population: Population) -> str:
    """The method of a population: coupled ones that name none take that of the others."""
    if population.method != "auto" or population not in joined(network):
        return population.method
    return min({each.method for each in joined(network)} - {"auto"}, default="auto")


def joined(network: Network) -> set[Population]:
    """The populations that couplings join."""
    return {end.population for each in network.couplings.values() for end in (each.source, each.target)}


def check_stages(models: Mapping[str, LoweredModel]) -> None:
    """Refuse coupled populations, by name, whose methods do not meet at the same stages."""
    methods = {name: model.method for name, model in models.items()}
    if len(set(methods.values())) > 1:
        listed = ", ".join(f"{name} {method!r}" for name, method in methods.items())
        raise MethodError(
            f"coupled populations go through the stages of a step together, and these have several methods: {listed}. Give "
            "all of them the same method=.",
            methods=methods,
        )
    for name, model in models.items():
        kernel = model.kernel
        assert isinstance(kernel, Kernel)
        if kernel.attempt is not None:
            text = f"method {model.method!r} gives each neuron its own steps, and coupled ones share theirs. Take 'rk4'"
            raise MethodError(f"population {name!r}: {text}.", population=name, method=model.method)
        if kernel.interpolated:
            text = "detection='interpolated' looks at one whole step, and couplings may divide it. Take 'crossing'"
            raise MethodError(f"population {name!r}: {text}.", population=name)


def check_draws(network: Network, models: Mapping[str, LoweredModel], number: int) -> None:
    """Refuse to divide a step for neurons that draw random numbers, whose law is that of a whole step."""
    for name, model in models.items():
        drawn = set(model.kernel.inputs) - set(network.populations[name].model.inputs)
        if number > 1 and drawn:
            raise MethodError(
                f"population {name!r}: its couplings need {number} substeps, and its white noise or hazard is drawn once a "
                "step. Take a smaller dt or conductance, or substeps=1 in couple.",
                population=name, substeps=number,
            )  # fmt: skip


@lru_cache(maxsize=256)
def function_code(text: str, reads: Reads, state_type: str) -> Section:
    """The code of a coupling's function, which loads "pre" and "post" by their places in `reads`.

    >>> [each.op for each in function_code("v_pre - v_post", Reads(("v",), ("v",)), "float64").code]
    ['pre', 'post', 'sub']
    """

    def written() -> Section:
        made: Section = import_module("hsnn_event.lowering.coupling_function").code(text, reads, state_type)
        return made

    return remembered("coupling", (text, reads, state_type), written)


def substeps(
    network: Network, plans: Sequence[CouplePlan], models: Sequence[object], parameters: Sequence[Mapping[str, Number]]
) -> int:
    """Into how many equal parts coupled populations divide a step: the largest number that one of the couplings needs, or
    one of the neurons that it joins.

    A coupling with total conductance G at a neuron, into an input that the state's equation has the factor c of, moves the
    neuron towards its partners with the rate c G; each part is so short that this is at most MOST_DECAY. The function is
    taken to be no steeper than the difference, and totals that are drawn as no larger than DEVIATIONS above their mean.
    The voltage of a neuron with gates moves by at most MOST_OPEN time constants in a part.
    """
    numbers, most = {name: number for number, name in enumerate(network.populations)}, 1
    for coupling, plan in zip(network.couplings.values(), plans, strict=True):
        if coupling.substeps is not None:
            most = max(most, coupling.substeps)
            continue
        totals = largest_totals(plan, (coupling.source.population.size, coupling.target.population.size))
        for (source, target), total in zip(directions(coupling), totals, strict=False):
            ends = [(models[numbers[each.name]], parameters[numbers[each.name]]) for each in (target, source)]
            most = max(most, _for_junctions(network, coupling, total, *ends[0]))
            most = max(most, *(_for_gates(network, *end) for end in ends))
    return most


def _for_junctions(
    network: Network, coupling: Coupling, total: float, model: object, parameters: Mapping[str, Number]
) -> int:
    """The substeps that a total conductance at a neuron needs."""
    assert isinstance(model, LoweredModel)
    decay = total * model.gain(coupling.input, parameters) * network.grid.dt
    if decay > MOST_DECAY * MOST_SUBSTEPS:
        raise ValueRangeError(
            f"coupling {coupling.name!r}: a conductance of {total:g} at one neuron needs more than {MOST_SUBSTEPS} "
            f"substeps in {network.grid.dt:g} ms. Take a smaller conductance or dt, or give substeps=.",
            name=coupling.name, conductance=total,
        )  # fmt: skip
    return math.ceil(decay / MOST_DECAY)


def _for_gates(network: Network, model: object, parameters: Mapping[str, Number]) -> int:
    """The substeps that a neuron needs by itself, whose method moves its voltage by slopes."""
    assert isinstance(model, LoweredModel)
    if model.method not in ("rk2", "rk4"):
        return 1
    opened = model.open_rate(parameters) * network.grid.dt
    return math.ceil(min(opened, MOST_OPEN * MOST_SUBSTEPS) / MOST_OPEN)


def largest_totals(plan: CouplePlan, sizes: tuple[int, int]) -> tuple[float, float]:
    """The largest total conductance that a neuron of the target has, and one of the source, where it acts on both.

    Exact where pairs are listed in one order, at most twice too large where they are in both; elsewhere an estimate.
    """
    edges = plan.edges
    n_sources = sizes[0] if edges.source_ids is None else len(edges.source_ids)
    n_targets = sizes[1] if edges.target_ids is None else len(edges.target_ids)
    if plan.averaged:
        return (_most(edges.weight, 1.0),) * 2
    within = plan.symmetric and edges.source == edges.target
    listed = _listed(edges, n_sources)
    if listed is None:
        onto_target, onto_source = (_most(edges.weight, n) for n in _expected(edges.rule, n_sources, n_targets))
        once = edges.rule.kind in ("bernoulli", "all_to_all")  # which yield both orders of a pair, or count one of them
        both = max(onto_target, onto_source) if once else onto_target + onto_source
        return (both, both) if within else (onto_target, onto_source)
    weights = edges.weight.values if edges.weight.kind == "array" else None
    each = [np.bincount(ids, weights, size) for ids, size in zip(listed, sizes, strict=True)]
    sums = [each[0] + each[1]] * 2 if within else each[::-1]
    most = [float(values.max(initial=0.0)) for values in sums]
    return tuple(most if weights is not None else (_most(edges.weight, n) for n in most))  # type: ignore[return-value]


def _listed(edges: ProjectionPlan, n_sources: int) -> tuple[IntArray, IntArray] | None:
    """The population ids of the pairs that a rule lists; None where it draws them."""
    rule = edges.rule
    if rule.targets is None:
        return None
    sources = np.repeat(np.arange(n_sources), np.diff(rule.indptr)) if rule.indptr is not None else rule.sources
    assert sources is not None
    return (
        sources if edges.source_ids is None else edges.source_ids[sources],
        rule.targets if edges.target_ids is None else edges.target_ids[rule.targets],
    )


def _expected(rule: RulePlan, n_sources: int, n_targets: int) -> tuple[float, float]:
    """How many pairs a neuron of the targets has, and of the sources; more than nearly any where they are drawn."""

    def drawn(mean: float) -> float:
        return mean + DEVIATIONS * math.sqrt(mean) + DEVIATIONS

    n_sources, n_targets = max(n_sources, 1), max(n_targets, 1)
    match rule.kind:
        case "one_to_one":
            return 1.0, 1.0
        case "all_to_all":
            return n_sources, n_targets
        case "fixed_indegree":
            return rule.count, drawn(rule.count * n_targets / n_sources)
        case "fixed_outdegree":
            return drawn(rule.count * n_sources / n_targets), rule.count
        case "fixed_total":
            return drawn(rule.count / n_targets), drawn(rule.count / n_sources)
        case _:  # bernoulli
            return min(n_sources, drawn(rule.p * n_sources)), min(n_targets, drawn(rule.p * n_targets))


def _most(conductance: ValuePlan, count: float) -> float:
    """The sum of `count` conductances, or more where they are not known one by one."""
    if conductance.kind == "constant":
        return conductance.a * count
    if conductance.values is not None:
        return float(conductance.values.max(initial=0.0)) * count
    u = rescaled((np.arange(1000) + 0.5) / 1000, conductance.u_low, conductance.u_high)
    values = np.clip(quantile(conductance.kind, conductance.a, conductance.b, u), conductance.low, conductance.high)
    return float(values.mean() * count + DEVIATIONS * values.std() * math.sqrt(count))


def reads_of(coupling: Coupling) -> Reads:
    """What its function reads."""
    source, target = coupling.source.population, coupling.target.population
    return function_reads(coupling.function, source, target, coupling.symmetric, f"{coupling.name}: function")
