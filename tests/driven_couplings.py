"""Networks of coupled neurons, stepped as whoever runs printed kernels does it: sums, stages, the last stage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from zlib import crc32

import numpy as np
from driven_kernels import models

import hsnn_event as hsnn
from hsnn_event.backends import c_coupling, c_family
from hsnn_event.backends.c_family import Argument
from hsnn_event.backends.protocol import Watch
from hsnn_event.backends.reference_edges import expand
from hsnn_event.errors import MethodError
from hsnn_event.lowering.integrators import METHODS
from hsnn_event.lowering.ir import CouplePlan, Program
from hsnn_event.lowering.junctions import Incoming, Pairs, drawable, incoming, junctions
from hsnn_event.lowering.program import lower
from hsnn_event.lowering.widened import published

N, STEPS = 24, 100  # so few that no denormals are cut
STRENGTH = {"lif": 3.0, "adaptive_lif": 3.0, "adex": 5.0, "eif": 5.0, "qif": 3.0, "traub_miles": 4.0, "morris_lecar": 6.0}
FUNCTIONS = (  # linear, rectifying, of one's own
    "{x}_pre - {x}_post",
    "max({x}_pre - {x}_post, 0)",
    "exp(-abs({x}_pre)/50)*sqrt(abs({x}_post))",
)
Machine = Callable[[str, tuple[Argument, ...]], Callable[[Sequence[np.ndarray | np.generic]], None]]

CLAMPED = hsnn.NeuronModel(  # clamped states, an expression that others read, currents solved exactly, pulses in the input
    name="clamped",
    parameters={"C_m": 10.0, "g_L": 1.0, "tau": 4.0, "t_ref": 1.5},
    states={"v": -65.0, "w": 0.0, "s": 0.0},
    dynamics={"v": "(g_L*(-60 - v) + 0.5*exp((v + 52)/2) - w + s + I)/C_m", "w": "(0.2*(v + 60) - w)/30", "s": "-s/tau"},
    expressions={"open": "1/(1 + exp(-(v + 55)/3))"},
    inputs={"I": 0.0},
    receptors={"syn": {"s": "s + weight"}, "pulse": {"I": "I + weight"}},
    threshold="v >= -45",
    reset={"v": "-70", "w": "w + 2"},
    refractory={"duration": "t_ref", "clamp": {"v": "-70"}},
)


def names():
    """(model, method): every model of the library with the method of its couplings, every other method with a model."""
    able = {name: model for name, model in models().items() if "I" in model.inputs and not model.hazard}
    found = [(name, "rk2") for name in able if fits(name, "rk2")]
    for method in METHODS:
        found += [(name, method) for name in able if method != "rk2" and fits(name, method)][:1]
    return [*found, ("hodgkin_huxley", "rk4"), ("hodgkin_huxley", "strang"), ("lif_exp", "exponential_euler")]


def fits(name, method):
    try:
        uniform(name, method, "float64")
    except MethodError:
        return False
    return True


@cache
def uniform(name: str, method: str, real: str) -> Program:
    """Neurons of one model with junctions, and directed couplings whose sum is divided; functions go by turns."""
    model, turn = models()[name], crc32(name.encode()) + list(METHODS).index(method)
    random = np.random.default_rng(turn)
    net = hsnn.Network(dt=0.1, seed=turn, precision="double" if real == "float64" else "single")
    cells = net.population("cells", N, model, method=method)
    capacity = next((model.parameters[each] for each in ("C_m", "C") if each in model.parameters), 1.0)
    # Spikes of this model need shorter steps under rk2; rk4 and strang take them.
    weak = (name, method) == ("hodgkin_huxley", "rk2")
    strength = 1.0 if weak else next((value for key, value in STRENGTH.items() if name.startswith(key)), 15.0)
    net.drive(cells, hsnn.stimuli.current(strength * capacity * random.uniform(0.1, 1.0, N)))
    for k, receptor in enumerate(model.receptors):
        times = 0.1 * random.integers(1, STEPS, N)
        net.drive(cells, hsnn.stimuli.spikes(times, np.arange(N)), weight=1.0 - 0.5 * k, receptor=receptor)
    x = "v" if "v" in model.states else next(iter(model.states))
    first, second = (FUNCTIONS[(turn + k) % len(FUNCTIONS)].format(x=x) for k in (0, 1))
    net.couple(cells, cells, hsnn.connect.bernoulli(0.2), function=first, substeps=1 + turn % 2,
               conductance=hsnn.random.uniform(0.0, 0.02 * capacity))  # fmt: skip
    net.couple(cells, cells[:9], hsnn.connect.fixed_indegree(3), function=second, conductance=0.03 * capacity,
               normalize="in_degree", symmetric=False, substeps=1)  # fmt: skip
    return lower(net)


def mixed(method, substeps, **keywords) -> Program:
    """Two models, one of them refractory; junctions within and between, directed couplings, and one that reads only post."""
    net = hsnn.Network(dt=0.1, seed=3, **keywords)
    exc = net.population("exc", 70, CLAMPED, method=method)
    inh = net.population("inh", 40, hsnn.models.izhikevich(), method=method)
    exc.set(v=hsnn.random.uniform(-70.0, -50.0), C_m=hsnn.random.uniform(8.0, 12.0))
    net.drive(exc, hsnn.stimuli.current(25.0))
    net.drive(inh, hsnn.stimuli.current(8.0))
    times = 0.3 * np.arange(1, 30)
    net.drive(exc[20:], hsnn.stimuli.spikes(times), weight=20.0, receptor="pulse")
    net.drive(exc, hsnn.stimuli.spikes(times, np.arange(29)), weight=-3.0, receptor="syn")
    uniform = hsnn.random.uniform(0.0, 0.4)
    net.couple(exc, exc, hsnn.connect.bernoulli(0.1), conductance=uniform, substeps=substeps)
    net.couple(exc, inh, hsnn.connect.fixed_outdegree(5), conductance=0.2, normalize="in_degree")
    net.couple(inh[5:], exc[::-1], hsnn.connect.fixed_indegree(3), conductance=np.linspace(0, 0.2, 210), symmetric=False,
               function="max(v_pre - v_post, 0)*exp(-abs(u_pre)/50)")  # fmt: skip
    net.couple(exc, inh, hsnn.connect.fixed_total(90), conductance=2.0, symmetric=False, substeps=1,
               function="open_pre*(0 - v_post)/20")  # fmt: skip
    net.couple(exc, inh, hsnn.connect.fixed_total(20), conductance=uniform, symmetric=False, function="-60 - v_post",
               substeps=1)  # fmt: skip
    return lower(net)


MIXED = {
    "doubles": lambda: mixed("auto", None),
    "singles": lambda: mixed("rk4", 2, precision="single"),
    "small weights": lambda: mixed("exponential_midpoint", 3, weights="float32"),
}


def text(program: Program, title: str = "") -> str:
    """Functions <title>kernel0, ... of the populations, with their stages, and <title>coupling0, ..."""
    own = [per_neuron(program, p) for p in range(len(program.populations))]
    kernels = [program.kernels[plan.kernel] for plan in program.populations]
    return "\n".join([
        *(c_family.functions(kernel, program.state_type, own[p], f"{title}kernel{p}") for p, kernel in enumerate(kernels)),
        *(c_coupling.function(plan, program.state_type, f"{title}coupling{k}") for k, plan in enumerate(program.couplings)),
    ])  # fmt: skip


def per_neuron(program: Program, p: int) -> frozenset[str]:
    """What has a value a neuron; inputs always, since couplings reach them."""
    plan = program.populations[p]
    kernel = program.kernels[plan.kernel]
    return frozenset({*kernel.inputs, *(name for name in kernel.constants if np.ndim(plan.constants[name]))})


@dataclass(frozen=True)
class Run:
    """For each population: the states after each step (step, state, neuron), and who fired (step, neuron)."""

    states: list[np.ndarray]
    fired: list[np.ndarray]


def stepped(program: Program, machine: Machine, title: str = "") -> Run:
    """What the neurons do where `machine` gives the code of a function by its name and arguments."""
    cells = [_Cells(program, p, machine, f"{title}kernel{p}") for p in range(len(program.populations))]
    sums = [
        _Sum(program, plan, acting, cells, machine(f"{title}coupling{k}", c_coupling.arguments(plan)))
        for k, plan in enumerate(program.couplings)
        for acting in incoming(plan, pairs(program, plan))
    ]
    kept = []
    n_stages = len(cells[0].stages.sections)
    last = program.substeps * n_stages - 1
    for step in range(1, STEPS + 1):
        for each in cells:
            each.begin(program, step)
            each.call("_publish")
        for phase in range(last + 1):
            for each in cells:
                each.reached.clear()
            for each in sums:
                each.add()
            for each in cells:
                each.call("" if phase == last else f"_stage{phase % n_stages}")
        kept.append([(each.states(), each.values["fired"] == 1) for each in cells])
    return Run(*([np.array([step[p][what] for step in kept]) for p in range(len(cells))] for what in (0, 1)))


def pairs(program: Program, plan: CouplePlan) -> Pairs:
    """The pairs of a coupling, as the rule draws them."""
    sizes = program.populations[plan.edges.source].size, program.populations[plan.edges.target].size
    sources, targets, conductances, _ = expand(drawable(plan), sizes)
    order = np.argsort(sources, kind="stable")
    return junctions(plan, Pairs(sources[order], targets[order], conductances[order]), sizes[1])


class _Cells:
    """The memory of a population, and the calls of its kernel and stages."""

    def __init__(self, program: Program, p: int, machine: Machine, name: str) -> None:
        plan, real = program.populations[p], np.dtype(program.state_type)
        kernel = program.kernels[plan.kernel]
        self.p, self.kernel, self.stages = p, kernel, kernel.stages
        self.arguments = c_family.arguments(kernel, per_neuron(program, p))
        numbers = {**plan.constants, **plan.inputs}
        self.base = {each: np.full(plan.size, plan.inputs[each], real) for each in kernel.inputs}
        self.reached: set[str] = set()  # inputs that a coupling has reached in this stage
        self.values = {"n": np.int32(plan.size), "fired": np.zeros(plan.size, np.uint8)}
        self.values["until"] = np.zeros(plan.size, np.int32)
        for each in self.arguments:
            if each.role in ("state", "arrival"):
                held = plan.states.get(each.name, 0.0) if each.role == "state" else 0.0
                self.values[each.variable] = np.full(plan.size, held, real)
            elif each.role in ("constant", "input"):
                value = np.asarray(numbers[each.name]).astype(real)
                self.values[each.variable] = np.full(plan.size, value) if each.is_array else value[()]
        self._calls = {
            suffix: machine(name + suffix, self.arguments)
            for suffix in ("", "_publish", *(f"_stage{k}" for k in range(len(kernel.stages.sections))))
        }

    def begin(self, program: Program, step: int) -> None:
        """What arrives in a step."""
        self.values["now"] = np.int32(step)
        self.values["fired"][:] = 255
        for plan in program.events:
            if plan.population == self.p:
                mine = plan.steps == step
                port = self.values[f"arrival_{self.kernel.receptors[plan.receptor]}"]
                np.add.at(port, plan.ids[mine], plan.amounts[mine].astype(port.dtype))

    def call(self, suffix: str) -> None:
        self._calls[suffix]([self.values[each.variable] for each in self.arguments])

    def shown(self, name: str) -> np.ndarray:
        return self.values[c_family.Argument("state", published(name), True).variable]

    def states(self) -> np.ndarray:
        return np.array([self.values[f"state_{name}"] for name in self.kernel.states if name.isidentifier()])


class _Sum:
    """The pairs of a coupling that act on a population, sorted by neuron, then by partner."""

    def __init__(self, program: Program, plan: CouplePlan, acting: Incoming, cells: list[_Cells], call) -> None:
        self.plan, self.source, self.target, self._call = plan, cells[acting.source], cells[acting.target], call
        order = np.argsort(acting.pairs.targets, kind="stable")
        counts = np.bincount(acting.pairs.targets, minlength=program.populations[acting.target].size)
        self._starts = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        self._partners = acting.pairs.sources[order].astype(np.uint32)
        shared = plan.edges.weight.kind == "constant"
        each = np.float64(plan.edges.weight.a) if shared else acting.pairs.conductances[order]
        self._conductance = each.astype(program.weight_type)

    def add(self) -> None:
        """To the input as it is held, or with what other couplings have added to it in this stage."""
        target, name = self.target, self.plan.input
        after = target.values[f"input_{name}"]
        before = after if name in target.reached else target.base[name]
        target.reached.add(name)
        self._call([
            target.values["n"], self._starts, self._partners, self._conductance, before, after,
            *map(self.source.shown, self.plan.pre), *map(target.shown, self.plan.post),
        ])  # fmt: skip


def assert_same(run: Run, program: Program, engine) -> None:
    """The same spikes as those of an engine, and the same states to the bit after every step;
    of what is not a number, only that it is none."""
    watch = Watch(np.ones(len(program.populations), np.bool_))
    for step in range(STEPS):
        seen = engine.advance(1, watch)
        for p, plan in enumerate(program.populations):
            assert np.array_equal(np.flatnonzero(run.fired[p][step]), seen.ids[seen.populations == p])
            shown = [name for name in plan.states if name.isidentifier()]
            states = np.array([engine.read(p, name) for name in shown])
            mine = run.states[p][step].astype(np.float64)
            assert ((mine.view(np.int64) == states.view(np.int64)) | (np.isnan(mine) & np.isnan(states))).all(), (step, p)
