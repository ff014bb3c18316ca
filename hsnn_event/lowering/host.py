"""What the host computes before a run: the constants of a kernel, from parameters and dt, in float64."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, count

import numpy as np
import sympy

from hsnn_event.errors import ValueRangeError
from hsnn_event.lowering.arithmetic import Builder, evaluate
from hsnn_event.lowering.ir import FloatArray, Number, Section
from hsnn_event.lowering.propagators import expm
from hsnn_event.lowering.system import System, readable
from hsnn_event.lowering.transcendental import LIMITS
from hsnn_event.lowering.translate import Translator


@dataclass(frozen=True)
class Derived:
    """One expression of host values; `text` is for error messages."""

    section: Section
    text: str


@dataclass(frozen=True)
class Propagation:
    """Entries of exp(G), G being `size` x `size` with `entries` of host values at `places` and zeros elsewhere.

    Rows from `n_states` on are zero: the columns of inputs and of the constant term.
    """

    section: Section
    places: tuple[tuple[int, int], ...]
    size: int
    n_states: int

    def matrix(self, values: Sequence[Number]) -> FloatArray:
        """The propagator of every neuron, shape (size, size) or (n_neurons, size, size)."""
        entries = evaluate(self.section, {"constant": values})
        shape = np.broadcast_shapes(*(entry.shape for entry in entries))
        generator = np.zeros((*shape, self.size, self.size))
        for (row, column), entry in zip(self.places, entries, strict=True):
            generator[..., row, column] = entry
        return expm(generator, self.n_states)


@dataclass(frozen=True)
class Entry:
    """One number of a propagator."""

    propagation: int
    row: int
    column: int


Source = str | Derived | Entry  # a parameter, an expression of them, or a number of a propagator


@dataclass(frozen=True)
class Constants:
    """How each constant of a kernel comes from the host values `reads` (parameters, undriven inputs, dt)."""

    model: str
    reads: tuple[str, ...]
    names: tuple[str, ...]
    sources: tuple[Source, ...]
    propagations: tuple[Propagation, ...]

    def values(self, given: Mapping[str, Number]) -> dict[str, Number]:
        """Every constant, a float where all that it depends on is one number for all neurons."""
        loads = [given[name] for name in self.reads]
        matrices = [each.matrix(loads) for each in self.propagations]
        result: dict[str, Number] = {}
        for name, source in zip(self.names, self.sources, strict=True):
            if isinstance(source, str):
                result[name] = _number(np.asarray(given[source], dtype=np.float64))
                continue
            if isinstance(source, Entry):
                value = matrices[source.propagation][..., source.row, source.column]
                text = f"{name} of the propagator"
            else:
                value = evaluate(source.section, {"constant": loads})[0].astype(np.float64)
                text = source.text
            if not np.isfinite(value).all():
                raise ValueRangeError(
                    f"{self.model}: the constant {text} is not finite. Look for a zero or an infinity among the parameters.",
                    constant=name,
                )
            result[name] = _number(value)
        return result


def _number(value: FloatArray) -> Number:
    return float(value) if value.ndim == 0 else np.ascontiguousarray(value)


@dataclass
class Pool:
    """Collects the constants that a kernel's code asks for. It is the `HostValues` of a `Translator`."""

    system: System
    names: list[str] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
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
