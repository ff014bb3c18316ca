"""What the host computes before a run: the constants of a kernel, from parameters and dt, in float64."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hsnn_event.errors import ValueRangeError
from hsnn_event.lowering.arithmetic import evaluate
from hsnn_event.lowering.diffusion import Diffusion, Share
from hsnn_event.lowering.ir import FloatArray, Number, Section
from hsnn_event.lowering.ladder import Ladder, Rung
from hsnn_event.lowering.outlook import Bound, Outlook
from hsnn_event.lowering.propagators import expm


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


# a parameter, an expression of them, or a number of a propagator, outlook, ladder or diffusion
Source = str | Derived | Entry | Bound | Rung | Share


@dataclass(frozen=True)
class Constants:
    """How each constant of a kernel comes from the host values `reads` (parameters, undriven inputs, dt)."""

    model: str
    reads: tuple[str, ...]
    names: tuple[str, ...]
    sources: tuple[Source, ...]
    propagations: tuple[Propagation, ...]
    outlooks: tuple[Outlook, ...] = ()
    ladders: tuple[Ladder, ...] = ()
    diffusions: tuple[Diffusion, ...] = ()

    def values(self, given: Mapping[str, Number]) -> dict[str, Number]:
        """Every constant, a float where all that it depends on is one number for all neurons."""
        loads = [given[name] for name in self.reads]
        matrices = [each.matrix(loads) for each in self.propagations]
        outlooks = [each.numbers(loads) for each in self.outlooks]
        ladders = [each.numbers(loads) for each in self.ladders]
        diffusions = [each.numbers(loads) for each in self.diffusions]
        result: dict[str, Number] = {}
        for name, source in zip(self.names, self.sources, strict=True):
            if isinstance(source, str):
                result[name] = _number(np.asarray(given[source], dtype=np.float64))
                continue
            if isinstance(source, Entry):
                value = matrices[source.propagation][..., source.row, source.column]
                text = f"{name} of the propagator"
            elif isinstance(source, Bound):
                value = outlooks[source.outlook][..., source.place]
                text = f"{name} of the outlook"
            elif isinstance(source, Rung):
                value = ladders[source.ladder][..., source.place]
                text = f"{name} of the propagators"
            elif isinstance(source, Share):
                value = diffusions[source.diffusion][..., source.place]
                text = f"{name} of the noise"
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
