"""Noise and chance in equations -> plans: a stream of random numbers for each that a kernel reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from hsnn_event.lowering.ir import Course, NoisePlan
from hsnn_event.lowering.lowered import LoweredModel
from hsnn_event.lowering.sources import LoweredSource
from hsnn_event.model.declare import HAZARD_DRAW
from hsnn_event.network.network import Network
from hsnn_event.rng import stream_key


def white_plans(network: Network, models: Sequence[LoweredModel | LoweredSource]) -> tuple[NoisePlan, ...]:
    """A plan for each noise of the populations with a clock, drawn anew in every step."""
    always = Course(np.array([0]), (1.0,))
    keys = white_keys(network, models, network.trial)
    return tuple(
        NoisePlan(number, name, always, 1, key, law="exponential" if name == HAZARD_DRAW else "normal")
        for (number, name), key in zip(_noises(network, models), keys, strict=True)
    )


def white_keys(network: Network, models: Sequence[LoweredModel | LoweredSource], trial: int) -> tuple[int, ...]:
    """The stream of each of them in a trial."""
    names = list(network.populations)
    return tuple(
        stream_key(network.seed, "population", names[number], name, trial) for number, name in _noises(network, models)
    )


def _noises(network: Network, models: Sequence[LoweredModel | LoweredSource]) -> Iterator[tuple[int, str]]:
    """Population and input of each: an input of the kernel that is none of the model."""
    for number, (population, lowered) in enumerate(zip(network.populations.values(), models, strict=True)):
        for name in lowered.kernel.inputs:
            if name not in population.model.inputs:
                yield number, name
