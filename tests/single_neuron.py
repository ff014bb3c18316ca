"""One neuron, stepped by the interpreter of sections: the shortest simulation there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hsnn_event.lowering.arithmetic import attempted, evaluate
from hsnn_event.lowering.lowered import lower_model
from hsnn_event.model.declare import NeuronModel


@dataclass
class Trace:
    """`states[name][k]` is the value after k steps, after the reset; `spikes` are the steps that fired."""

    states: dict[str, np.ndarray]
    spikes: list[int]


def run(
    model: NeuronModel,
    n_steps: int,
    *,
    dt: float = 0.1,
    method: str = "auto",
    arrivals: Mapping[tuple[int, str], float] | None = None,
    inputs: Mapping[str, float] | None = None,
    initial: Mapping[str, float] | None = None,
    state_type: str = "float64",
) -> Trace:
    """`arrivals[step, receptor]` is the sum of weights that arrive at the end of that step."""
    arrivals, inputs = arrivals or {}, inputs or {}
    lowered = lower_model(model, method, dt, state_type, tuple(inputs))
    kernel, dtype = lowered.kernel, np.dtype(state_type)
    constants = lowered.constants({}, 1)
    loads = {
        "constant": [np.full(1, constants[name], dtype) for name in kernel.constants],
        "input": [np.full(1, inputs[name], dtype) for name in kernel.inputs],
        "state": [values.astype(dtype) for values in lowered.initial({}, initial or {}, 1).values()],
    }
    history, spikes, clamped_until = [loads["state"]], [], 0
    for step in range(1, n_steps + 1):
        loads["arrival"] = [np.full(1, arrivals.get((step, name), 0.0), dtype) for name in kernel.receptors]
        clamped = step <= clamped_until
        loads |= attempted(kernel, loads, np.array([clamped]), dtype)
        loads["state"] = evaluate(kernel.update, loads, np.array([clamped]), dtype)
        if not clamped and evaluate(kernel.fires, loads, dtype=dtype)[0].item():
            spikes.append(step)
            clamped_until = step + int(constants.get("refractory_steps", 0))
            loads["state"] = evaluate(kernel.reset, loads, dtype=dtype)
        loads["state"] = [np.broadcast_to(value, (1,)) for value in loads["state"]]
        history.append(loads["state"])
    states = {name: np.array([each[k][0] for each in history]) for k, name in enumerate(kernel.states)}
    return Trace(states, spikes)
