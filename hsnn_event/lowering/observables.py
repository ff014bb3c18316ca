"""What a record may name: text over the names of a model, computed on the host from samples of states and inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from hsnn_event.lowering.arithmetic import Builder, evaluate
from hsnn_event.lowering.ir import FloatArray, Number, Section
from hsnn_event.lowering.transcendental import LIMITS
from hsnn_event.lowering.translate import Translator
from hsnn_event.model.declare import NeuronModel, expression_order
from hsnn_event.model.symbolic import expression, symbol


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
    names = {name: symbol(name) for name in (*model.parameters, *model.states, *model.inputs)}
    for name in expression_order(model):
        names[name] = expression(model.expressions[name], names, f"{model.name}.expressions[{name!r}]")
    value = expression(text, names, place)
    used = {each.name for each in value.free_symbols}
    samples = tuple(name for name in (*model.states, *driven) if name in used)
    host = tuple(name for name in (*model.parameters, *model.inputs) if name in used and name not in samples)
    builder = Builder()
    loads = {name: builder.load("constant", index) for index, name in enumerate((*samples, *host))}
    return Observable(samples, host, builder.section([Translator(builder, LIMITS["float64"], None).write(value, loads)]))
