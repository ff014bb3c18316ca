"""The function of a coupling -> operations: the mathematics, in SymPy. `coupling` is the way to it."""

from __future__ import annotations

from hsnn_event.lowering.arithmetic import Builder
from hsnn_event.lowering.ir import Section
from hsnn_event.lowering.transcendental import LIMITS
from hsnn_event.lowering.translate import Translator
from hsnn_event.model.symbolic import expression, symbol
from hsnn_event.network.coupling import SIDES, Reads


def code(text: str, reads: Reads, state_type: str) -> Section:
    """What `function_code` says."""
    builder = Builder()
    names = {
        f"{name}_{side}": builder.load(side, place)
        for side, quantities in zip(SIDES, reads, strict=True)
        for place, name in enumerate(quantities)
    }
    value = expression(text, {name: symbol(name) for name in names}, "the function of a coupling")
    return builder.section([Translator(builder, LIMITS[state_type], None).write(value, names)])
