"""Neuron models -> kernels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import sympy

from hsnn_event.errors import ModelError, ValueRangeError
from hsnn_event.grid import Grid
from hsnn_event.lowering.arithmetic import Builder, evaluate
from hsnn_event.lowering.host import Constants, Pool
from hsnn_event.lowering.integrators import METHODS, choose
from hsnn_event.lowering.ir import FloatArray, Kernel, Number, Section
from hsnn_event.lowering.step import Step
from hsnn_event.lowering.system import ARRIVING, NotAffineError, System, affine, readable, system_of
from hsnn_event.lowering.transcendental import LIMITS, Limits
from hsnn_event.lowering.translate import Translator
from hsnn_event.model.declare import WEIGHT, NeuronModel, initial_order
from hsnn_event.model.symbolic import symbol

STEPS = "refractory_steps"


@dataclass(frozen=True)
class _Lowered:
    """What follows from a model's equations alone, whatever its parameters and dt."""

    kernel: Kernel
    method: str
    constants: Constants
    duration: Constants | None
    initial: tuple[tuple[str, Section], ...]
    initial_reads: tuple[str, ...]


@dataclass(frozen=True)
class LoweredModel:
    """A kernel, and how a population's parameters become its constants and initial values.

    `method` is the one chosen. `constants` and `initial` take every parameter's values (a number, or an array of shape
    (size,)), and those of undriven inputs where they differ from the model's; missing names take the model's own values.
    """

    kernel: Kernel
    method: str
    dt: float
    defaults: Mapping[str, object] = field(repr=False)
    _lowered: _Lowered = field(repr=False, compare=False)

    def constants(self, parameters: Mapping[str, Number], size: int) -> dict[str, Number]:
        """Every name in `kernel.constants`: float, or float64 of shape (size,) where a value differs by neuron.

        Raises ValueRangeError for a constant that is not finite, GridError for a refractory period off the grid.
        """
        given = self._given(parameters)
        result = self._lowered.constants.values(given)
        if self._lowered.duration is not None:
            (duration,) = self._lowered.duration.values(given).values()
            result[STEPS] = self._refractory_steps(duration)
        return {name: value if np.ndim(value) == 0 else _spread(value, size) for name, value in result.items()}

    def initial(self, parameters: Mapping[str, Number], given: Mapping[str, Number], size: int) -> dict[str, FloatArray]:
        """The initial value of every state, shape (size,): as `given`, elsewhere by the model's expressions."""
        values: dict[str, Number] = {**self._given(parameters), **given}
        for name, section in self._lowered.initial:
            if name not in given:
                loads = [values.get(each, np.nan) for each in self._lowered.initial_reads]
                values[name] = np.asarray(evaluate(section, {"constant": loads})[0], dtype=np.float64)
        return {name: _spread(values[name], size) for name in self.kernel.states}

    def _given(self, parameters: Mapping[str, Number]) -> dict[str, Number]:
        return {**self.defaults, **parameters, "dt": self.dt}  # type: ignore[dict-item]

    def _refractory_steps(self, duration: Number) -> Number:
        what = f"{self.kernel.name}: the refractory period"
        if np.min(duration) < 0 or not np.isfinite(duration).all():
            raise ValueRangeError(
                f"{what} is {np.min(duration):g} ms; it must be 0 or more. Change what it is computed from.",
                value=duration,
            )
        if np.ndim(duration) == 0:
            cure = "Give a multiple of dt, or change dt."
            return float(Grid(self.dt).steps(float(duration), what, cure))
        return np.floor(np.asarray(duration) / self.dt + 0.5)


def _spread(value: Number, size: int) -> FloatArray:
    return np.array(np.broadcast_to(value, (size,)), dtype=np.float64)


def lower_model(
    model: NeuronModel, method: str, dt: float, state_type: str = "float64", inputs_used: tuple[str, ...] = ()
) -> LoweredModel:
    """The kernel of a model under a method ("auto" or a name of `integrators.METHODS`) at step dt (ms).

    `state_type` ("float64" or "float32") is the arithmetic that the kernel will run in. Inputs in `inputs_used` are read at
    each step; the others are known before the run, and are part of the constants.
    Raises MethodError, UnknownNameError, ModelError.

    >>> from hsnn_event.model.library import lif_exp
    >>> lowered = lower_model(lif_exp(), "auto", 0.1)
    >>> lowered.method, lowered.kernel.constants
    ('exact', ('P_v_v', 'P_v_I_syn', 'P_v_1', 'P_I_syn_I_syn', 'V_reset', 'V_th', 'refractory_steps'))
    """
    pulsed = {name for action in model.receptors.values() for name in action}
    used = tuple(name for name in model.inputs if name in inputs_used or name in pulsed)
    lowered = _lower(_Key(model), method, state_type, used)
    defaults = {**model.parameters, **model.inputs}
    return LoweredModel(lowered.kernel, lowered.method, dt, defaults, lowered)


