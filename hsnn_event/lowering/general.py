"""The solution of any linear equations at any time: for states that drive each other, or are driven by driven ones.

The time is a number of steps and a rest, the rest done by a Taylor polynomial, the steps by propagators over 1, 2, 4, ...
of them (`Ladder`), as its binary digits say. What a constant or an input moves is followed as its change so far and its
slope, so that potentials far from 0 are rounded once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from hsnn_event.lowering.flow import Rate, entries_of, rates, slope
from hsnn_event.lowering.host import Entries
from hsnn_event.lowering.ladder import DEGREE, LEVELS, Place
from hsnn_event.lowering.step import Names, Step


def propagate(step: Step, elapsed: int, names: Names, frozen: Collection[str] = ()) -> dict[str, int]:
    """The states `elapsed` ms after `names`."""
    b, found = step.builder, rates(step, frozen)
    entries, above = entries_of(found), _above(found)
    pushed = _pushed(found, above)
    free = [state for state in found if state not in pushed]
    inner = {place: factor for place, factor in entries.items() if set(place) <= set(pushed)}
    wanted = _wanted(found, above, pushed)
    shortest, levels = step.pool.ladder(entries, list(found), wanted)
    count, rest = _divided(step, elapsed, b.load("constant", shortest))

    own = {state: slope(step, _without(found[state], free), state, names) for state in pushed}
    change = _taylor(step, entries, {state: slope(step, found[state], state, names) for state in found}, rest)
    values = {state: b.add(names[state], change[state]) for state in free}
    change = {state: change[state] for state in pushed}
    own = _sum(step, own, _apply(step, inner, change))
    for level in levels:
        half = b.emit("floor", b.mul(count, b.literal(0.5)))
        odd = b.emit("ne", count, b.add(half, half))
        count = half
        factors = dict(zip(wanted, (b.load("constant", index) for index in level), strict=True))
        more = {state: _row(step, factors, list(found), state, own, values) for state in pushed}
        more = {state: b.emit("select", odd, value, b.literal(0.0)) for state, value in more.items()}
        change, own = _sum(step, change, more), _sum(step, own, _apply(step, inner, more))
        later = {state: _row(step, factors, list(found), state, {}, values) for state in free}
        values = {state: b.emit("select", odd, later[state], values[state]) for state in free}
    return {**names, **values, **{state: b.add(names[state], change[state]) for state in pushed}}


def _above(found: Mapping[str, Rate]) -> dict[str, set[str]]:
    """What moves each state, at once or through others; itself only where it feeds back on itself."""
    above = {state: set(rate.moving) for state, rate in found.items()}
    for _ in found:
        above = {state: names.union(*(above[name] for name in names)) for state, names in above.items()}
    return above


def _pushed(found: Mapping[str, Rate], above: Mapping[str, Collection[str]]) -> list[str]:
    """The states on which a constant or an input acts, at once or through others."""
    first = {state for state, rate in found.items() if rate.rest != 0 or rate.still}
    return [state for state in found if first & {state, *above[state]}]


def _without(rate: Rate, names: Collection[str]) -> Rate:
    moving = {name: factor for name, factor in rate.moving.items() if name not in names}
    return Rate(rate.own, moving, rate.still, rate.rest)


def _wanted(found: Mapping[str, Rate], above: Mapping[str, Collection[str]], pushed: Collection[str]) -> list[Place]:
    states, wanted = list(found), []
    for row, state in enumerate(states):
        for column, name in enumerate(states):
            if name == state or name in above[state]:
                wanted.append(("mean" if name in pushed else "exp", row, column))
    return wanted


def _divided(step: Step, elapsed: int, shortest: int) -> tuple[int, int]:
    """Whole steps, and the rest in ms; no more steps than there are propagators for."""
    b = step.builder
    count = b.emit("floor", b.div(elapsed, shortest))
    rest = b.sub(elapsed, b.mul(count, shortest))
    return b.smaller(count, b.literal(2.0**LEVELS - 1.0)), rest


def _taylor(step: Step, entries: Entries, slopes: Mapping[str, int], time: int) -> dict[str, int]:
    """By how much the states change: s (f + s/2 A (f + s/3 A (f + ...)))."""
    b, total = step.builder, dict(slopes)
    for order in range(DEGREE, 1, -1):
        part = b.mul(time, b.literal(1.0 / order))
        bent = {state: b.mul(part, value) for state, value in _apply(step, entries, total).items()}
        total = _sum(step, slopes, bent)
    return {state: b.mul(time, value) for state, value in total.items()}


def _apply(step: Step, entries: Entries, vector: Mapping[str, int]) -> dict[str, int]:
    """A times a vector, rows without entries left out."""
    b, terms = step.builder, dict[str, list[int]]()
    for (row, column), factor in entries.items():
        terms.setdefault(row, []).append(b.mul(step.write(factor, {}), vector[column]))
    return {row: b.sum(each) for row, each in terms.items()}


def _sum(step: Step, one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {state: step.builder.add(value, other[state]) if state in other else value for state, value in one.items()}


def _row(
    step: Step, factors: Mapping[Place, int], states: Sequence[str], state: str, slopes: Names, values: Names
) -> int:
    """The propagator's row: "mean" of slopes and "exp" of values."""
    b, terms = step.builder, []
    for (kind, row, column), factor in factors.items():
        if states[row] == state:
            terms.append(b.mul(factor, (slopes if kind == "mean" else values)[states[column]]))
    return b.sum(terms)
