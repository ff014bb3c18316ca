"""Lowered models: kernels, and how a population's parameters become their constants.

The mathematics that makes one from a model's equations (`kernels`) is done once and remembered beside the machine code:
SymPy is loaded for models only that this user has never run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from typing import NamedTuple

import numpy as np

from hsnn_event.compile_cache import remembered
from hsnn_event.errors import MethodError, ValueRangeError
from hsnn_event.grid import Grid
from hsnn_event.lowering.arithmetic import evaluate
from hsnn_event.lowering.constants import Constants
from hsnn_event.lowering.exact_ir import PERIOD, ExactKernel
from hsnn_event.lowering.ir import FloatArray, Kernel, Number, Section
from hsnn_event.model.declare import NeuronModel

STEPS = "refractory_steps"


class Coupled(NamedTuple):
    """What couplings do to a population: the inputs that they reach, and the quantities that they read."""

    inputs: tuple[str, ...]
    published: tuple[str, ...]


@dataclass(frozen=True)
class Lowered:
    """What follows from a model's equations alone, whatever its parameters and dt."""

    kernel: Kernel | ExactKernel
    method: str
    constants: Constants
    duration: Constants | None
    initial: tuple[tuple[str, Section], ...]
    initial_reads: tuple[str, ...]
    gains: tuple[tuple[str, Constants], ...] = ()
    open_rate: Constants | None = None


@dataclass(frozen=True)
class LoweredModel:
    """A kernel, and how a population's parameters become its constants and initial values.

    `method` is the one chosen; it advances by `dt` / `substeps` at a time. `constants` and `initial` take every parameter's
    values (a number, or an array of shape (size,)), and those of undriven inputs where they differ from the model's;
    missing names take the model's own values.
    """

    kernel: Kernel | ExactKernel
    method: str
    dt: float  # NaN where the network has no clock
    defaults: Mapping[str, object] = field(repr=False)
    _lowered: Lowered = field(repr=False, compare=False)
    substeps: int = 1

    def constants(self, parameters: Mapping[str, Number], size: int) -> dict[str, Number]:
        """Every name in `kernel.constants`: float, or float64 of shape (size,) where a value differs by neuron.

        Raises ValueRangeError for a constant that is not finite, GridError for a refractory period off the grid.
        """
        given = self._given(parameters)
        result = self._lowered.constants.values(given)
        if self._lowered.duration is not None:
            (duration,) = self._lowered.duration.values(given).values()
            self._check_duration(duration)
            if isinstance(self.kernel, ExactKernel):
                result[PERIOD] = duration
            else:
                result[STEPS] = self._refractory_steps(duration)
        return {name: value if np.ndim(value) == 0 else _spread(value, size) for name, value in result.items()}

    def initial(self, parameters: Mapping[str, Number], given: Mapping[str, Number], size: int) -> dict[str, FloatArray]:
        """The initial value of every state, shape (size,): as `given`, elsewhere by the model's expressions."""
        values = first_values(self._lowered.initial, self._lowered.initial_reads, self._given(parameters), given)
        return {name: _spread(values[name], size) for name in self.kernel.states}

    @property
    def joined(self) -> bool:
        """Does a coupling reach or read it?"""
        return isinstance(self.kernel, Kernel) and self.kernel.stages is not None

    def gain(self, name: str, parameters: Mapping[str, Number]) -> float:
        """The largest factor with which the coupled input `name` moves a state of a neuron; 0 where none is known."""
        factors = dict(self._lowered.gains)[name].values(self._given(parameters)).values()
        return max((float(np.max(np.abs(each))) for each in factors), default=0.0)

    def open_rate(self, parameters: Mapping[str, Number]) -> float:
        """How fast the voltage of a coupled neuron moves with all gates open, in 1/ms; 0 where that is not known."""
        rate = self._lowered.open_rate
        values = {} if rate is None else rate.values(self._given(parameters))
        return max((float(np.max(np.abs(each))) for each in values.values()), default=0.0)

    def _given(self, parameters: Mapping[str, Number]) -> dict[str, Number]:
        return {**self.defaults, **parameters, "dt": self.dt / self.substeps}  # type: ignore[dict-item]

    def _check_duration(self, duration: Number) -> None:
        if np.min(duration) < 0 or not np.isfinite(duration).all():
            raise ValueRangeError(
                f"{self._period} is {np.min(duration):g} ms; it must be 0 or more. Change what it is computed from.",
                value=duration,
            )

    def _refractory_steps(self, duration: Number) -> Number:
        if np.ndim(duration) == 0:
            cure = "Give a multiple of dt, or change dt."
            return float(Grid(self.dt).steps(float(duration), self._period, cure))
        return np.floor(np.asarray(duration) / self.dt + 0.5)

    @property
    def _period(self) -> str:
        return f"{self.kernel.name}: the refractory period"


