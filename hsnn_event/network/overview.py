"""What a notebook shows of a network and its parts. Cheap: no synapse is drawn or read back for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from hsnn_event.notebook import Table, card, count, memory, span
from hsnn_event.random import Distribution
from hsnn_event.topology.distance import DistanceDelay

if TYPE_CHECKING:
    from hsnn_event.network.coupling import Coupling
    from hsnn_event.network.drive import Drive
    from hsnn_event.network.network import Network
    from hsnn_event.network.part import Part
    from hsnn_event.network.population import Population
    from hsnn_event.network.projection import Projection
    from hsnn_event.network.views import Group, View


def of_network(net: Network) -> str:
    """Time, size, memory; its populations, projections, couplings and drives."""
    populations, projections = list(net.populations.values()), list(net.projections.values())
    recorded = {record.target for record in net.records}
    neurons = sum(each.size for each in populations)
    dt = "none" if net.dt is None else f"{net.dt:g} ms"
    facts = [("t", f"{net.t:g} ms"), ("dt", dt), ("neurons", count(neurons)), *_synapses(net, projections)]
    facts += [("seed", str(net.seed)), ("backend", net.backend), ("precision", net.precision)]
    return card(
        "Network",
        facts,
        Table(
            ("population", "neurons", "model", "recorded"),
            [(each.name, count(each.size), each.model.name, "yes" if each.name in recorded else "") for each in populations],
        ),
        Table(
            ("projection", "rule", "synapses", "weight", "delay"),
            [
                (each.name, str(each.rule), _n_synapses(each), label_of_weight(each), label_of_delay(each))
                for each in projections
            ],
        ),
        Table(
            ("coupling", "rule", "function", "conductance", "kind"),
            [_coupling(each) for each in net.couplings.values()],
        ),
        Table(
            ("drive", "targets", "value", "weight"),
            [_drive(each) for each in net.drives.values()],
        ),
        Table(("part", "neurons", "populations", "ports"), [_part(each) for each in net.parts.values()]),
        _ports(net.ports),
    )


def of_part(part: Part) -> str:
    """Its size, its populations under the names that they had, its ports."""
    populations = part.populations.items()
    facts = [("neurons", count(part.size)), ("parts", ", ".join(part.parts) or "none")]
    rows = [(inner, each.name, count(each.size), each.model.name) for inner, each in populations]
    return card(f"Part {part.prefix}", facts, Table(("population", "here", "neurons", "model"), rows), _ports(part.ports))


def _part(part: Part) -> tuple[str, str, str, str]:
    return part.prefix, count(part.size), ", ".join(part.populations), ", ".join(part.ports)


def _ports(ports: Mapping[str, View | Group]) -> Table:
    return Table(("port", "neurons"), [(name, count(neurons.size)) for name, neurons in ports.items()])


def of_population(population: Population) -> str:
    """Size and model; its states and parameters, with their present values once it has run."""
    model, ran = population.model, population.network.t > 0
    rows = []
    for role, names in (("state", model.states), ("parameter", model.parameters)):
        for name, declared in names.items():
            now = span(population.get(name)) if ran else _assigned(population, name)
            rows.append((name, role, _law(declared), now, model.units.get(name, "")))
    facts = [("neurons", count(population.size)), ("model", model.name), ("receptors", ", ".join(model.receptors) or "none")]
    title = f"Population {population.name}"
    return card(title, facts, Table(("variable", "kind", "declared", "now" if ran else "set", "unit"), rows))


def of_neurons(view: View) -> str:
    """How many of which population."""
    ids = span(view.ids)
    return card(f"View of {view.name}", [("neurons", count(view.size)), ("of", count(view.population.size)), ("ids", ids)])


def of_group(group: Group) -> str:
    """Its members."""
    rows = [(member.name, count(member.size), member.population.model.name) for member in group]
    return card("Group", [("neurons", count(group.size))], Table(("member", "neurons", "model"), rows))


def of_projection(projection: Projection) -> str:
    """Ends, rule, number of synapses, weight and range of delays."""
    facts = [
        ("from", f"{projection.source.name} ({count(projection.source.size)})"),
        ("to", f"{projection.target.name} ({count(projection.target.size)})"),
        ("receptor", projection.receptor),
        ("rule", str(projection.rule)),
        ("synapses", _n_synapses(projection)),
        ("weight", label_of_weight(projection)),
        ("delay", label_of_delay(projection)),
    ]
    if projection.delay_rounding.count:
        moved = projection.delay_rounding
        facts.append(("delays moved to the grid", f"{count(moved.count)}, by {moved.largest:g} ms at most"))
    return card(f"Projection {projection.name}", facts)


def _coupling(coupling: Coupling) -> tuple[str, str, str, str, str]:
    kind = "junctions" if coupling.symmetric else "directed"
    averaged = ", averaged" if coupling.normalize else ""
    return coupling.name, str(coupling.rule), coupling.function, _each(coupling.conductance), kind + averaged


def _drive(drive: Drive) -> tuple[str, str, str, str]:
    return drive.name, count(drive.target.size), _law(drive.stimulus.value), _law(drive.weight)


def _synapses(net: Network, projections: list[Projection]) -> list[tuple[str, str]]:
    """Number and memory from the engine where there is one, else the number that the rules lead to expect."""
    held = None if net._simulation is None else net._simulation.engine.memory()
    if held is None:
        counted = [expected_synapses(each) for each in projections]
        about = "about " if any(estimate for _, estimate in counted) else ""
        return [("synapses", about + count(sum(number for number, _ in counted)))]
    n, n_bytes = held
    a_synapse = f" ({n_bytes / n:.1f} bytes a synapse)" if n else ""
    return [("synapses", count(n)), ("memory", memory(n_bytes) + a_synapse)]


def _n_synapses(projection: Projection) -> str:
    number, estimate = expected_synapses(projection)
    return f"about {count(number)}" if estimate else count(number)


def expected_synapses(projection: Projection) -> tuple[float, bool]:
    """The number of synapses, and whether it is only the mean of what the rule draws."""
    rule, source, target = projection.rule, projection.source, projection.target
    if rule.kind == "bernoulli":
        return rule.p * source.size * target.size, True
    number = rule.n_values(source.size, target.size) or 0
    return number, rule.left_to_chance


def label_of_weight(projection: Projection) -> str:
    """Its weight or the law of its weights."""
    return _law(declared_weight(projection))


def declared_weight(projection: Projection) -> Any:
    """Its weights as they are known without drawing them: as given, set one by one, or brought by the rule."""
    weight = getattr(projection.weight, "values", projection.weight)
    return getattr(projection.rule, "weights", None) if weight is None else weight


def _each(value: object) -> str:
    """Weights or conductances, also those that were set one by one (`PerEdge`)."""
    return _law(getattr(value, "values", value))


def label_of_delay(projection: Projection) -> str:
    """Its delay, or from what to what."""
    delay = projection.delay
    if isinstance(delay, DistanceDelay):
        return f"{delay.offset:g} ms + distance / ({delay.velocity:g} mm/ms)"
    if isinstance(delay, Distribution):
        return f"{_law(delay)} ms"
    return span(projection.target.population.time_grid.times(np.asarray(delay)), "ms")


def _law(value: object) -> str:
    """A number, the range of an array, or a distribution in one line."""
    if not isinstance(value, Distribution):
        return span(value)
    text = f"{value.kind}({value.a:g})" if value.kind == "exponential" else f"{value.kind}({value.a:g}, {value.b:g})"
    bounds = [f"{sign} {bound:g}" for sign, bound in ((">=", value.low), ("<=", value.high)) if np.isfinite(bound)]
    return text if value.kind == "uniform" or not bounds else f"{text}, {', '.join(bounds)}"


def _assigned(population: Population, variable: str) -> str:
    """What `set` will give it in the first run: of all neurons, or of some."""
    made = [each for each in population.assignments if each.variable == variable]
    if not made:
        return ""
    return _law(made[-1].value) if made[-1].ids is None else f"{_law(made[-1].value)} for {count(len(made[-1].ids))}"
