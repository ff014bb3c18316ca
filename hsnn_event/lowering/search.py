"""A threshold on states of a linear system that drive each other: its crossing is searched for."""

from __future__ import annotations

from dataclasses import dataclass

import sympy

from hsnn_event.lowering.arithmetic import Builder
from hsnn_event.lowering.crossing import CLOSE, NOISE, SOONER, below
from hsnn_event.lowering.exact_ir import NEVER
from hsnn_event.lowering.flow import Rate, entries_of, is_shallow, rates, slope
from hsnn_event.lowering.ir import Section
from hsnn_event.lowering.outlook import FARTHER
from hsnn_event.lowering.step import Step
from hsnn_event.lowering.system import System, affine
from hsnn_event.model.symbolic import symbol


@dataclass(frozen=True)
class Drive:
    """What moves y: y' = `own` * y + what stands still + pushes, each of which decays by itself at a rate of its own.

    `steady` is y' now without pushes, `now` is y' itself, and `pushes` are those above 0 (below 0 they give 0), with rates.
    A push that decays gives no more than it does now: so y' <= own * y + k for ever, whose y' now is `most`. And y' follows
    y'' = own * y' + what the pushes lose: as own <= 0, it rises no faster than `bend` from what it is now. Where a push does
    not decay but grows, or own > 0, nothing is `sure`.
    """

    own: int
    steady: int
    most: int
    now: int
    bend: int
    pushes: tuple[tuple[int, int], ...]
    sure: int

    def within(self, b: Builder, h: int) -> int:
        """What may stand for `most` for a time h, and longer: a push gives no more than 2/(2 + decay h) of what it would if
        it did not decay, but then the part of it that leaks is left out."""
        speed, two = self.steady, b.literal(2.0)
        for push, rate in self.pushes:
            kept = b.div(b.sub(two, b.mul(self.own, h)), b.sub(two, b.mul(rate, h)))
            speed = b.add(speed, b.mul(push, b.smaller(kept, b.literal(1.0))))
        return speed


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
        b = step.builder
        y, rate, time = self._clear(step)
        level = step.write(affine(self.excess, map(symbol, self.system.states))[1], {})
        there = b.emit("ge", y, b.mul(b.literal(-NOISE), b.emit("abs", level)))
        rises = b.emit("gt", rate, b.literal(0.0))
        return b.section([b.emit("select", b.emit("and", there, rises), b.literal(0.0), time)])

    def safe(self, step: Step) -> Section:
        b, drive = step.builder, self._drive(step)
        level = step.write(affine(self.excess, map(symbol, self.system.states))[1], {})
        if drive is not None:
            y = step.write(self.excess, step.start)
            sure = b.emit("or", below(step, y, drive.most, drive.own, level), self._under(step, y, drive, level))
            return b.section([sure])
        y, _, time = self._clear(step)
        apart = b.emit("lt", y, b.mul(b.literal(-CLOSE), b.emit("abs", level)))
        later = b.emit("lt", b.load("elapsed", 0), b.mul(b.literal(SOONER), time))
        return b.section([b.emit("and", apart, later)])

    def _clear(self, step: Step) -> tuple[int, int, int]:
        """y, y', and a time within which there is no crossing."""
        b, found = step.builder, rates(step, ())
        states, entries, deep = list(found), entries_of(found), not is_shallow(found)
        factors, _ = affine(self.excess, map(symbol, self.system.states))
        c = {name: factors.get(symbol(name), sympy.Integer(0)) for name in states}
        y = step.write(self.excess, step.start)
        speeds = {name: slope(step, found[name], name, step.start) for name in states}
        spans, rise = step.pool.outlook(entries, [c[name] for name in states], states, FARTHER if deep else 0)
        rate, bend, reach, turns = b.literal(0.0), b.literal(0.0), b.literal(0.0), [b.literal(0.0) for _ in spans]
        for k, name in enumerate(states):
            size = b.emit("abs", speeds[name])
            if c[name] != 0:
                rate = b.add(rate, b.mul(step.write(c[name], {}), speeds[name]))
            second = sum((c[row] * factor for (row, column), factor in entries.items() if column == name), sympy.Integer(0))
            if second != 0:
                bend = b.add(bend, b.mul(step.write(second, {}), speeds[name]))
            turns = [
                b.add(turn, b.mul(b.load("constant", curve[k]), size)) for turn, (_, curve) in zip(turns, spans, strict=True)
            ]
            reach = b.add(reach, b.mul(b.load("constant", rise[k]), size))
        times = [
            self._within(b, y, rate, bend, turn, b.load("constant", span))
            for turn, (span, _) in zip(turns, spans, strict=True)
        ]
        drive = self._drive(step)
        if drive is not None:
            first = self._far(b, y, drive.most, drive)
            times += [b.larger(first, self._far(b, y, drive.within(b, first), drive)), self._arc(b, y, drive)]
        time = times[0]
        for other in times[1:]:
            time = b.larger(time, other)
        never = b.emit("lt", b.add(y, reach), b.literal(0.0))
        return y, rate, b.emit("select", never, b.literal(NEVER), time)

    def _within(self, b: Builder, y: int, rate: int, bend: int, turn: int, whole: int) -> int:
        """How much of a span surely is clear: what y'' is at most is taken twice, of the span and of what matters of it."""
        first = self._root(b, y, rate, b.add(bend, turn), whole)
        near = b.smaller(b.add(first, first), whole)
        part = b.div(near, whole)
        return b.larger(first, self._root(b, y, rate, b.add(bend, b.mul(part, turn)), near))

    def _drive(self, step: Step) -> Drive | None:
        """Of a threshold on one state, which only states that decay by themselves move; or None."""
        found = rates(step, ())
        factors, _ = affine(self.excess, map(symbol, self.system.states))
        watched = [name for name in found if symbol(name) in factors]
        if len(watched) != 1 or len(factors) != 1:
            return None
        b, (state,) = step.builder, watched
        if not all(found[name].decays for name in found[state].moving):
            return None
        zero, rate, factor = b.literal(0.0), found[state], step.write(factors[symbol(state)], {})
        own = step.write(rate.own, {})
        steady = now = b.mul(factor, slope(step, Rate(rate.own, {}, rate.still, rate.rest), state, step.start))
        bend, sure, most = zero, b.emit("le", own, zero), steady
        pushes = []
        for name, strength in rate.moving.items():
            push = b.mul(b.mul(factor, step.write(strength, {})), step.start[name])
            decay = step.write(found[name].own, {})
            pushes.append((b.larger(push, zero), decay))
            most, now = b.add(most, pushes[-1][0]), b.add(now, push)
            bend = b.add(bend, b.larger(b.mul(decay, push), zero))
            sure = b.emit("and", sure, b.emit("le", decay, zero))
        most = b.emit("select", sure, most, b.literal(NEVER))
        return Drive(own, steady, most, now, b.add(bend, b.larger(b.mul(own, now), zero)), tuple(pushes), sure)

    def _arc(self, b: Builder, y: int, drive: Drive) -> int:
        """A time within which y + now s + bend s**2 / 2 does not reach 0; 0 where that is no bound."""
        zero = b.literal(0.0)
        falls, below = b.emit("lt", drive.now, zero), b.emit("lt", y, zero)
        inside = b.mul(b.mul(b.literal(-2.0), drive.bend), b.smaller(y, zero))
        root = b.emit("sqrt", b.add(b.mul(drive.now, drive.now), inside))
        above = b.emit("select", falls, b.sub(root, drive.now), b.mul(b.literal(-2.0), y))
        under = b.emit("select", falls, drive.bend, b.add(drive.now, root))
        meets = b.emit("gt", under, zero)
        time = b.mul(b.literal(SOONER), b.div(above, b.emit("select", meets, under, b.literal(1.0))))
        time = b.smaller(b.emit("select", meets, time, b.literal(NEVER)), b.literal(NEVER))
        return b.emit("select", b.emit("and", drive.sure, below), time, zero)

    def _under(self, step: Step, y: int, drive: Drive, level: int) -> int:
        """Is y surely below 0 for "elapsed" ms, by that parabola or as the pushes decay?"""
        b = step.builder
        zero, two, h, near = b.literal(0.0), b.literal(2.0), b.load("elapsed", 0), b.mul(y, b.literal(SOONER))
        rise = b.mul(h, b.add(drive.now, b.mul(b.literal(0.5), b.mul(drive.bend, h))))
        arc = b.emit("lt", b.add(near, rise), zero)
        rise = b.mul(two, b.mul(drive.within(b, h), h))
        flat = b.emit("lt", b.add(b.mul(near, b.sub(two, b.mul(drive.own, h))), rise), zero)
        apart = b.emit("lt", y, b.mul(b.literal(-CLOSE), b.emit("abs", level)))
        return b.emit("and", b.emit("and", drive.sure, apart), b.emit("or", arc, flat))

    def _far(self, b: Builder, y: int, speed: int, drive: Drive) -> int:
        """A time within which y, driven as hard as `speed` says, does not reach 0: see `below`; 0 where there is none."""
        zero, own = b.literal(0.0), drive.own
        below = b.add(b.mul(own, b.emit("neg", y)), b.mul(b.literal(2.0), speed))
        meets = b.emit("gt", below, zero)
        time = b.div(b.mul(b.literal(-2.0 * SOONER), y), b.emit("select", meets, below, b.literal(1.0)))
        never = b.emit("le", b.sub(drive.most, b.mul(own, y)), zero)
        time = b.emit("select", meets, time, b.literal(NEVER))
        time = b.smaller(b.emit("select", never, b.literal(NEVER), time), b.literal(NEVER))
        return b.emit("select", b.emit("and", drive.sure, b.emit("lt", y, zero)), time, zero)

    def _root(self, b: Builder, y: int, rate: int, bend: int, longest: int) -> int:
        """Where y + rate s + bend s**2 / 2 first reaches 0, at most `longest`."""
        zero = b.literal(0.0)
        inside = b.sub(b.mul(rate, rate), b.mul(b.mul(b.literal(2.0), bend), y))
        real = b.emit("ge", inside, zero)
        below = b.add(rate, b.emit("sqrt", b.emit("select", real, inside, zero)))
        meets = b.emit("and", real, b.emit("gt", below, zero))
        root = b.div(b.mul(b.literal(-2.0), y), b.emit("select", meets, below, b.literal(1.0)))
        return b.smaller(b.emit("select", meets, root, longest), longest)