def first_values(
    initial: Sequence[tuple[str, Section]], reads: Sequence[str], host: Mapping[str, Number], given: Mapping[str, Number]
) -> dict[str, Number]:
    """The host's values and those of states: as `given`, elsewhere by expressions over what is named in `reads`."""
    values: dict[str, Number] = {**host, **given}
    for name, section in initial:
        if name not in given:
            loads = [values.get(each, np.nan) for each in reads]
            values[name] = np.asarray(evaluate(section, {"constant": loads})[0], dtype=np.float64)
    return values


def _spread(value: Number, size: int) -> FloatArray:
    return np.array(np.broadcast_to(value, (size,)), dtype=np.float64)


def lower_model(
    model: NeuronModel,
    method: str,
    dt: float,
    state_type: str = "float64",
    inputs_used: tuple[str, ...] = (),
    schedule: str = "clock",
    coupled: Coupled | None = None,
) -> LoweredModel:
    """The kernel of a model under a method ("auto" or a name of `integrators.METHODS`) at step dt (ms), or on the schedule
    "exact", where the method is "auto" or "exact".

    `state_type` ("float64" or "float32") is the arithmetic that the kernel will run in. Inputs in `inputs_used` are read at
    each step; the others are known before the run, and are part of the constants. `coupled`: the kernel has stages.
    Raises MethodError, UnknownNameError, ModelError.

    >>> from hsnn_event.model.library import lif_exp
    >>> lowered = lower_model(lif_exp(), "auto", 0.1)
    >>> lowered.method, lowered.kernel.constants
    ('exact', ('P_v_v', 'P_v_I_syn', 'P_v_1', 'P_I_syn_I_syn', 'V_reset', 'V_th', 'refractory_steps'))
    """
    pulsed = {name for action in model.receptors.values() for name in action}
    used = tuple(name for name in model.inputs if name in inputs_used or name in pulsed)
    if schedule == "exact" and method not in ("auto", "exact"):
        raise MethodError(
            f"{model.name}: schedule='exact' solves equations exactly; method={method!r} is for the clock. Leave it out.",
            method=method,
        )
    if schedule == "exact" and model.detection != "level":
        raise MethodError(
            f"{model.name}: detection={model.detection!r} is for the clock. With schedule='exact' a neuron fires at the "
            "very instant at which it reaches its threshold. Leave detection= out, or give schedule='clock', and dt to the "
            "network.",
            detection=model.detection,
        )
    lowered = _lowered(ModelKey(model), "(exact)" if schedule == "exact" else method, state_type, used, coupled)
    defaults = {**model.parameters, **model.inputs}
    return LoweredModel(lowered.kernel, lowered.method, dt, defaults, lowered)


def steadier(model: NeuronModel, method: str, inputs_used: tuple[str, ...]) -> tuple[str, ...]:
    """The methods that stay finite with longer steps than `method` does, best first.

    >>> from hsnn_event.model.library import izhikevich
    >>> steadier(izhikevich(), "rk2", ())
    ('rk45',)
    """
    found: tuple[str, ...] = import_module("hsnn_event.lowering.integrators").steadier(model, method, inputs_used)
    return found


class ModelKey:
    """A model without the values of its parameters: models that differ in these only share one kernel."""

    def __init__(self, model: NeuronModel) -> None:
        self.model = model
        actions = tuple((name, tuple(action.items())) for name, action in model.receptors.items())
        self.content = (
            model.name, tuple(model.parameters), tuple(model.states.items()), tuple(model.dynamics.items()),
            tuple(model.expressions.items()), tuple(model.inputs), actions, model.threshold, model.hazard,
            tuple(model.reset.items()), model.detection,
            None if model.refractory is None else str(model.refractory["duration"]), tuple(model.clamp.items()),
        )  # fmt: skip

    def __hash__(self) -> int:
        return hash(self.content)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ModelKey) and self.content == other.content


@lru_cache(maxsize=256)
def _lowered(key: ModelKey, method: str, state_type: str, driven: tuple[str, ...], coupled: Coupled | None) -> Lowered:
    def lower() -> Lowered:
        made: Lowered
        if method == "(exact)":
            made = import_module("hsnn_event.lowering.exact").lower_exact(key.model, driven)
        else:
            made = import_module("hsnn_event.lowering.kernels").lower(key.model, method, state_type, driven, coupled)
        return made

    return remembered("model", (key.content, method, state_type, driven, coupled), lower)
