"""Neuron models -> kernels: the mathematics, in SymPy. `lowered` is the way to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sympy

from hsnn_event.lowering.arithmetic import Builder
from hsnn_event.lowering.arrivals import add_pulses, after_arrivals
from hsnn_event.lowering.constants import Constants
from hsnn_event.lowering.host import Pool
from hsnn_event.lowering.integrators import METHODS, choose
from hsnn_event.lowering.ir import Kernel, Section
from hsnn_event.lowering.lowered import STEPS, Coupled, Lowered
from hsnn_event.lowering.stages import gains, last_stage, staged
from hsnn_event.lowering.step import Step
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
    chosen = choose(system, method)
    pool = Pool(system)
    stages = None if coupled is None else staged(system, pool, limits, METHODS[chosen], coupled.published)
    update = _update(system, pool, limits, chosen) if stages is None else last_stage(system, pool, limits, METHODS[chosen])
    written = [update, fires_section(system, pool, limits), reset_section(system, pool, limits)]
    more = () if stages is None else (stages.publish, *stages.sections)
    used, sections = renumbered([*written, *more])
    (update, fires, reset), rest = sections[:3], sections[3:]
    if stages is not None:
        stages = replace(stages, publish=rest[0], sections=tuple(rest[1:]))
    constants = pool.keep(used)
    duration = duration_of(system)
    names = (*constants.names, STEPS) if duration is not None else constants.names
    kernel = Kernel(model.name, system.states, names, system.inputs, tuple(model.receptors), update, fires, reset, stages)
    initial, reads = initial_code(model)
    return Lowered(kernel, chosen, constants, duration, initial, reads, gains(system))


def duration_of(system: System) -> Constants | None:
    """How the refractory period follows from the parameters, where there is one."""
    if system.duration is None:
        return None
    timing = Pool(system)
    return timing.keep([timing.constant(system.duration)])


def _update(system: System, pool: Pool, limits: Limits, method: str) -> Section:
    """Advance, with the arrivals at inputs; add the arrivals at states."""
    step = Step(system, pool, limits)
    add_pulses(step)
    return after_arrivals(step, {**step.start, **METHODS[method].advance(step)})


def fires_section(system: System, pool: Pool, limits: Limits) -> Section:
    step = Step(system, pool, limits)
    return step.builder.section([step.write(sympy.false if system.threshold is None else system.threshold, step.start)])


def reset_section(system: System, pool: Pool, limits: Limits) -> Section:
    step = Step(system, pool, limits)
    values = {**step.start, **{state: step.write(value, step.start) for state, value in system.reset.items()}}
    return step.builder.section([values[state] for state in system.states])


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
