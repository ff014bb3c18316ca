"""Neuron models -> kernels in closed form, for schedule="exact"; or the term that prevents it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hsnn_event.lowering.arithmetic import Builder
from hsnn_event.lowering.arrivals import jump
from hsnn_event.lowering.crossing import Alone, excess_of, refusal
from hsnn_event.lowering.exact_ir import NEVER, PERIOD, ExactKernel
from hsnn_event.lowering.flow import flow, is_shallow, rates
from hsnn_event.lowering.general import propagate
from hsnn_event.lowering.host import Pool
from hsnn_event.lowering.ir import DENORMAL_CUT, Section
from hsnn_event.lowering.kernels import duration_of, fires_section, initial_code, renumbered, reset_section
from hsnn_event.lowering.linear import obstacle as not_linear
from hsnn_event.lowering.lowered import Lowered
from hsnn_event.lowering.quadratic import quadratic_of
from hsnn_event.lowering.search import Searched
from hsnn_event.lowering.step import Names, Step
from hsnn_event.lowering.system import System, readable, system_of
from hsnn_event.lowering.transcendental import LIMITS
from hsnn_event.model.declare import HAZARD_DRAW, WEIGHT, NeuronModel
from hsnn_event.model.symbolic import symbol

LIMIT = LIMITS["float64"]


def lower_exact(model: NeuronModel, driven: tuple[str, ...]) -> Lowered:
    """What follows from the model's equations alone. Raises MethodError with the term that prevents a closed form."""
    system = system_of(model, driven)
    pool = Pool(system)
    form = form_of(system)
    written = {
        "flow": flow_section(form, pool, frozen=False),
        "clamped": flow_section(form, pool, frozen=True),
        "arrive": _arrive(system, pool, clamped=False),
        "arrive_clamped": _arrive(system, pool, clamped=True),
        "fires": fires_section(system, pool, LIMIT),
        "reset": reset_section(system, pool, LIMIT),
        "ahead": form.ahead(Step(system, pool, LIMIT)),
        "safe": form.safe(Step(system, pool, LIMIT)),
    }
    used, code = renumbered(list(written.values()))
    sections = dict(zip(written, code, strict=True))
    constants = pool.keep(used)
    duration = duration_of(system)
    names = (*constants.names, PERIOD) if duration is not None else constants.names
    receptors = tuple(model.receptors)
    kernel = ExactKernel(model.name, system.states, names, system.inputs, receptors, closed=form.closed, **sections)
    initial, reads = initial_code(model)
    return Lowered(kernel, "exact", constants, duration, initial, reads)


@dataclass(frozen=True)
class Form:
    """A closed form of a system: how it flows, and how its next crossing is found."""

    system: System
    flow: Callable[[Step, int, Names, tuple[str, ...]], dict[str, int]]
    ahead: Callable[[Step], Section]
    safe: Callable[[Step], Section]
    closed: bool


def form_of(system: System) -> Form:
    """The form that fits. Raises MethodError."""
    reason = _by_chance(system) or _noisy(system) or _pulsed(system)
    if reason is None:
        quadratic = quadratic_of(system)
        if quadratic is not None:
            return Form(system, quadratic.flow, quadratic.ahead, quadratic.safe, closed=True)
        reason = not_linear(system)
    if reason is not None:
        raise refusal(system, reason)
    if system.threshold is None:
        return no_crossing(system)
    excess = excess_of(system)
    found = rates(Step(system, Pool(system), LIMIT), ())
    watched = [name for name in system.dynamics if symbol(name) in excess.free_symbols]
    if not watched:  # what the threshold reads moves at events alone
        return no_crossing(system)
    if len(watched) == 1 and not found[watched[0]].moving:
        alone = Alone(system, excess, watched[0])
        return Form(system, linear_flow, alone.ahead, alone.safe, closed=True)
    searched = Searched(system, excess)
    return Form(system, linear_flow, searched.ahead, searched.safe, closed=False)


def linear_flow(step: Step, elapsed: int, names: Names, frozen: tuple[str, ...]) -> dict[str, int]:
    """The states of a linear system after some time."""
    shallow = is_shallow(rates(step, frozen))
    return (flow if shallow else propagate)(step, elapsed, names, frozen)


def _noisy(system: System) -> str | None:
    for state in system.dynamics if system.noise else ():
        for xi, factor in system.kicks(state).items():
            return f"d{state}/dt contains {readable(factor * symbol(xi))}, white noise, which no closed form follows"
    return None


def _by_chance(system: System) -> str | None:
    return "it fires by chance (hazard=), in steps" if HAZARD_DRAW in system.inputs else None


def _pulsed(system: System) -> str | None:
    for receptor, action in system.receptors.items():
        for name in action:
            if name in system.inputs:
                return f"receptor {receptor!r} acts on the input {name}, a pulse of one step of a clock"
    return None


def flow_section(form: Form, pool: Pool, frozen: bool) -> Section:
    """The states after "elapsed" ms; in a refractory neuron (`frozen`) the clamped ones have their clamped values."""
    system = form.system
    step = Step(system, pool, LIMIT)
    b, names = step.builder, step.start
    held: tuple[str, ...] = ()
    if frozen:
        held = tuple(system.clamp)
        names = {**names, **{state: step.write(value, step.start) for state, value in system.clamp.items()}}
    new = form.flow(step, b.load("elapsed", 0), names, held)
    return b.section([_cut(b, new[state]) if state not in held else new[state] for state in system.states])


def _cut(b: Builder, value: int) -> int:
    """0 in the place of what is about to become a denormal number."""
    small = b.emit("lt", b.emit("abs", value), b.literal(DENORMAL_CUT))
    return b.emit("select", small, b.literal(0.0), value)


def _arrive(system: System, pool: Pool, clamped: bool) -> Section:
    step = Step(system, pool, LIMIT)
    values = dict(step.start)
    for index, (receptor, action) in enumerate(system.receptors.items()):
        for state in action:
            if clamped and state in system.clamp:
                continue
            change = jump(system, receptor, state) * symbol(WEIGHT)
            amount = step.write(change, {WEIGHT: step.builder.load("arrival", index)})
            values[state] = step.builder.add(values[state], amount)
    return step.builder.section([values[state] for state in system.states])


def _never(step: Step) -> Section:
    return step.builder.section([step.builder.literal(NEVER)])


def no_crossing(system: System) -> Form:
    """The form of a linear system that nothing looks ahead of."""
    return Form(system, linear_flow, _never, _always, closed=True)


def _always(step: Step) -> Section:
    b = step.builder
    return b.section([b.emit("lt", b.literal(0.0), b.literal(1.0))])
