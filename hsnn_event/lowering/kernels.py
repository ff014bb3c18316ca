"""Neuron models -> kernels: the mathematics, in SymPy. `lowered` is the way to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hsnn_event.lowering import detection
from hsnn_event.lowering.arithmetic import Builder
from hsnn_event.lowering.arrivals import add_pulses, after_arrivals
from hsnn_event.lowering.constants import Constants
from hsnn_event.lowering.host import Pool
from hsnn_event.lowering.integrators import METHODS, Method, choose
from hsnn_event.lowering.ir import Instruction, Kernel, Section
from hsnn_event.lowering.lowered import STEPS, Coupled, Lowered
from hsnn_event.lowering.stages import end_of_substep, gains, open_rate, staged
from hsnn_event.lowering.step import Step, inputs_of
from hsnn_event.lowering.system import System, system_of
from hsnn_event.lowering.transcendental import LIMITS, Limits
from hsnn_event.lowering.translate import Translator
from hsnn_event.model.declare import NeuronModel, initial_order


def lower(
    model: NeuronModel, method: str, state_type: str, driven: tuple[str, ...], coupled: Coupled | None = None
) -> Lowered:
    """What follows from the model's equations under a method; raises what `lower_model` does."""
    limits = LIMITS[state_type]
    system = replace(system_of(model, driven), coupled=() if coupled is None else coupled.inputs)
    chosen = choose(system, method, coupled is not None)
    pool = Pool(system)
    stages = None if coupled is None else staged(system, pool, limits, METHODS[chosen], coupled.published)
    written = [_update(system, pool, limits, METHODS[chosen], stages is not None)]
    written += [fires_section(system, pool, limits), reset_section(system, pool, limits)]
    attempt = METHODS[chosen].attempt
    written += [] if attempt is None else [attempt(add_pulses(Step(system, pool, limits)))]
    written += [] if stages is None else [stages.publish, *stages.sections]
    inputs, written = without_unread_noise(system, written)
    used, (update, fires, reset, *more) = renumbered(written)
    constants = pool.keep(used)
    duration = duration_of(system)
    names = (*constants.names, STEPS) if duration is not None else constants.names
    hidden = detection.hidden_states(system)
    kernel = Kernel(
        model.name, (*system.states, *hidden), names, inputs, tuple(model.receptors), update, fires, reset,
        attempt=None if attempt is None else more[0],
        stages=None if stages is None else replace(stages, publish=more[0], sections=tuple(more[1:])),
    )  # fmt: skip
    initial, reads = initial_code(model)
    nothing = Builder()
    zero = nothing.section([nothing.literal(0.0)])
    initial = (*initial, *((name, zero) for name in hidden))
    rate = None if stages is None else open_rate(system)
    return Lowered(kernel, chosen, constants, duration, initial, reads, gains(system), rate)


def duration_of(system: System) -> Constants | None:
    """How the refractory period follows from the parameters, where there is one."""
    if system.duration is None:
        return None
    timing = Pool(system)
    return timing.keep([timing.constant(system.duration)])


def _update(system: System, pool: Pool, limits: Limits, method: Method, coupled: bool) -> Section:
    """Advance, with the arrivals at inputs; add the arrivals at states; and leave what detection must know of the start.

    Of a coupled neuron this is the last stage of the last substep.
    """
    step = Step(system, pool, limits)
    before = detection.in_substep(step, last=True) if coupled else detection.at_start(step, step.start)
    add_pulses(step)
    advanced = end_of_substep(step, method) if coupled else method.advance(step)
    values = after_arrivals(step, {**step.start, **advanced})
    if method.attempt is not None:
        before = detection.at_stop(step, before, values)
    return step.builder.section([*(values[state] for state in system.states), *before])


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


def without_unread_noise(system: System, sections: Sequence[Section]) -> tuple[tuple[str, ...], list[Section]]:
    """The inputs of the model and the noises that the code reads, and the code with these as 0, 1, 2, ..."""
    own, names = len(system.inputs), inputs_of(system)
    read = {int(each.value or 0) for section in sections for each in section.code if each.op == "input"}
    kept = [*range(own), *sorted(each for each in read if each >= own)]
    places = {number: place for place, number in enumerate(kept)}

    def placed(each: Instruction) -> Instruction:
        return each._replace(value=places[int(each.value or 0)]) if each.op == "input" else each

    numbered = [Section(tuple(map(placed, section.code)), section.outputs) for section in sections]
    return tuple(names[number] for number in kept), numbered


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
