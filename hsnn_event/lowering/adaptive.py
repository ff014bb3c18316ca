"""Runge-Kutta with a step of its own for each neuron: the embedded pair of Dormand and Prince.

Dormand and Prince 1980, doi 10.1016/0771-050X(80)90013-3: two methods of orders 5 and 4 on the same seven slopes; that of
order 5 goes on, and the difference is the error. Within each dt a neuron takes as many parts as its error asks for. The
first attempt of every dt is the whole of it, so that nothing but the states outlives a step: setting, saving and cutting a
run need not know of steps, and going down to a short one costs an attempt for each halving.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import sympy

from hsnn_event.lowering.detection import becomes_true
from hsnn_event.lowering.ir import PARTS, Section
from hsnn_event.lowering.step import Names, Step
from hsnn_event.lowering.system import DT

ABSOLUTE = RELATIVE = 1e-6  # tolerated in a part of a step: 1e-6 in the unit of the state and 1e-6 of its value


def _row(*weights: str) -> tuple[Fraction, ...]:
    return tuple(map(Fraction, weights))


STAGES = (
    _row(),
    _row("1/5"),
    _row("3/40", "9/40"),
    _row("44/45", "-56/15", "32/9"),
    _row("19372/6561", "-25360/2187", "64448/6561", "-212/729"),
    _row("9017/3168", "-355/33", "46732/5247", "49/176", "-5103/18656"),
    _row("35/384", "0", "500/1113", "125/192", "-2187/6784", "11/84"),  # and the result
)
ERROR = _row("71/57600", "0", "-71/16695", "71/1920", "-17253/339200", "22/525", "-1/40")


def attempt(step: Step) -> Section:
    """The states after a part of a step, the error as a part of what is tolerated, and whether to go no further.

    The error is the root mean square over the states that move. Clamped states stand still in a refractory neuron.
    """
    b, system = step.builder, step.system
    clamped = b.emit("clamped")
    elapsed = b.mul(step.write(DT, {}), b.load("part", 0))
    slopes: list[dict[str, int]] = []
    new: dict[str, int] = dict(step.start)
    for row in STAGES:
        if row:
            new |= {state: _moved(step, state, row, slopes, elapsed) for state in system.dynamics}
        names = step.hold(new)
        slopes.append({state: step.write(rate, names) for state, rate in system.dynamics.items()})
    squares = []
    for state in system.dynamics:
        part = _part_of_tolerance(step, state, new[state], b.mul(elapsed, _combined(step, state, ERROR, slopes)))
        if state in system.clamp:
            part = b.emit("select", clamped, b.literal(0.0), part)
        squares.append(b.mul(part, part))
    error = b.emit("sqrt", b.div(b.sum(squares), b.literal(float(max(1, len(squares))))))
    error = _euler_where_it_fails(step, slopes[0], elapsed, error, new)
    for state in system.clamp:
        new[state] = b.emit("select", clamped, step.start[state], new[state])
    stop = _stop(step, new)
    if system.detection == "interpolated":  # halve the part until it ends where the threshold is met
        longer = b.emit("gt", b.load("part", 0), b.literal(1.0 / PARTS))
        error = b.emit("select", b.emit("and", stop, longer), b.literal(2.0), error)
    return b.section([*(new[state] for state in system.states), error, stop])


def _stop(step: Step, new: Names) -> int:
    """Is the threshold of a model with a reset met? Its equations may have no solution far beyond."""
    b, system = step.builder, step.system
    if not system.reset:
        return step.write(sympy.false, {})
    inputs = {name: b.load("input", index) for index, name in enumerate(system.inputs)}  # without pulses, as `fires` has
    met = becomes_true(step, {**step.start, **inputs}, {**new, **inputs})
    return met if system.duration is None else b.emit("and", met, b.emit("not", b.emit("clamped")))


def _euler_where_it_fails(step: Step, slopes: Mapping[str, int], elapsed: int, error: int, new: dict[str, int]) -> int:
    """In a part that cannot be cut further, and whose error is too large, states take Euler's step: it stays finite where
    the later slopes of an upstroke do not. Changes `new`; gives the error, then 1, or NaN where there is no finite state."""
    b = step.builder
    least, good = b.emit("eq", b.load("part", 0), b.literal(1.0 / PARTS)), b.emit("le", error, b.literal(1.0))
    fails = b.emit("and", least, b.emit("not", good))
    finite = b.literal(1.0)
    for state, slope in slopes.items():
        plain = b.add(step.start[state], b.mul(elapsed, slope))
        finite = b.add(finite, b.emit("sub", plain, plain))
        new[state] = b.emit("select", fails, plain, new[state])
    return b.emit("select", fails, finite, error)


def advance(step: Step) -> dict[str, int]:
    """What the attempts made of the states."""
    places = {state: place for place, state in enumerate(step.system.states)}
    return {state: step.builder.load("advanced", places[state]) for state in step.system.dynamics}


def _combined(step: Step, state: str, weights: tuple[Fraction, ...], slopes: list[dict[str, int]]) -> int:
    b = step.builder
    return b.sum([
        b.mul(b.literal(float(weight)), slope[state]) for weight, slope in zip(weights, slopes, strict=True) if weight
    ])  # fmt: skip


def _moved(step: Step, state: str, weights: tuple[Fraction, ...], slopes: list[dict[str, int]], elapsed: int) -> int:
    return step.builder.add(step.start[state], step.builder.mul(elapsed, _combined(step, state, weights, slopes)))


def _part_of_tolerance(step: Step, state: str, new: int, error: int) -> int:
    b = step.builder
    largest = b.larger(b.emit("abs", step.start[state]), b.emit("abs", new))
    return b.div(error, b.add(b.literal(ABSOLUTE), b.mul(b.literal(RELATIVE), largest)))
