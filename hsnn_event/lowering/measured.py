"""What the text of a record means: the mathematics, in SymPy. `observables` is the way to it."""

from __future__ import annotations

from hsnn_event.lowering.arithmetic import Builder
from hsnn_event.lowering.observables import Observable
from hsnn_event.lowering.transcendental import LIMITS
from hsnn_event.lowering.translate import Translator
from hsnn_event.model.declare import NeuronModel, expression_order
from hsnn_event.model.symbolic import expression, symbol


def observable_of(model: NeuronModel, text: str, driven: tuple[str, ...], place: str) -> Observable:
    """The quantity, as `observables.observable` gives it, and with its errors."""
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
