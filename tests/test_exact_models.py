"""Models without a clock whose flow is not that of an exponential current: both backends, to the bit."""

import numpy as np
import pytest

import hsnn_event as hsnn

ADAPTIVE = hsnn.NeuronModel(
    name="adaptive",
    parameters={"tau": 10.0, "tau_w": 40.0, "a": 0.3, "b": 0.4, "drive": 18.0, "t_ref": 1.0},
    states={"v": 0.0, "w": 0.0},
    dynamics={"v": "(drive - v)/tau - w", "w": "(a*v/tau - w)/tau_w"},
    receptors={"default": {"v": "v + weight"}},
    threshold="v >= 10",
    reset={"v": "0", "w": "w + b"},
    refractory={"duration": "t_ref", "clamp": {"v": "0"}},
)
COUNTER = hsnn.NeuronModel(
    name="counter", states={"v": 0.0}, receptors={"default": {"v": "v + weight"}}, threshold="v >= 10", reset={"v": "v - 10"}
)  # nothing moves but at arrivals
MODELS = {
    "counter": (COUNTER, 0.5, 3.0),
    "adaptive": (ADAPTIVE, 0.5, 3.0),
    "lif_alpha": (hsnn.models.lif_alpha(I_e=350.0), 60.0, 300.0),
    "qif": (hsnn.models.qif(), 0.5, 8.0),
}


def network(name, backend, threads=1):
    model, weight, push = MODELS[name]
    net = hsnn.Network(dt=None, seed=3, backend=backend, threads=threads)
    cells = net.population("cells", 12, model)
    net.connect(cells, cells, hsnn.connect.fixed_indegree(3), weight=weight, delay=hsnn.random.uniform(0.6, 2.5))
    net.drive(cells, hsnn.stimuli.poisson(300.0), weight=push)
    net.record(cells, "spikes")
    net.record(cells, "v", every=1.7)
    return net


@pytest.mark.parametrize("name", MODELS)
def test_backends_agree_to_the_bit_however_many_threads_and_cuts(name):
    one, two = network(name, "reference"), network(name, "numba", threads=2)
    whole, parts = one.run(60.0), hsnn.concatenate([two.run(23.456), two.run(60.0 - 23.456)])
    assert len(whole.spikes["cells"]) > 30
    assert whole.spikes["cells"] == parts.spikes["cells"]
    assert np.array_equal(whole.states["cells"]["v"].values, parts.states["cells"]["v"].values)
