"""Numbers with units of pint, quantities and Brian2 are converted to the package's units, or refused."""

import math
import warnings

import networkx as nx
import numpy as np
import pytest

import hsnn_event as hsnn
from hsnn_event.errors import UnitError
from hsnn_event.units import carries_unit, in_unit

# name: (power of ten to SI, metre, kilogram, second, ampere)
SI = {"ms": (-3, 0, 0, 1, 0), "s": (0, 0, 0, 1, 0), "us": (-6, 0, 0, 1, 0), "mV": (-3, 2, 1, -3, -1), "V": (0, 2, 1, -3, -1),
      "pA": (-12, 0, 0, 0, 1), "nA": (-9, 0, 0, 0, 1), "nS": (-9, -2, -1, 3, 2), "uS": (-6, -2, -1, 3, 2),
      "pF": (-12, -2, -1, 4, 2), "nF": (-9, -2, -1, 4, 2), "Hz": (0, 0, 0, -1, 0), "kHz": (3, 0, 0, -1, 0)}  # fmt: skip


class Dimension:
    """As Brian2's: the powers of the SI base units."""

    def __init__(self, powers):
        names = ("length", "mass", "time", "current", "temperature", "substance", "luminosity")
        self._powers = dict(zip(names, (*powers, 0, 0, 0), strict=True))

    def get_dimension(self, name):
        return self._powers[name]


class BrianLike(np.ndarray):
    """An array of SI values with a `.dim`: what `brian2.Quantity` looks like from outside."""


def brian(value, unit):
    power, *dimensions = SI[unit]
    array = np.asarray(np.asarray(value, dtype=np.float64) * 10.0**power).view(BrianLike)
    array.dim = Dimension(dimensions)
    return array


def pint_quantity(value, unit):
    registry = pytest.importorskip("pint").get_application_registry()
    return registry.Quantity(np.asarray(value, np.float64) if np.ndim(value) else float(value), unit)


def quantities_quantity(value, unit):
    return pytest.importorskip("quantities").Quantity(value, unit)


