"""The code of a coupled neuron's step, cut where other neurons must have come as far: one section a stage."""

from __future__ import annotations

from fractions import Fraction

import sympy

from hsnn_event.lowering import splitting
from hsnn_event.lowering.arrivals import add_pulses
from hsnn_event.lowering.constants import Constants
from hsnn_event.lowering.detection import hidden_states, in_substep
from hsnn_event.lowering.host import Pool
from hsnn_event.lowering.integrators import Method, Tableau, weighted
from hsnn_event.lowering.ir import Section, Stages
from hsnn_event.lowering.linear import linear_part, propagate
from hsnn_event.lowering.step import Names, Step
from hsnn_event.lowering.system import DT, NotAffineError, System, affine
from hsnn_event.lowering.transcendental import Limits
from hsnn_event.model.symbolic import symbol

Increments = list[dict[str, int]]  # k of each stage done: state -> number of its value


def staged(system: System, pool: Pool, limits: Limits, method: Method, published: tuple[str, ...]) -> Stages:
    """The stages of a method; those without a tableau are one stage, with inputs held."""
    rows = method.tableau.a if method.tableau is not None else ((),)
    moving = _moving(system) if method.tableau is not None else []
    hidden = tuple(f"k{stage + 1}_{state}" for stage in range(len(rows) - 1) for state in moving)

    start = Step(system, pool, limits)
    publish = start.builder.section(_published(start, published, start.start))
    sections = [
        _stage(add_pulses(Step(system, pool, limits)), method.tableau, stage, published)
        for stage in range(len(rows) - 1)
        if method.tableau
    ]
    step = Step(system, pool, limits)
    told = in_substep(step, last=False)
    add_pulses(step)
    values = end_of_substep(step, method)
    values |= {state: step.clamped(state, values[state]) for state in system.clamp}
    outputs = [*(values[state] for state in system.states), *told, *_published(step, published, values)]
    return Stages(hidden, published, publish, (*sections, step.builder.section(outputs)))


def _moving(system: System) -> list[str]:
    """The states that a Runge-Kutta method moves; the others are advanced exactly."""
    exact = linear_part(system)
    return [state for state in system.dynamics if state not in exact]


def _stage(step: Step, tableau: Tableau, stage: int, published: tuple[str, ...]) -> Section:
    """A stage that is not the last: one more increment, and what couplings read in the next stage."""
    system, n_hidden = step.system, len(tableau.a) - 1
    done = _increments(step, n_hidden)
    names = step.hold(_at(step, tableau.a[stage], done[:stage]))
    done[stage] = {state: step.write(DT * system.dynamics[state], names) for state in _moving(system)}
    following = _at(step, tableau.a[stage + 1], done[: stage + 1])
    following |= {state: step.clamped(state, following[state]) for state in system.clamp}
    outputs = [value for each in done for value in each.values()]
    return step.builder.section([*outputs, *_published(step, published, following)])


def end_of_substep(step: Step, method: Method) -> dict[str, int]:
    """Every state at the end of the substep, before the clamp."""
    if method.tableau is None:
        return {**step.start, **method.advance(step)}
    system, tableau = step.system, method.tableau
    done = _increments(step, len(tableau.a) - 1)
    names = step.hold(_at(step, tableau.a[-1], done))
    done.append({state: step.write(DT * system.dynamics[state], names) for state in _moving(system)})
    return _at(step, tableau.b, done)


def _increments(step: Step, n_stages: int) -> Increments:
    """Those that the hidden values hold."""
    moving, first = _moving(step.system), len(step.system.states) + len(hidden_states(step.system))
    return [
        {state: step.builder.load("state", first + stage * len(moving) + place) for place, state in enumerate(moving)}
        for stage in range(n_stages)
    ]


def _at(step: Step, row: tuple[Fraction, ...], done: Increments) -> dict[str, int]:
    """States and inputs where a row of the tableau leads: x + sum(row[j] * k[j]), and the exact part of the equations."""
    if not done:
        return dict(step.start)
    exact = propagate(step, linear_part(step.system), step.start, sum(row, Fraction(0)))
    return {**step.start, **exact, **{state: weighted(step, state, row, done) for state in _moving(step.system)}}


def _published(step: Step, published: tuple[str, ...], names: Names) -> list[int]:
    return [step.write(step.system.quantities[name], names) for name in published]


def open_rate(system: System) -> Constants | None:
    """How fast the voltage of a neuron goes to its steady state with every gate open, and without synapses, in 1/ms; None
    where that is not known before the run, or where the neuron has no gates."""
    pool, rates = Pool(system), []
    voltage, gates = splitting.parts(system)
    closed = [name for name in (*system.states, *system.inputs) if name not in (*voltage, *gates)]
    values = {**{symbol(gate): 1 for gate in gates}, **{symbol(name): 0 for name in closed}}
    for state in voltage if gates else ():
        try:
            rate = affine(system.drift(state).subs(values), [symbol(state)])[0].get(symbol(state), sympy.Integer(0))
        except NotAffineError:
            return None
        if system.varies(rate) or rate.is_finite is False:
            return None
        rates.append(pool.constant(rate))
    return pool.keep(rates)


def gains(system: System) -> tuple[tuple[str, Constants], ...]:
    """For each coupled input, how strongly it moves states: its factors in their equations, as far as these are known."""
    found = []
    for name in system.coupled:
        pool, factors = Pool(system), []
        for rate in system.dynamics.values():
            try:
                factor = affine(rate, [symbol(name)])[0].get(symbol(name))
            except NotAffineError:
                continue
            if factor is not None and not system.varies(factor):
                factors.append(pool.constant(factor))
        found.append((name, pool.keep(sorted(set(factors)))))
    return tuple(found)
