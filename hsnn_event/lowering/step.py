"""The code of one step while it is written: what every integration method works with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sympy

from hsnn_event.lowering.arithmetic import Builder
from hsnn_event.lowering.host import Pool
from hsnn_event.lowering.system import DT, System
from hsnn_event.lowering.transcendental import Limits
from hsnn_event.lowering.translate import Translator

Names = Mapping[str, int]  # state, input or noise -> number of its value


def noise_of(state: str) -> str:
    """The input that holds the standard normal number of a state; no declared name looks like it."""
    return f"xi__{state}"


def inputs_of(system: System) -> tuple[str, ...]:
    """All that code may load as input: inputs of the model, then standard normal numbers, of noises and of states."""
    return (*system.inputs, *system.noise, *(map(noise_of, system.dynamics) if system.noise else ()))


@dataclass
class Step:
    """`start` are the states at t and the inputs of the step; a noise is an input that is held over the step too."""

    system: System
    pool: Pool
    limits: Limits
    builder: Builder = field(default_factory=Builder)
    start: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        system, load = self.system, self.builder.load
        self.start = {name: load("state", index) for index, name in enumerate(system.states)}
        self.start |= {name: load("input", index) for index, name in enumerate(system.inputs)}
        for name in system.noise:  # of the mean of white noise over dt
            deviation = load("constant", self.pool.constant(DT ** sympy.Rational(-1, 2)))
            self.start[name] = self.builder.mul(load("input", inputs_of(system).index(name)), deviation)

    def normal(self, state: str) -> int:
        """The standard normal number of a state that noise reaches."""
        return self.builder.load("input", inputs_of(self.system).index(noise_of(state)))

    def write(self, value: sympy.Basic, names: Names) -> int:
        """The number of the value of an expression."""
        return Translator(self.builder, self.limits, self.pool).write(value, names)

    def clamped(self, name: str, free: int) -> int:
        """The clamp value of a state where the neuron is refractory, else `free`."""
        value = self.write(self.system.clamp[name], self.start)
        return self.builder.emit("select", self.builder.emit("clamped"), value, free)

    def hold(self, names: Names) -> dict[str, int]:
        """`names`, with the clamp seen in those states that drive others."""
        return {**names, **{name: self.clamped(name, names[name]) for name in self.system.held}}
