"""Neuron models -> kernels in closed form, for schedule="exact"; or the term that prevents it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy

from hsnn_event.errors import MethodError
from hsnn_event.lowering import transcendental
from hsnn_event.lowering.arithmetic import Builder
from hsnn_event.lowering.exact_ir import NEVER, PERIOD, ExactKernel
from hsnn_event.lowering.flow import Rate, flow, obstacle, rates, slope
from hsnn_event.lowering.host import Pool
from hsnn_event.lowering.ir import DENORMAL_CUT, Section
from hsnn_event.lowering.kernels import fires_section, initial_code, jump, renumbered, reset_section
from hsnn_event.lowering.linear import obstacle as not_linear
from hsnn_event.lowering.lowered import Lowered
from hsnn_event.lowering.step import Names, Step
from hsnn_event.lowering.system import NotAffineError, System, affine, system_of
from hsnn_event.lowering.transcendental import LIMITS
from hsnn_event.model.declare import WEIGHT, NeuronModel
from hsnn_event.model.symbolic import symbol

LIMIT = LIMITS["float64"]
SOONER = 1.0 - 1e-9   # a lower bound of a time stays one when it is rounded
CLOSE = 1e-12         # of the threshold: what is nearer to it is left to the search
NOISE = 4 * 2.0**-52  # of the threshold: nearer than that, a potential is at it


def lower_exact(model: NeuronModel, driven: tuple[str, ...]) -> Lowered:
    """What follows from the model's equations alone. Raises MethodError with the term that prevents a closed form."""
    system = system_of(model, driven)
    pool = Pool(system)
    form = form_of(system)
    sections = [
        _flow(form, pool, frozen=False),
        _flow(form, pool, frozen=True),
        _arrive(system, pool, clamped=False),
        _arrive(system, pool, clamped=True),
        fires_section(system, pool, LIMIT),
        reset_section(system, pool, LIMIT),
        form.ahead(Step(system, pool, LIMIT)),
        form.safe(Step(system, pool, LIMIT)),
    ]
    used, sections = renumbered(sections)
    constants = pool.keep(used)
    duration = None
    if system.duration is not None:
        timing = Pool(system)
        duration = timing.keep([timing.constant(system.duration)])
    names = (*constants.names, PERIOD) if duration is not None else constants.names
    kernel = ExactKernel(
        model.name, system.states, names, system.inputs, tuple(model.receptors), *sections, closed=form.closed
    )
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
    reason = _pulsed(system) or not_linear(system)
    if reason is None:
        step = Step(system, Pool(system), LIMIT)
        reason = obstacle(rates(step, ())) or obstacle(rates(step, system.held))
    if reason is not None:
        raise _refusal(system, reason)
    if system.threshold is None:
        return Form(system, flow, _never, _always, closed=True)
    excess = excess_of(system)
    watched = [name for name in system.dynamics if symbol(name) in excess.free_symbols]
    if len(watched) == 1 and not rates(step, ())[watched[0]].moving:
        alone = Alone(system, excess, watched[0])
        return Form(system, flow, alone.ahead, alone.safe, closed=True)
    searched = Searched(system, excess)
    return Form(system, flow, searched.ahead, searched.safe, closed=False)


def _refusal(system: System, reason: str) -> MethodError:
    return MethodError(
        f"{system.name}: schedule='exact' does not fit: {reason}. Give schedule='clock', and dt to the network.",
        method="exact",
        reason=reason,
    )


def _pulsed(system: System) -> str | None:
    for receptor, action in system.receptors.items():
        for name in action:
            if name in system.inputs:
                return f"receptor {receptor!r} acts on the input {name}, a pulse of one step of a clock"
    return None


def excess_of(system: System) -> sympy.Expr:
    """What reaches 0 from below when the neuron fires, affine in the states."""
    condition = system.threshold
    if isinstance(condition, sympy.GreaterThan | sympy.StrictGreaterThan):
        excess = condition.args[0] - condition.args[1]
    elif isinstance(condition, sympy.LessThan | sympy.StrictLessThan):
        excess = condition.args[1] - condition.args[0]
    else:
        raise _refusal(system, f"the threshold is the condition {condition}, not a comparison such as v >= V_th")
    try:
        affine(excess, map(symbol, system.states))
    except NotAffineError as error:
        raise _refusal(system, f"the threshold contains {error.facts['term']}, not linear in the states") from None
    if any(symbol(name) in excess.free_symbols for name in system.inputs):
        raise _refusal(system, "the threshold contains an input that changes")
    return excess