@pytest.fixture(params=[pint_quantity, quantities_quantity, brian], ids=["pint", "quantities", "brian"])
def q(request):
    """A function (value, unit) -> quantity; a unit that is dropped in silence is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield request.param


@pytest.mark.parametrize(
    "value, given, wanted, expected",
    [
        (1.5, "s", "ms", 1500.0), (0.3, "ms", "ms", 0.3), (100.0, "us", "ms", 0.1), (-0.065, "V", "mV", -65.0),
        (0.25, "nA", "pA", 250.0), (0.01, "uS", "nS", 10.0), (0.2, "nF", "pF", 200.0), (0.008, "kHz", "Hz", 8.0),
        (8.0, "Hz", "1/s", 8.0), (8.0, "Hz", "1/ms", 0.008), (2.0, "nA", "pA", 2000.0), (5.0, "ms", "s", 0.005),
    ],
)  # fmt: skip
def test_units_are_converted(q, value, given, wanted, expected):
    assert in_unit(q(value, given), "x", wanted) == pytest.approx(expected, rel=1e-14, abs=0)
    array = in_unit(q([value, 2 * value], given), "x", wanted)
    assert array == pytest.approx([expected, 2 * expected], rel=1e-14, abs=0)
    listed = in_unit([q(value, given), q(value, given)], "x", wanted)
    assert listed == pytest.approx([expected] * 2, rel=1e-14, abs=0)


@pytest.mark.parametrize("given, wanted", [("mV", "ms"), ("pA", "nS"), ("Hz", "ms"), ("ms", "uA/cm2"), ("pF", "MOhm")])
def test_another_dimension_is_refused_with_both_units(q, given, wanted):
    with pytest.raises(UnitError, match=rf"^weight of a is .*no number of {wanted}.*Give it in {wanted}"):
        in_unit(q(1.0, given), "weight of a", wanted)


@pytest.mark.parametrize("unit", [None, "furlong", "ms ms ms ??", ""])
def test_what_the_unit_should_be_must_be_known(q, unit):
    with pytest.raises(UnitError, match="x "):
        in_unit(q(1.0, "ms"), "x", unit)


def test_plain_numbers_pass_as_they_are():
    for value in (1, 2.5, "ms", None, [1.0, 2], np.arange(3), (1, 2), np.float32(3)):
        assert in_unit(value, "x", None) is value and not carries_unit(value)


def test_a_network_given_with_units_is_the_network_given_without(q):
    def build(q):
        net = hsnn.Network(dt=q(0.1, "ms"), seed=4, backend="reference")
        cell = hsnn.models.lif_exp(C_m=q(0.25, "nF"), tau_m=q(10.0, "ms"), E_L=q(-0.07, "V"), I_e=q(0.5, "nA"),
                                   tau_syn={"exc": q(500.0, "us"), "inh": q(0.5, "ms")})  # fmt: skip
        cells, other = net.population("cells", 6, cell), net.population("other", 2, hsnn.models.lif_alpha())
        cells.set(v=q([-70.0, -69.0, -68.0, -67.0, -66.0, -65.0], "mV"))
        cells[0].set(t_ref=q(0.003, "s"), I_exc=q(0.02, "nA"))
        net.connect(cells, cells, hsnn.connect.all_to_all(), weight=q(0.04, "nA"), delay=q(0.0015, "s"), receptor="exc")
        net.connect(cells[:2], other, hsnn.connect.one_to_one(), weight=q([30.0, 40.0], "pA"), delay=q([1.0, 0.5], "ms"))
        poisson = hsnn.stimuli.poisson(q(2.0, "kHz"), start=q(0.005, "s"), stop=q(0.02, "s"))
        net.drive(cells, poisson, weight=q(0.05, "nA"), receptor="inh", delay=q(0.2, "ms"))
        net.record(cells, "spikes")
        trace = net.record(cells, "v", every=q(500.0, "us"))
        return net.run(q(0.03, "s")), trace

    plain, _ = build(lambda value, unit: np.multiply(value, 10.0 ** (SI[unit][0] - SI[TARGET[unit]][0])))
    with_units, trace = build(q)
    assert len(plain.spikes["cells"]) > 0
    assert with_units.spikes["cells"].ids.tolist() == plain.spikes["cells"].ids.tolist()
    assert with_units.t_stop == 30.0
    assert with_units[trace]["v"].values == pytest.approx(plain[trace]["v"].values, rel=1e-9)


TARGET = {"ms": "ms", "s": "ms", "us": "ms", "mV": "mV", "V": "mV", "pA": "pA", "nA": "pA", "nF": "pF",
          "Hz": "Hz", "kHz": "Hz"}  # fmt: skip


def test_times_and_rates_of_sources_take_units(q):
    steps = hsnn.steps(q([0.001, 0.002], "s"), [1.0, 2.0])
    assert steps.times.tolist() == pytest.approx([1.0, 2.0])
    assert hsnn.stimuli.spikes(q([1000.0], "us"), [0]).times.tolist() == pytest.approx([1.0])
    assert hsnn.models.spike_source(q([0.001], "s"), [0]).times.tolist() == pytest.approx([1.0])
    assert hsnn.models.poisson(q(0.5, "kHz")).parameters["rate"] == pytest.approx(500.0)
    assert hsnn.models.poisson(q([0.5, 1.0], "kHz")).parameters["rate"].tolist() == pytest.approx([500.0, 1000.0])
    assert hsnn.stimuli.poisson(q([0.5], "kHz")).value.tolist() == pytest.approx([500.0])
    assert hsnn.stimuli.noise(1.0, every=q(0.001, "s")).every == pytest.approx(1.0)


def test_times_of_control_take_units(q):
    net = hsnn.Network(backend="reference")
    cells = net.population("cells", 2, hsnn.models.lif_exp())
    assert net.record(cells, "v", at=q([0.002, 0.001], "s")).at == (1.0, 2.0)
    cells.set(I_e=q(0.5, "nA"), at=q(0.001, "s"))
    assert net.changes[0].step == 10
    assert net.at(q(1000.0, "us"), print).step == 10
    assert net.every(q(0.002, "s"), print).interval == 20
    net.callbacks.clear()
    assert list(net.steps(q(0.001, "s"), until=q(0.002, "s"))) == [1.0, 2.0]
    assert cells.get("I_e").tolist() == pytest.approx([500.0, 500.0])


def test_weights_and_delays_of_graphs_take_units(q):
    net = hsnn.Network(backend="reference")
    cells = net.population("cells", 2, hsnn.models.lif_exp())
    graph = nx.DiGraph([(0, 1, {"w": q(0.5, "nA"), "d": q(0.001, "s")}), (1, 0, {"w": 2.0, "d": 1.5})])
    projection = net.connect(cells, cells, hsnn.connect.from_networkx(graph))
    assert projection.get("weight").tolist() == pytest.approx([500.0, 2.0])
    assert projection.get("delay").tolist() == [1.0, 1.5]
    projection.set(weight=q([1.0, 2.0], "nA"))
    assert projection.get("weight").tolist() == pytest.approx([1000.0, 2000.0])
    with pytest.raises(UnitError, match="no number of pA"):
        projection.set(weight=q(1.0, "mV"))
    graph[0][1]["d"] = q(1.0, "mV")
    with pytest.raises(UnitError, match=r"delay of edge \(0, 1\).*no number of ms"):
        net.connect(cells, cells, hsnn.connect.from_networkx(graph))


def test_spikes_take_times_with_units(q):
    spikes = hsnn.SpikeData(q([0.1, 0.2], "s"), [0, 1], 2, q(0.0, "s"), q(0.5, "s"))
    assert spikes.times.tolist() == pytest.approx([100.0, 200.0]) and spikes.t_stop == 500.0
    assert spikes.counts(q(0.25, "s")).tolist() == [2, 0]
    assert len(spikes.window(q(0.0, "ms"), q(0.15, "s"))) == 1
    with pytest.raises(UnitError, match="times"):
        hsnn.SpikeData(q([0.1], "mV"), [0], 1, 0.0, 1.0)


def test_wrong_dimensions_are_refused_wherever_a_number_is_taken(q):
    net = hsnn.Network(backend="reference")
    cells = net.population("cells", 3, hsnn.models.lif_cond_exp())
    connect, poisson = hsnn.connect.all_to_all(), hsnn.stimuli.poisson
    calls = {
        "dt": lambda: hsnn.Network(dt=q(1.0, "mV")),
        "tau_m": lambda: hsnn.models.lif_exp(tau_m=q(10.0, "mV")),
        "E_L": lambda: hsnn.models.lif_exp(E_L=q(10.0, "ms")),
        "tau_syn_a": lambda: hsnn.models.lif_exp(tau_syn={"a": q(1.0, "pA")}),
        "g_L": lambda: cells.set(g_L=q(1.0, "pA")),
        "weight": lambda: net.connect(cells, cells, connect, weight=q(1.0, "pA"), delay=1.0, receptor="exc"),
        "delay": lambda: net.connect(cells, cells, connect, weight=1.0, delay=q(1.0, "nS"), receptor="exc"),
        "poisson: rate": lambda: poisson(q(1.0, "ms")),
        "poisson: stop": lambda: poisson(1.0, stop=q(1.0, "Hz")),
        "current: value": lambda: hsnn.stimuli.current(q(1.0, "pA")),
        "duration": lambda: net.run(q(1.0, "mV")),
        "every": lambda: net.record(cells, "v", every=q(1.0, "mV")),
        "steps: times": lambda: hsnn.steps(q([1.0], "mV"), [1.0]),
        "steps: values": lambda: hsnn.steps([1.0], q([1.0], "Hz")),
        "from_dense: W": lambda: hsnn.connect.from_dense(q([[1.0]], "pA")),
        "noise: sigma": lambda: hsnn.stimuli.noise(q(1.0, "pA")),
        "spikes: factors": lambda: hsnn.stimuli.spikes([1.0], [0], q(1.0, "pA")),
        "spike_source: times": lambda: hsnn.models.spike_source(q([1.0], "Hz"), [0]),
        "at: time": lambda: net.at(q(1.0, "Hz"), print),
        "every: interval": lambda: net.every(q(1.0, "Hz"), print),
        "steps: until": lambda: net.steps(1.0, until=q(1.0, "mV")),
        "set: at": lambda: cells.set(v=1.0, at=q(1.0, "mV")),
        "at": lambda: net.record(cells, "v", at=q([1.0], "mV")),
        "trial": lambda: net.reset(q(1.0, "ms")),
        "microcircuit: scale": lambda: hsnn.networks.microcircuit(q(0.1, "ms")),
        "size": lambda: net.population("more", q(10.0, "ms"), hsnn.models.lif_delta()),
        "p": lambda: hsnn.connect.bernoulli(q(0.1, "Hz")),
        "low": lambda: hsnn.random.uniform(q(0.1, "mV"), q(0.2, "mV")),
        "ids": lambda: hsnn.connect.from_edges(q([1], "ms"), [2]),
    }
    for name, call in calls.items():
        with pytest.raises(UnitError, match=r"carries a unit|no number of") as caught:
            call()
        assert name in str(caught.value) or name == "ids"


def test_a_model_of_ones_own_names_its_units(q):
    text = {"states": {"v": q(-65.0, "mV")}, "dynamics": {"v": "a*(w - v)"}, "receptors": {"default": {"v": "v + 2*weight"}}}
    model = hsnn.NeuronModel(name="m", parameters={"a": q(8.0, "Hz"), "w": q(-0.06, "V")},
                             units={"v": "mV", "a": "1/ms", "w": "mV", "weight": "mV"}, **text)  # fmt: skip
    assert model.parameters == {"a": pytest.approx(0.008), "w": pytest.approx(-60.0)} and model.states == {"v": -65.0}
    cells = hsnn.Network(backend="reference").population("cells", 2, model)
    made = cells.network.connect(cells, cells, hsnn.connect.all_to_all(), weight=q(0.001, "V"), delay=1.0)
    assert made.weight == pytest.approx(1.0)
    with pytest.raises(UnitError, match=r"m.states\['v'\] carries a unit .*NeuronModel\(units="):
        hsnn.NeuronModel(name="m", parameters={"a": 1.0, "w": 2.0}, **text)


def test_nan_with_a_unit_is_still_nan(q):
    with pytest.raises(hsnn.errors.ValueRangeError, match="NaN"):
        hsnn.Network(dt=q(math.nan, "ms"))
