"""Neuron models -> kernels: the mathematics, in SymPy. `lowered` is the way to it."""

from __future__ import annotations

from collections.abc import Sequence

import sympy

from hsnn_event.errors import ModelError
from hsnn_event.lowering import detection
from hsnn_event.lowering.arithmetic import Builder
from hsnn_event.lowering.constants import Constants
from hsnn_event.lowering.host import Pool
from hsnn_event.lowering.integrators import METHODS, choose
from hsnn_event.lowering.ir import Kernel, Section
from hsnn_event.lowering.lowered import STEPS, Lowered
from hsnn_event.lowering.step import Step
from hsnn_event.lowering.system import ARRIVING, NotAffineError, System, affine, readable, system_of
from hsnn_event.lowering.transcendental import LIMITS, Limits
from hsnn_event.lowering.translate import Translator
from hsnn_event.model.declare import WEIGHT, NeuronModel, initial_order
from hsnn_event.model.symbolic import symbol


def lower(model: NeuronModel, method: str, state_type: str, driven: tuple[str, ...]) -> Lowered:
    """What follows from the model's equations under a method; raises what `lower_model` does."""
    limits = LIMITS[state_type]
    system = system_of(model, driven)
    chosen = choose(system, method)
    pool = Pool(system)
    written = [_update(system, pool, limits, chosen)]
    written += [fires_section(system, pool, limits), reset_section(system, pool, limits)]
    attempt = METHODS[chosen].attempt
    if attempt is not None:
        written.append(attempt(_pulsed(Step(system, pool, limits))))
    used, sections = renumbered(written)
    constants = pool.keep(used)
    duration = duration_of(system)
    names = (*constants.names, STEPS) if duration is not None else constants.names
    hidden = detection.hidden_states(system)
    kernel = Kernel(model.name, (*system.states, *hidden), names, system.inputs, tuple(model.receptors), *sections)
    initial, reads = initial_code(model)
    nothing = Builder()
    zero = nothing.section([nothing.literal(0.0)])
    return Lowered(kernel, chosen, constants, duration, (*initial, *((name, zero) for name in hidden)), reads)


def duration_of(system: System) -> Constants | None:
    """How the refractory period follows from the parameters, where there is one."""
    if system.duration is None:
        return None
    timing = Pool(system)
    return timing.keep([timing.constant(system.duration)])


def _update(system: System, pool: Pool, limits: Limits, method: str) -> Section:
    """Advance, add arrivals; then the clamp, so that arrivals on a clamped state are lost."""
    step = Step(system, pool, limits)
    b = step.builder
    before = detection.at_start(step, step.start)
    values = dict(_pulsed(step).start)
    for state, advanced in METHODS[method].advance(step).items():
        values[state] = advanced
    for index, receptor in enumerate(system.receptors):
        for state in (each for each in system.receptors[receptor] if each in system.states):
            change = step.write(jump(system, receptor, state) * ARRIVING, {WEIGHT: b.load("arrival", index)})
            values[state] = b.add(values[state], change)
    for state in system.clamp:
        values[state] = step.clamped(state, values[state])
    if METHODS[method].attempt is not None:
        before = detection.at_stop(step, before, values)
    return b.section([*(values[state] for state in system.states), *before])


def _pulsed(step: Step) -> Step:
    """The step with arrivals at inputs added to these: they are part of the step that they end, and so come before it."""
    b, system = step.builder, step.system
    for index, receptor in enumerate(system.receptors):
        for name in (each for each in system.receptors[receptor] if each in system.inputs):
            pulse = step.write(jump(system, receptor, name) * ARRIVING, {WEIGHT: b.load("arrival", index)})
            step.start[name] = b.add(step.start[name], pulse)
    return step


def jump(system: System, receptor: str, state: str) -> sympy.Expr:
    """The factor c of an action that is state + weight * c, c known before the run."""
    action = system.receptors[receptor][state]
    place = f"{system.name}.receptors[{receptor!r}][{state!r}]"
    cure = f"Arrivals of a step are summed, so it must be {state} + weight*factor, the factor made of parameters."
    try:
        factors, rest = affine(action, map(symbol, (*system.states, *system.inputs, WEIGHT)))
    except NotAffineError as error:
        raise ModelError(f"{place}: it contains {error.facts['term']}. {cure}", term=error.facts["term"]) from None
    factor_of_weight = factors.pop(ARRIVING, sympy.Integer(0))
    left = {name: factor for name, factor in factors.items() if name != symbol(state)}
    own = factors.get(symbol(state), sympy.Integer(0))
    surplus = [*(name * factor for name, factor in left.items()), *([rest] if rest != 0 else [])]
    if not own.is_number or float(own) != 1.0:
        surplus.append((own - 1) * symbol(state))
    if surplus:
        raise ModelError(f"{place}: it adds {readable(surplus[0])}. {cure}", term=readable(surplus[0]))
    return factor_of_weight


def fires_section(system: System, pool: Pool, limits: Limits) -> Section:
    step = Step(system, pool, limits)
    return step.builder.section([detection.fires(step)])


def reset_section(system: System, pool: Pool, limits: Limits) -> Section:
    step = Step(system, pool, limits)
    values = {**step.start, **{state: step.write(value, step.start) for state, value in system.reset.items()}}
    return step.builder.section([*(values[state] for state in system.states), *detection.after_reset(step)])


def renumbered(sections: Sequence[Section]) -> tuple[list[int], list[Section]]:
    """The constants that the code reads, in order of first use, and the code with these as 0, 1, 2, ..."""
    loads = [each.value for section in sections for each in section.code if each.op == "constant"]
    used = [value for value in dict.fromkeys(loads) if isinstance(value, int)]
    places = {index: place for place, index in enumerate(used)}
    renumbered = [
        Section(
            tuple(
                each._replace(value=places[int(each.value or 0)]) if each.op == "constant" else each
                for each in section.code
            ),
            section.outputs,
        )
        for section in sections
    ]
    return used, renumbered


def initial_code(model: NeuronModel) -> tuple[tuple[tuple[str, Section], ...], tuple[str, ...]]:
    """Code for the initial value of each state, in the order in which they can be computed, and what it loads."""
    system = system_of(model, ())
    reads = (*system.host, *system.states)
    texts = initial_order(model)
    code = []
    for state in (*(each for each in system.states if each not in texts), *texts):
        builder = Builder()
        names = {name: builder.load("constant", index) for index, name in enumerate(reads)}
        value = Translator(builder, LIMITS["float64"], None).write(system.initial[state], names)
        code.append((state, builder.section([value])))
    return tuple(code), reads
