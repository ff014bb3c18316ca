"""White noise in linear equations: the code that adds to each state what `diffusion` says of its law."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fractions import Fraction

import sympy

from hsnn_event.lowering.step import Step

Entries = Mapping[tuple[str, str], sympy.Expr]  # (state, what moves it) -> factor


def received(step: Step, members: Collection[str], generator: Entries, noise: Entries, fraction: Fraction) -> dict[str, int]:
    """State -> the number of what noise adds to it in a step; of a part of the step: that part of it.

    `generator` are the entries of A dt, `noise` of B sqrt(dt). The states that one noise reaches share normal numbers.
    """
    found: dict[str, int] = {}
    for group in groups(members, generator, noise):
        inner = {place: value for place, value in generator.items() if set(place) <= set(group)}
        kicks = {place: value for place, value in noise.items() if place[0] in group}
        indices = step.pool.diffusion(inner, kicks, group)
        for row, state in enumerate(group):
            b = step.builder
            terms = [
                b.mul(b.load("constant", indices[row * len(group) + column]), step.normal(other))
                for column, other in enumerate(group[: row + 1])
            ]
            found[state] = b.mul(b.literal(float(fraction)), b.sum(terms))
    return found


def groups(
    members: Collection[str], generator: Collection[tuple[str, str]], noise: Collection[tuple[str, str]]
) -> list[list[str]]:
    """The states that noise reaches, at once or through others; those that one noise reaches together, in their order.

    >>> groups(["v", "I", "w", "u"], [("v", "I"), ("u", "v"), ("w", "w")], [("I", "xi"), ("w", "xi_1")])
    [['v', 'I', 'u'], ['w']]
    >>> groups(["a", "b", "c", "d"], [("d", "a"), ("d", "b")], [("a", "xi"), ("b", "xi_1"), ("c", "xi")])
    [['a', 'b', 'c', 'd']]
    """
    reach = {state: {xi for row, xi in noise if row == state} for state in members}
    for _ in members:
        for row, column in generator:
            reach[row] |= reach.get(column, set())
    found: list[list[str]] = []
    for state in (each for each in members if reach[each]):
        joined = [group for group in found if any(reach[each] & reach[state] for each in group)]
        together = {state, *(each for group in joined for each in group)}
        found = [group for group in found if group not in joined]
        found.append([each for each in members if each in together])
    order = list(members)
    return sorted(found, key=lambda group: order.index(group[0]))
