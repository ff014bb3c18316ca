"""Rules of hyperedges by equations -> code: how states move between spikes, at spikes and at activations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module

import numpy as np

from hsnn_event.compile_cache import remembered
from hsnn_event.lowering.constants import Constants
from hsnn_event.lowering.hyper_ir import HyperKernel
from hsnn_event.lowering.ir import FloatArray, Number, Section
from hsnn_event.lowering.lowered import ModelKey, first_values
from hsnn_event.model.declare import NeuronModel


@dataclass(frozen=True)
class LoweredRule:
    """What follows from the equations alone."""

    kernel: HyperKernel
    constants: Constants
    initial: tuple[tuple[str, Section], ...]
    initial_reads: tuple[str, ...]

    def numbers(self, parameters: Mapping[str, Number], n_edges: int) -> tuple[FloatArray, FloatArray]:
        """The constants and the first states of all hyperedges, (n_edges, number of them). Raises ValueRangeError."""
        given: dict[str, Number] = {**parameters, "dt": np.nan}  # which no equation reads
        constants = self.constants.values(given)
        values = first_values(self.initial, self.initial_reads, given, {})
        columns = [[held[name] for name in names] for held, names in ((constants, self.kernel.constants),
                                                                      (values, self.kernel.states))]  # fmt: skip
        each, first = (_table(listed, n_edges) for listed in columns)
        return each, first


def lower_rule(model: NeuronModel) -> LoweredRule:
    """The code of a rule. Raises MethodError with the term that is not linear, and what the equations raise."""
    return _lowered(ModelKey(model))


@lru_cache(maxsize=64)
def _lowered(key: ModelKey) -> LoweredRule:
    def lower() -> LoweredRule:
        made: LoweredRule = import_module("hsnn_event.lowering.hyper_sections").lower(key.model)
        return made

    return remembered("rule", key.content, lower)


def _table(columns: list[Number], n_edges: int) -> FloatArray:
    table = np.empty((n_edges, len(columns)))
    for place, column in enumerate(columns):
        table[:, place] = column
    return table
