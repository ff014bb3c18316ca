"""How constants are found while a kernel is written: which of its expressions the host can compute before a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, count

import sympy

from hsnn_event.lowering.arithmetic import Builder
from hsnn_event.lowering.constants import Constants, Derived, Entry, Propagation, Source
from hsnn_event.lowering.diffusion import Diffusion, Share
from hsnn_event.lowering.ir import Section
from hsnn_event.lowering.ladder import LEVELS, Ladder, Place, Rung
from hsnn_event.lowering.outlook import Bound, Outlook
from hsnn_event.lowering.system import System, readable
from hsnn_event.lowering.transcendental import LIMITS
from hsnn_event.lowering.translate import Translator

Entries = Mapping[tuple[str, str], sympy.Expr]  # (row, column) -> what stands there in a matrix


@dataclass
class Pool:
    """Collects the constants that a kernel's code asks for. It is the `HostValues` of a `Translator`."""

    system: System
    names: list[str] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    _outlooks: list[Outlook] = field(default_factory=list)
    _ladders: list[Ladder] = field(default_factory=list)
    _diffusions: list[Diffusion] = field(default_factory=list)
    _propagations: dict[object, Propagation] = field(default_factory=dict)
    _known: dict[object, int] = field(default_factory=dict)

    def knows(self, value: sympy.Basic) -> bool:
        # A condition is no constant: constants are real numbers, and the kernel compares.
        return isinstance(value, sympy.Expr) and bool(value.free_symbols) and not self.system.varies(value)

    def constant(self, value: sympy.Expr) -> int:
        if value.is_Symbol:
            return self._add(value, value.name, value.name)
        return self._add(value, "k", Derived(self.section([value]), readable(value)))

    def propagator(
        self, name: str, generator: Mapping[tuple[str, str], sympy.Expr], nodes: Sequence[str], row: str, column: str
    ) -> int:
        """The index of the constant that holds the entry (row, column) of exp(generator).

        `nodes` are the rows and columns in order: first those with a row of their own, then inputs and the constant.
        """
        key = (tuple(generator.items()), tuple(nodes))
        if key not in self._propagations:
            places = tuple((nodes.index(above), nodes.index(below)) for above, below in generator)
            n_states = len({above for above, _ in generator})
            section = self.section(list(generator.values()))
            self._propagations[key] = Propagation(section, places, len(nodes), n_states)
        number = list(self._propagations).index(key)
        entry = Entry(number, nodes.index(row), nodes.index(column))
        return self._add(entry, name, entry)

    def outlook(
        self, entries: Entries, watched: Sequence[sympy.Expr], states: Sequence[str], farther: int
    ) -> tuple[list[tuple[int, list[int]]], list[int]]:
        """The indices of the constants of an `Outlook`: spans, each with its curves, and rises; `watched` is c."""
        places, n = tuple((states.index(row), states.index(column)) for row, column in entries), len(states)
        outlook = Outlook(self.section([*entries.values(), *watched]), places, n, farther)
        if outlook not in self._outlooks:
            self._outlooks.append(outlook)
        number = self._outlooks.index(outlook)

        def bound(place: int, label: str) -> int:
            return self._add(Bound(number, place), label, Bound(number, place))

        spans = []
        for far in range(1 + farther):
            first, tag = (1 + 2 * n + (far - 1) * (1 + n), str(far)) if far else (0, "")
            curves = [bound(first + 1 + k, f"curve{tag}_{name}") for k, name in enumerate(states)]
            spans.append((bound(first, f"span{tag}"), curves))
        return spans, [bound(1 + n + k, f"rise_{name}") for k, name in enumerate(states)]

    def ladder(
        self, entries: Entries, states: Sequence[str], wanted: Sequence[Place]
    ) -> tuple[int, list[list[int]]]:
        """The indices of the constants of a `Ladder`: its shortest time, and what is wanted of each level."""
        places = tuple((states.index(row), states.index(column)) for row, column in entries)
        ladder = Ladder(self.section(list(entries.values())), places, len(states), tuple(wanted))
        if ladder not in self._ladders:
            self._ladders.append(ladder)
        number = self._ladders.index(ladder)
        shortest, levels = Rung(number, 0), []
        for level in range(LEVELS):
            rungs = [Rung(number, 1 + level * len(wanted) + place) for place in range(len(wanted))]
            labels = [f"{kind}{level}_{states[row]}_{states[column]}" for kind, row, column in wanted]
            levels.append([self._add(rung, label, rung) for rung, label in zip(rungs, labels, strict=True)])
        return self._add(shortest, "shortest", shortest), levels

    def diffusion(self, entries: Entries, noise: Entries, states: Sequence[str]) -> list[int]:
        """The indices of the constants of a `Diffusion`, row by row."""
        noises = list(dict.fromkeys(xi for _, xi in noise))
        places = tuple((states.index(row), states.index(column)) for row, column in entries)
        kicks = tuple((states.index(row), noises.index(xi)) for row, xi in noise)
        section = self.section([*entries.values(), *noise.values()])
        made = Diffusion(section, places, kicks, len(states), len(noises))
        if made not in self._diffusions:
            self._diffusions.append(made)
        number = self._diffusions.index(made)
        shares = [Share(number, place) for place in range(len(states) ** 2)]
        labels = [f"N_{row}_{column}" for row in states for column in states]
        return [self._add(share, label, share) for share, label in zip(shares, labels, strict=True)]

    def section(self, values: Sequence[sympy.Expr]) -> Section:
        """Code over the host values, which it loads as constants."""
        builder = Builder()
        names = {name: builder.load("constant", index) for index, name in enumerate(self.system.host)}
        translator = Translator(builder, LIMITS["float64"], None)
        return builder.section([translator.write(value, names) for value in values])

    def keep(self, indices: Sequence[int]) -> Constants:
        """Those constants only, in this order; expressions are called k0, k1, ..."""
        sources = [self.sources[index] for index in indices]
        used = sorted({each.propagation for each in sources if isinstance(each, Entry)})
        names: list[str] = []
        for index, source in zip(indices, sources, strict=True):
            names.append(source if isinstance(source, str) else self._free(self.names[index], names))
        return Constants(
            self.system.name,
            self.system.host,
            tuple(names),
            tuple(
                replace(each, propagation=used.index(each.propagation)) if isinstance(each, Entry) else each
                for each in sources
            ),
            tuple(list(self._propagations.values())[number] for number in used),
            tuple(self._outlooks),
            tuple(self._ladders),
            tuple(self._diffusions),
        )

    def _free(self, name: str, taken: Sequence[str]) -> str:
        """A name of a derived constant: `name`, or with a number if that is "k" or stands for something else."""
        names = _numbered(name) if name == "k" else chain([name], _numbered(name))
        return next(each for each in names if each not in taken and each not in self.system.host)

    def _add(self, key: object, name: str, source: Source) -> int:
        if key not in self._known:
            self._known[key] = len(self.names)
            self.names.append(name)
            self.sources.append(source)
        return self._known[key]


def _numbered(name: str) -> Iterator[str]:
    """name0, name1, ..."""
    return (f"{name}{number}" for number in count())