def _flow(form: Form, pool: Pool, frozen: bool) -> Section:
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


def _always(step: Step) -> Section:
    b = step.builder
    return b.section([b.emit("lt", b.literal(0.0), b.literal(1.0))])


def _never_safe(step: Step) -> Section:
    b = step.builder
    return b.section([b.emit("lt", b.literal(1.0), b.literal(0.0))])


def _below(step: Step, y: int, speed: int, own: int, level: int) -> int:
    """Is y, which rises no faster than y' = `speed` + `own` * (its growth), surely below 0 for "elapsed" ms?

    (1 - exp(-z))/z <= 2/(2 + z), so for own <= 0 it is where y (2 - own h) + 2 speed h < 0; and for ever where it does not
    rise at the threshold. `level` is the size of what y is a difference of: nearer than rounding, nothing is sure.
    """
    b = step.builder
    zero, h = b.literal(0.0), b.load("elapsed", 0)
    there = b.sub(speed, b.mul(own, y))
    stretched = b.mul(b.mul(y, b.literal(SOONER)), b.sub(b.literal(2.0), b.mul(own, h)))
    within = b.emit("lt", b.add(stretched, b.mul(b.literal(2.0), b.mul(speed, h))), zero)
    never = b.emit("le", there, zero)
    apart = b.emit("lt", y, b.mul(b.literal(-CLOSE), b.emit("abs", level)))
    decays = b.emit("le", own, zero)
    return b.emit("and", b.emit("and", apart, decays), b.emit("or", within, never))


@dataclass(frozen=True)
class Alone:
    """A threshold on one state that no other state moves: y' = a y + k has its crossing in closed form.

    y reaches 0 after (-y/y') log(1 + z)/z with z = -a y/y', if it rises both here and at the threshold.
    """

    system: System
    excess: sympy.Expr
    state: str

    def _rising(self, step: Step) -> tuple[int, int, int, int]:
        """y, y', a, and y' at the threshold."""
        rate = rates(step, ())[self.state]
        b, factor = step.builder, affine(self.excess, [symbol(self.state)])[0][symbol(self.state)]
        y = step.write(self.excess, step.start)
        speed = b.mul(step.write(factor, {}), slope(step, rate, self.state, step.start))
        own = step.write(rate.own, {})
        return y, speed, own, b.sub(speed, b.mul(own, y))

    def ahead(self, step: Step) -> Section:
        b = step.builder
        y, speed, own, there = self._rising(step)
        rises = b.emit("and", b.emit("gt", speed, b.literal(0.0)), b.emit("gt", there, b.literal(0.0)))
        speed = b.emit("select", rises, speed, b.literal(1.0))
        straight = b.div(b.emit("neg", y), speed)
        w = b.add(b.literal(1.0), b.mul(own, straight))
        apart = b.emit("ne", w, b.literal(1.0))
        below = b.emit("select", apart, b.sub(w, b.literal(1.0)), b.literal(1.0))
        bend = b.emit("select", apart, b.div(transcendental.log(b, w, step.limits), below), b.literal(1.0))
        time = b.larger(b.literal(0.0), b.mul(straight, bend))
        return b.section([b.smaller(b.emit("select", rises, time, b.literal(NEVER)), b.literal(NEVER))])

    def safe(self, step: Step) -> Section:
        y, speed, own, _ = self._rising(step)
        level = step.write(affine(self.excess, map(symbol, self.system.states))[1], {})
        return step.builder.section([_below(step, y, speed, own, level)])


