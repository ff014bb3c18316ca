"""When a threshold fires a neuron: while its condition holds, or when it becomes true within a step.

Crossings need what a threshold says of both ends of a step. `update` leaves what it says of the beginning in a hidden state,
which is written anew in each step, so that nothing of it outlives a step: setting states, saving and cutting a run need not
know of it.
"""

from __future__ import annotations

import sympy

from hsnn_event.lowering.ir import DENORMAL_CUT, HELD, LAG
from hsnn_event.lowering.step import Names, Step
from hsnn_event.lowering.system import System

_RISING = (sympy.GreaterThan, sympy.StrictGreaterThan)
_FALLING = (sympy.LessThan, sympy.StrictLessThan)
_HIDDEN = {"level": (), "crossing": (HELD,), "interpolated": (LAG,)}


def hidden_states(system: System) -> tuple[str, ...]:
    """The kernel's states after those of the model."""
    return _HIDDEN[system.detection]


def at_start(step: Step, names: Names) -> list[int]:
    """The values of the hidden states that `update` writes, from the states and inputs `names` at the start of the step."""
    b, system = step.builder, step.system
    if system.threshold is None or system.detection == "level":
        return []
    if system.detection == "interpolated":
        return [_excess(step, names)]
    return [b.emit("select", step.write(system.threshold, names), b.literal(1.0), b.literal(0.0))]


def at_stop(step: Step, before: list[int], names: Names) -> list[int]:
    """The same, where "reached" says when within the step the threshold was met; `names` are the states at its end.

    An excess at the start from which a straight line to that at the end meets 0 at that time.
    """
    b, system = step.builder, step.system
    if system.detection != "interpolated" or not system.reset:
        return before
    reached = b.load("reached", 0)
    slope = b.div(reached, b.sub(b.literal(1.0), reached))
    start = b.smaller(b.mul(b.emit("neg", _excess(step, names)), slope), b.literal(-DENORMAL_CUT))
    return [b.emit("select", _did_not_hold(step, before[0]), start, before[0])]


def fires(step: Step) -> int:
    """Does the neuron fire, states being those of the end of the step?"""
    b, system = step.builder, step.system
    holds = step.write(sympy.false if system.threshold is None else system.threshold, step.start)
    if system.detection == "level":
        return holds
    return b.emit("and", holds, _did_not_hold(step, b.load("state", len(system.states))))


def _did_not_hold(step: Step, hidden: int) -> int:
    """Was the condition false at the start of the step, as the hidden state says?"""
    b, system = step.builder, step.system
    equal = isinstance(system.threshold, sympy.GreaterThan | sympy.LessThan) and system.detection == "interpolated"
    return b.emit("lt" if equal else "le", hidden, b.literal(0.0))


def becomes_true(step: Step, before: Names, after: Names) -> int:
    """Would the neuron fire, had the step these ends?"""
    b, threshold = step.builder, step.system.threshold
    holds = step.write(sympy.false if threshold is None else threshold, after)
    return holds if step.system.detection == "level" else b.emit("and", holds, b.emit("not", step.write(threshold, before)))


def after_reset(step: Step) -> list[int]:
    """The values of the hidden states of a neuron that fires; the states are those before the reset.

    For "interpolated": how far before the end of the step the straight line from the excess at its start to that at its end
    meets 0, as a part of the step; 1 where it is no number.
    """
    b, system = step.builder, step.system
    before = [b.load("state", len(system.states) + k) for k in range(len(hidden_states(system)))]
    if system.detection != "interpolated":
        return before
    after = _excess(step, step.start)
    lag = b.div(after, b.sub(after, before[0]))
    return [b.smaller(lag, b.literal(1.0))]


def _excess(step: Step, names: Names) -> int:
    """What reaches 0 from below when the condition becomes true."""
    condition = step.system.threshold
    assert isinstance(condition, _RISING + _FALLING), "the declaration checks it"
    left, right = (step.write(each, names) for each in condition.args)
    return step.builder.sub(left, right) if isinstance(condition, _RISING) else step.builder.sub(right, left)
