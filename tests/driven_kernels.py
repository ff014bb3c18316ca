"""Kernels of every model of the library, with neurons to advance; the interpreter of sections says what they do."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from zlib import crc32

import numpy as np

import hsnn_event as hsnn
from hsnn_event.backends.c_family import Argument, arguments
from hsnn_event.errors import MethodError
from hsnn_event.lowering.arithmetic import Builder, attempted, evaluate
from hsnn_event.lowering.integrators import METHODS
from hsnn_event.lowering.ir import BOOL_OPS, REAL_OPS, Kernel
from hsnn_event.lowering.lowered import lower_model

N, STEPS, DT = 96, 120, 0.1
STEPS_ADAPTIVE = 20  # the interpreter takes every attempt of every neuron for all of them
PRECISIONS = ("float64", "float32")
ARGUMENTS = {"bursting": (3, 0.8, 4.0), "regular": (3.0,)}  # of the models that cannot do without
DETECTIONS = ("level", "crossing", "interpolated")


@dataclass(frozen=True, eq=False)
class Case:
    """A kernel and neurons. Constants are a number or one a neuron; inputs are (step,) or (step, neuron)."""

    name: str
    kernel: Kernel
    real: str
    states: Mapping[str, np.ndarray]
    constants: Mapping[str, np.ndarray]
    inputs: Mapping[str, np.ndarray]
    arrivals: Mapping[str, np.ndarray]
    n_steps: int

    @property
    def size(self) -> int:
        return len(next(iter(self.states.values())))

    @property
    def per_neuron(self) -> frozenset[str]:
        own = [name for name, values in self.constants.items() if values.ndim]
        return frozenset(own + [name for name, values in self.inputs.items() if values.ndim == 2])

    @property
    def arguments(self) -> tuple[Argument, ...]:
        return arguments(self.kernel, self.per_neuron)


@dataclass(frozen=True)
class Course:
    """After each step: the states (step, state, neuron), who fired, and until when neurons are clamped (step, neuron)."""

    states: np.ndarray
    fired: np.ndarray
    until: np.ndarray


def models():
    """Every model of the library with default values, and every way to detect spikes. Sources and patterns are no models."""
    functions = {name: getattr(hsnn.models, name) for name in hsnn.models.__all__ if name.islower()}
    gives = {name: inspect.signature(function).return_annotation for name, function in functions.items()}
    found = {
        name: function(*ARGUMENTS.get(name, ())) for name, function in functions.items() if gives[name] == "NeuronModel"
    }
    return found | {each: replace(hsnn.models.izhikevich(), detection=each) for each in DETECTIONS}


def names():
    """(model, method, driven) of all cases: every model under every method that fits, and once with nothing driven."""
    found = []
    for name, model in models().items():
        found += [(name, method, True) for method in METHODS if fits(model, method)] + [(name, "auto", False)]
    return found


def automatic():
    """Those of `names` that have the method that "auto" chooses, a case a model."""
    return [(name, lower_model(model, "auto", DT).method, True) for name, model in models().items()]


def once_each():
    """A part of `names`: every model under the method of its choice, every other method under the first model it fits."""
    found = automatic()
    for which in names():
        if which[1] not in {method for _, method, _ in found}:
            found.append(which)
    return found


def fits(model, method):
    try:
        lower_model(model, method, DT)
    except MethodError:
        return False
    return True


@cache
def case(name: str, method: str, driven: bool, real: str) -> Case:
    """Driven: inputs change, and every second parameter has a value a neuron. Strengths reach from faint to violent,
    whatever their unit, so that some neurons of each model fire and some do not diverge."""
    model = models()[name]
    title = f"{name}_{method}_{'driven' if driven else 'alone'}"
    random = np.random.default_rng(crc32(title.encode()))
    strength = 10.0 ** random.uniform(-2.0, 3.0, N)
    given = {}
    if driven:
        numbers = {each: value for each, value in model.parameters.items() if isinstance(value, float)}
        given = {each: numbers[each] * random.uniform(0.98, 1.02, N) for each in sorted(numbers)[::2]}
    lowered = lower_model(model, method, DT, real, tuple(model.inputs) if driven else ())
    kernel = lowered.kernel
    inputs = {}
    for k, each in enumerate(kernel.inputs):
        course = random.uniform(0.0, 1.0, STEPS)
        inputs[each] = model.inputs.get(each, 0.0) + (course if k % 2 else course[:, None] * strength)
    arrivals = {
        each: np.where(random.random((STEPS, N)) < 0.2, random.exponential(1.0, (STEPS, N)) * strength, 0.0)
        for each in kernel.receptors
    }
    return Case(
        title, kernel, real,
        *(
            {each: np.asarray(value).astype(real) for each, value in values.items()}
            for values in (lowered.initial(given, {}, N), lowered.constants(given, N), inputs, arrivals)
        ),
        STEPS_ADAPTIVE if kernel.attempt else STEPS,
    )  # fmt: skip


HARD = (
    0.0, -0.0, 1.0, -1.5, 2.5, 3.5, -0.5, 1e-310, -3e-320, 1e-40, -1e-45, 2.3e-308, 1.2e-38, 1e300, 3e38,
    np.inf, -np.inf, np.nan,
)  # fmt: skip


@cache
def operations(real: str) -> Case:
    """A kernel with a state for every operation, and for two that must not be fused; numbers that are hard to get right."""
    b, tiny = Builder(), float(np.finfo(real).tiny)
    x, y, z, w = (b.load("input", k) for k in range(4))
    positive = b.emit("max", b.literal(tiny), b.emit("abs", x))
    whole = b.emit("rint", b.emit("max", b.literal(-99.0), b.emit("min", b.literal(99.0), y)))
    of = {"scale2": (x, whole), "exponent": (positive,), "mantissa": (positive,), "select": (b.emit("lt", x, y), y, x)}
    values = {op: b.emit(op, *of.get(op, (x, y)[:count])) for op, count in REAL_OPS.items()}
    truths = {op: b.emit(op, x, y) for op in BOOL_OPS if op not in ("and", "or", "not")}
    truths |= {op: b.emit(op, truths["lt"], truths["ne"]) for op in ("and", "or")} | {"not": b.emit("not", truths["lt"])}
    values |= {op: b.emit("select", each, b.literal(0.1), b.literal(-7.0)) for op, each in truths.items()}
    values |= {"mul_sub": b.sub(b.mul(x, z), w), "sub_mul": b.sub(w, b.mul(y, z))}  # products that nothing else reads
    nothing = Builder()
    states = [nothing.load("state", k) for k in range(len(values))]
    never = Builder()
    kernel = Kernel(
        "operations", tuple(values), (), ("x", "y", "z", "w"), (), b.section([*values.values()]),
        never.section([never.emit("lt", never.literal(0.0), never.literal(0.0))]), nothing.section(states),
    )  # fmt: skip
    random = np.random.default_rng(5)
    pairs = np.array(np.meshgrid(HARD, HARD)).reshape(2, -1)
    others = random.standard_normal((2, 500)) * 10.0 ** random.integers(-3, 4, (2, 500))
    with np.errstate(all="ignore"):
        x, y = np.concatenate([pairs, others], axis=1).astype(real)
        z = random.standard_normal(x.size).astype(real)
        w = (x * z * random.uniform(0.99, 1.01, x.size)).astype(real)
    inputs = {"x": x[None], "y": y[None], "z": z[None], "w": w[None]}
    return Case("operations", kernel, real, {name: np.zeros(x.size, real) for name in values}, {}, inputs, {}, 1)


@cache
def interpreted(this: Case) -> Course:
    """What the neurons of a case do, by the meaning of each operation."""
    kernel, real = this.kernel, np.dtype(this.real)
    loads = {
        "state": list(this.states.values()),
        "constant": [this.constants[name] for name in kernel.constants],
    }
    until = np.zeros(this.size, np.int32)
    kept: list[tuple[np.ndarray, ...]] = []
    for step in range(1, this.n_steps + 1):
        loads["input"] = [values[step - 1] for values in this.inputs.values()]
        loads["arrival"] = [values[step - 1] for values in this.arrivals.values()]
        clamped = until >= step
        loads |= attempted(kernel, loads, clamped, real)
        loads["state"] = spread(evaluate(kernel.update, loads, clamped, real), this.size)
        (fires,) = evaluate(kernel.fires, loads, clamped, real)
        fires = fires & ~clamped
        after = spread(evaluate(kernel.reset, loads, clamped, real), this.size)
        loads["state"] = [np.where(fires, new, old) for new, old in zip(after, loads["state"], strict=True)]
        if kernel.refractory:
            until = np.where(fires, step + this.constants["refractory_steps"].astype(np.int32), until)
        kept.append((np.array(loads["state"]), fires, until))
    return Course(*(np.array(each) for each in zip(*kept, strict=True)))


def spread(values, size):
    return [np.broadcast_to(value, size) for value in values]


def advanced(this: Case, call: Callable[[Sequence[np.ndarray | np.generic]], None]) -> Course:
    """What the neurons do where `call` takes the arguments of the kernel and advances them by a step, in place."""
    real = np.dtype(this.real)
    values = {
        "n": np.int32(this.size),
        "fired": np.zeros(this.size, np.uint8),
        "until": np.zeros(this.size, np.int32),
        **{Argument("state", name, True).variable: array.copy() for name, array in this.states.items()},
        **{f"arrival_{name}": np.zeros(this.size, real) for name in this.arrivals},
        **{f"constant_{name}": value if value.ndim else value[()] for name, value in this.constants.items()},
    }
    kept: list[tuple[np.ndarray, ...]] = []
    for step in range(1, this.n_steps + 1):
        values["now"] = np.int32(step)
        values |= {f"input_{name}": course[step - 1] for name, course in this.inputs.items()}
        for name, course in this.arrivals.items():
            values[f"arrival_{name}"][:] = course[step - 1]
        values["fired"][:] = 255  # every neuron is to say whether it fires
        call([values[each.variable] for each in this.arguments])
        assert not any(values[f"arrival_{name}"].any() for name in this.arrivals)
        states = np.array([values[each.variable] for each in this.arguments if each.role == "state"])
        assert set(values["fired"]) <= {0, 1}
        kept.append((states, values["fired"] == 1, values["until"].copy()))
    return Course(*(np.array(each) for each in zip(*kept, strict=True)))


def assert_same_bits(one: Course, other: Course) -> None:
    """Equal spikes, and equal states to the bit; of what is not a number, only that it is none."""
    np.testing.assert_array_equal(one.fired, other.fired)
    np.testing.assert_array_equal(one.until, other.until)
    whole = np.dtype(f"i{one.states.dtype.itemsize}")
    assert one.states.dtype == other.states.dtype and one.states.size > 0
    same = (one.states.view(whole) == other.states.view(whole)) | (np.isnan(one.states) & np.isnan(other.states))
    assert same.all(), f"first at (step, state, neuron) {np.argwhere(~same)[0]}"