@dataclass(frozen=True)
class Searched:
    """A threshold on any states of a linear system: a search from the left that cannot pass a crossing.

    y(s) <= y + y' s + m s**2 / 2 for s up to a span, with m from `Outlook`; where that parabola reaches 0 is the next
    place to look at. The bound is taken twice, over the span and over the part of it that matters. Where y is convex or
    nearly so this is Newton's method, so that few steps are needed; a peak below the threshold is passed by one.
    """

    system: System
    excess: sympy.Expr

    def ahead(self, step: Step) -> Section:
        b, found = step.builder, rates(step, ())
        states = list(found)
        factors, rest = affine(self.excess, map(symbol, self.system.states))
        c = {name: factors.get(symbol(name), sympy.Integer(0)) for name in states}
        y = step.write(self.excess, step.start)
        speeds = {name: slope(step, found[name], name, step.start) for name in states}
        entries = {(row, row): found[row].own for row in states if found[row].own != 0}
        entries |= {(row, name): factor for row in states for name, factor in found[row].moving.items()}
        span, curve, rise = step.pool.outlook(entries, [c[name] for name in states], states)
        rate, bend = b.literal(0.0), b.literal(0.0)
        turn, reach = b.literal(0.0), b.literal(0.0)
        for index, name in enumerate(states):
            size = b.emit("abs", speeds[name])
            if c[name] != 0:
                rate = b.add(rate, b.mul(step.write(c[name], {}), speeds[name]))
            second = sum((c[row] * factor for (row, column), factor in entries.items() if column == name), sympy.Integer(0))
            if second != 0:
                bend = b.add(bend, b.mul(step.write(second, {}), speeds[name]))
            turn = b.add(turn, b.mul(b.load("constant", curve[index]), size))
            reach = b.add(reach, b.mul(b.load("constant", rise[index]), size))
        whole = b.load("constant", span)
        first = self._root(b, y, rate, b.add(bend, turn), whole)
        near = b.smaller(b.add(first, first), whole)
        part = b.div(near, whole)
        again = self._root(b, y, rate, b.add(bend, b.mul(part, turn)), near)
        time = b.larger(first, again)
        drive = self._drive(step)
        if drive is not None:
            time = b.larger(time, self._far(b, y, *drive))
        never = b.emit("lt", b.add(y, reach), b.literal(0.0))
        time = b.emit("select", never, b.literal(NEVER), time)
        level = step.write(rest, {})
        there = b.emit("ge", y, b.mul(b.literal(-NOISE), b.emit("abs", level)))
        rises = b.emit("gt", rate, b.literal(0.0))
        return b.section([b.emit("select", b.emit("and", there, rises), b.literal(0.0), time)])

    def safe(self, step: Step) -> Section:
        drive = self._drive(step)
        if drive is None:
            return _never_safe(step)
        y = step.write(self.excess, step.start)
        level = step.write(affine(self.excess, map(symbol, self.system.states))[1], {})
        return step.builder.section([_below(step, y, *drive, level)])

    def _drive(self, step: Step) -> tuple[int, int] | None:
        """(a bound of y' now, a) with y' <= a y + k for ever, k the most that all that moves y can give, if there
        is one.

        What decays by itself gives no more than now if it is positive, and no more than 0 if it is not.
        """
        found = rates(step, ())
        factors, _ = affine(self.excess, map(symbol, self.system.states))
        watched = [name for name in found if symbol(name) in factors]
        if len(watched) != 1 or len(factors) != 1:
            return None
        b, (state,) = step.builder, watched
        rate, factor = found[state], step.write(factors[symbol(state)], {})
        alone = Rate(rate.own, {}, rate.still, rate.rest)
        speed = b.mul(factor, slope(step, alone, state, step.start))
        for name, strength in rate.moving.items():
            push = b.mul(b.mul(factor, step.write(strength, {})), step.start[name])
            speed = b.add(speed, b.larger(push, b.literal(0.0)))
        return speed, step.write(rate.own, {})

    def _far(self, b: Builder, y: int, speed: int, own: int) -> int:
        """A time within which y, driven as hard as it can be, does not reach 0: see `_below`; 0 where there is none."""
        zero = b.literal(0.0)
        below = b.add(b.mul(own, b.emit("neg", y)), b.mul(b.literal(2.0), speed))
        meets = b.emit("gt", below, zero)
        time = b.div(b.mul(b.literal(-2.0 * SOONER), y), b.emit("select", meets, below, b.literal(1.0)))
        never = b.emit("le", b.sub(speed, b.mul(own, y)), zero)
        time = b.emit("select", meets, time, b.literal(NEVER))
        time = b.smaller(b.emit("select", never, b.literal(NEVER), time), b.literal(NEVER))
        sure = b.emit("and", b.emit("le", own, zero), b.emit("lt", y, zero))
        return b.emit("select", sure, time, zero)

    def _root(self, b: Builder, y: int, rate: int, bend: int, longest: int) -> int:
        """Where y + rate s + bend s**2 / 2 first reaches 0, at most `longest`."""
        zero = b.literal(0.0)
        inside = b.sub(b.mul(rate, rate), b.mul(b.mul(b.literal(2.0), bend), y))
        real = b.emit("ge", inside, zero)
        below = b.add(rate, b.emit("sqrt", b.emit("select", real, inside, zero)))
        meets = b.emit("and", real, b.emit("gt", below, zero))
        root = b.div(b.mul(b.literal(-2.0), y), b.emit("select", meets, below, b.literal(1.0)))
        return b.smaller(b.emit("select", meets, root, longest), longest)

