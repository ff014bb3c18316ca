"""What arriving events do to a neuron in a step: to its inputs before it advances, to its states afterwards."""

from __future__ import annotations

from collections.abc import Mapping

import sympy

from hsnn_event.errors import ModelError
from hsnn_event.lowering.step import Step
from hsnn_event.lowering.system import ARRIVING, NotAffineError, System, affine, readable
from hsnn_event.model.declare import WEIGHT
from hsnn_event.model.symbolic import symbol


def add_pulses(step: Step) -> Step:
    """The step, with arrivals at inputs added to these: they are part of the step that they end, and so come before it."""
    system, b = step.system, step.builder
    for index, receptor in enumerate(system.receptors):
        for name in (each for each in system.receptors[receptor] if each in system.inputs):
            pulse = step.write(jump(system, receptor, name) * ARRIVING, {WEIGHT: b.load("arrival", index)})
            step.start[name] = b.add(step.start[name], pulse)
    return step


def after_arrivals(step: Step, advanced: Mapping[str, int]) -> dict[str, int]:
    """The states that have `advanced`, with arrivals; then the clamp, so that arrivals on a clamped state are lost."""
    system, b = step.system, step.builder
    values = dict(advanced)
    for index, receptor in enumerate(system.receptors):
        for state in (each for each in system.receptors[receptor] if each in system.states):
            change = step.write(jump(system, receptor, state) * ARRIVING, {WEIGHT: b.load("arrival", index)})
            values[state] = b.add(values[state], change)
    for state in system.clamp:
        values[state] = step.clamped(state, values[state])
    return values


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
