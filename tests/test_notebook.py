"""What notebooks show: counts and rates, escaped, well formed, without drawing a synapse."""

from xml.etree import ElementTree

import numpy as np
import pytest

import hsnn_event as hsnn
from hsnn_event.notebook import Curve, Table, card, count, memory, span
from hsnn_event.recording import Record, SpikeData, StateData


def text_of(html):
    """All words shown; the markup must be well formed."""
    return " ".join("".join(ElementTree.fromstring(html).itertext()).split())


@pytest.fixture
def net():
    net = hsnn.Network(seed=1, backend="reference")
    a = net.population("a", 4_000_000, hsnn.models.lif_exp(I_e=400.0))
    b = net.population("b", 3, hsnn.models.lif_exp())
    net.connect(a, a, hsnn.connect.bernoulli(0.5), weight=hsnn.random.normal(2.0, 0.5, low=0.0), delay=1.5)
    net.connect(b, b, hsnn.connect.fixed_indegree(2), weight=1.0, delay=np.array([0.1, 0.5, 0.3, 2.0, 0.1, 0.1]))
    net.drive(b, hsnn.stimuli.poisson(8.0), weight=3.0)
    net.record(b, "spikes")
    return net


def test_a_network_of_8e12_synapses_is_shown_at_once(net):
    shown = text_of(net._repr_html_())
    assert "neurons 4,000,003" in shown and "synapses about 8,000,000,000,006" in shown
    assert "a->a.default" in shown and "normal(2, 0.5), >= 0" in shown and "0.1 to 2 ms" in shown
    assert "about 8,000,000,000,000" in text_of(net.projections[0]._repr_html_())
    assert "I_eparameter400pA" in text_of(net["a"]._repr_html_())
    assert "neurons 2 · of 3 · ids 0 to 2" in text_of(net["b"][[0, 2]]._repr_html_())
    assert "neurons 4,000,003" in text_of((net["a"] + net["b"])._repr_html_())


def test_couplings_are_shown():
    net = hsnn.Network(seed=1, backend="reference")
    a = net.population("a", 3, hsnn.models.izhikevich())
    ring = hsnn.connect.from_edges([0, 1, 2], [1, 2, 0])
    net.couple(a, a, ring, conductance=0.5)
    drawn = hsnn.random.uniform(0.0, 1.0)
    net.couple(a, a, ring, conductance=drawn, symmetric=False, normalize="in_degree", function="v_pre")
    shown = text_of(net._repr_html_())
    assert f"{net.couplings[0].name}{ring}v_pre - v_post0.5junctions" in shown
    assert f"{net.couplings[1].name}{ring}v_preuniform(0, 1)directed, averaged" in shown
    net.couplings[0].set(conductance=[0.1, 0.2, 0.3])
    assert "v_pre - v_post0.1 to 0.3junctions" in text_of(net._repr_html_())


def test_weights_set_one_by_one_are_shown_by_their_range(net):
    net.projections[1].set(weight=np.arange(6.0))
    assert "0 to 5" in text_of(net.projections[1]._repr_html_())


def test_results_and_data_are_shown():
    spikes = SpikeData([1.0, 2.0, 4.0], [0, 1, 0], 2, 0.0, 10.0)
    trace = StateData(np.arange(1.0, 5.0), np.array([3, 8]), np.array([[1.0, np.nan]] * 4))
    record = Record("a", None, ("v",), 1.0, "<b>")
    assert "spikes 3 · neurons 2 · window (0, 10] ms · rate 150 Hz" in text_of(spikes._repr_html_())
    assert "times 4 · neurons 2" in text_of(trace._repr_html_())
    result = hsnn.Result({"<i>": spikes}, {record: {"v": trace}}, {"simulate": 0.5}, {}, 0.0, 10.0)
    shown = result._repr_html_()
    assert "RTF 50" in text_of(shown) and "<i>" in text_of(shown) and "<i>" not in shown


@pytest.mark.parametrize(
    "empty",
    [SpikeData([], [], 0, 0.0, 0.0), SpikeData([], [], 3, 0.0, 5.0), StateData(np.empty(0), np.empty(0), np.empty((0, 0))),
     hsnn.Result(), hsnn.Network()],
)  # fmt: skip
def test_nothing_can_be_shown(empty):
    assert text_of(empty._repr_html_())


def test_everything_is_escaped():
    html = card("<script>", [("a&b", "'<'")], Table(("<c>",), [("\"<d>",), (Curve(np.array([1.0, np.inf, 2.0])),)]))
    assert "<script>" not in html and "<d>" not in html
    assert text_of(html).startswith("<script>a&b '<'<c>\"<d>")


def test_long_tables_are_cut():
    assert "and 60 more" in text_of(card("t", [], Table(("n",), [(n,) for n in range(100)])))


def test_numbers_in_words():
    assert (count(1234567), memory(999), memory(1.5e6)) == ("1,234,567", "999 bytes", "1.5 MB")
    assert (span(np.array([1.0, 3.0]), "mV"), span([]), span("E_L")) == ("1 to 3 mV", "none", "E_L")
