"""What a record may name: text over the names of a model, computed on the host from samples of states and inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module

import numpy as np

from hsnn_event.compile_cache import remembered
from hsnn_event.lowering.arithmetic import evaluate
from hsnn_event.lowering.ir import FloatArray, Number, Section
from hsnn_event.model.declare import NeuronModel


@dataclass(frozen=True)
class Observable:
    """`samples` are the states and driven inputs that it needs, `host` the parameters and undriven inputs."""

    samples: tuple[str, ...]
    host: tuple[str, ...]
    section: Section

    def values(self, samples: Mapping[str, FloatArray], host: Mapping[str, Number], shape: tuple[int, int]) -> FloatArray:
        """The quantity as (n_samples, n_neurons); `host` values are one number, or one a neuron of the samples."""
        loads = [*(samples[name] for name in self.samples), *(host[name] for name in self.host)]
        value = evaluate(self.section, {"constant": loads})[0]
        return np.ascontiguousarray(np.broadcast_to(value, shape), np.float64)


@lru_cache(maxsize=256)
def observable(model: NeuronModel, text: str, driven: tuple[str, ...], place: str) -> Observable:
    """The quantity that `text` names or spells out; the inputs `driven` vary from step to step.

    Raises ExpressionError and UnknownNameError, which call the text `place`.

    >>> from hsnn_event.model.library import lif_cond_exp
    >>> cell = lif_cond_exp(E_rev={"exc": 0.0}, tau_syn={"exc": 5.0})
    >>> found = observable(cell, "g_exc*(E_rev_exc - v)", (), "doc")
    >>> found.samples, found.host
    (('v', 'g_exc'), ('E_rev_exc',))
    """
    content = tuple(model.parameters), tuple(model.states), tuple(model.inputs), tuple(model.expressions.items())

    def measured() -> Observable:
        made: Observable = import_module("hsnn_event.lowering.measured").observable_of(model, text, driven, place)
        return made

    return remembered("observable", (content, text, driven), measured)