class _Key:
    """A model without its numbers: models that differ in values only share one kernel."""

    def __init__(self, model: NeuronModel) -> None:
        self.model = model
        actions = tuple((name, tuple(action.items())) for name, action in model.receptors.items())
        self.content = (
            model.name, tuple(model.parameters), tuple(model.states.items()), tuple(model.dynamics.items()),
            tuple(model.expressions.items()), tuple(model.inputs), actions, model.threshold, tuple(model.reset.items()),
            None if model.refractory is None else str(model.refractory["duration"]), tuple(model.clamp.items()),
        )  # fmt: skip

    def __hash__(self) -> int:
        return hash(self.content)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.content == other.content


@lru_cache(maxsize=256)
def _lower(key: _Key, method: str, state_type: str, driven: tuple[str, ...]) -> _Lowered:
    model, limits = key.model, LIMITS[state_type]
    system = system_of(model, driven)
    chosen = choose(system, method)
    pool = Pool(system)
    written = _update(system, pool, limits, chosen), _fires(system, pool, limits), _reset(system, pool, limits)
    used, sections = _renumber(written)
    constants = pool.keep(used)
    duration = None
    if system.duration is not None:
        timing = Pool(system)
        duration = timing.keep([timing.constant(system.duration)])
    names = (*constants.names, STEPS) if duration is not None else constants.names
    kernel = Kernel(model.name, system.states, names, system.inputs, tuple(model.receptors), *sections)
    initial, reads = _initial(model)
    return _Lowered(kernel, chosen, constants, duration, initial, reads)


def _update(system: System, pool: Pool, limits: Limits, method: str) -> Section:
    """Advance, add arrivals; then the clamp, so that arrivals on a clamped state are lost.

    Arrivals at an input are part of the step that they end, and so come before it.
    """
    step = Step(system, pool, limits)
    b = step.builder
    for index, receptor in enumerate(system.receptors):
        for name in (each for each in system.receptors[receptor] if each in system.inputs):
            pulse = step.write(_jump(system, receptor, name) * ARRIVING, {WEIGHT: b.load("arrival", index)})
            step.start[name] = b.add(step.start[name], pulse)
    values = dict(step.start)
    for state, advanced in METHODS[method].advance(step).items():
        values[state] = advanced
    for index, receptor in enumerate(system.receptors):
        for state in (each for each in system.receptors[receptor] if each in system.states):
            jump = step.write(_jump(system, receptor, state) * ARRIVING, {WEIGHT: b.load("arrival", index)})
            values[state] = b.add(values[state], jump)
    for state in system.clamp:
        values[state] = step.clamped(state, values[state])
    return b.section([values[state] for state in system.states])


def _jump(system: System, receptor: str, state: str) -> sympy.Expr:
    """The factor c of an action that is state + weight * c, c known before the run."""
    action = system.receptors[receptor][state]
    place = f"{system.name}.receptors[{receptor!r}][{state!r}]"
    cure = f"Arrivals of a step are summed, so it must be {state} + weight*factor, the factor made of parameters."
    try:
        factors, rest = affine(action, map(symbol, (*system.states, *system.inputs, WEIGHT)))
    except NotAffineError as error:
        raise ModelError(f"{place}: it contains {error.facts['term']}. {cure}", term=error.facts["term"]) from None
    jump = factors.pop(ARRIVING, sympy.Integer(0))
    left = {name: factor for name, factor in factors.items() if name != symbol(state)}
    own = factors.get(symbol(state), sympy.Integer(0))
    surplus = [*(name * factor for name, factor in left.items()), *([rest] if rest != 0 else [])]
    if not own.is_number or float(own) != 1.0:
        surplus.append((own - 1) * symbol(state))
    if surplus:
        raise ModelError(f"{place}: it adds {readable(surplus[0])}. {cure}", term=readable(surplus[0]))
    return jump


def _fires(system: System, pool: Pool, limits: Limits) -> Section:
    step = Step(system, pool, limits)
    return step.builder.section([step.write(sympy.false if system.threshold is None else system.threshold, step.start)])


def _reset(system: System, pool: Pool, limits: Limits) -> Section:
    step = Step(system, pool, limits)
    values = {**step.start, **{state: step.write(value, step.start) for state, value in system.reset.items()}}
    return step.builder.section([values[state] for state in system.states])


def _renumber(sections: Sequence[Section]) -> tuple[list[int], list[Section]]:
    """The constants that the code reads, in order of first use, and the code with these as 0, 1, 2, ..."""
    loads = [each.value for section in sections for each in section.code if each.op == "constant"]
    used = [value for value in dict.fromkeys(loads) if isinstance(value, int)]
    places = {index: place for place, index in enumerate(used)}
    renumbered = [
        Section(
            tuple(
                each._replace(value=places[int(each.value or 0)]) if each.op == "constant" else each
                for each in section.code
            ),
            section.outputs,
        )
        for section in sections
    ]
    return used, renumbered


def _initial(model: NeuronModel) -> tuple[tuple[tuple[str, Section], ...], tuple[str, ...]]:
    """Code for the initial value of each state, in the order in which they can be computed, and what it loads."""
    system = system_of(model, ())
    reads = (*system.host, *system.states)
    texts = initial_order(model)
    code = []
    for state in (*(each for each in system.states if each not in texts), *texts):
        builder = Builder()
        names = {name: builder.load("constant", index) for index, name in enumerate(reads)}
        value = Translator(builder, LIMITS["float64"], None).write(system.initial[state], names)
        code.append((state, builder.section([value])))
    return tuple(code), reads
