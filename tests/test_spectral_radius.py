"""Spectral radii against NumPy, the circular law and closed forms; weights scaled to one."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.sparse import coo_array, random_array

import hsnn_event as hsnn
from hsnn_event.errors import ArgumentTypeError, DeclarationError, ShapeError, ValueRangeError

DELTA = hsnn.models.lif_delta()


def network(n=60, m=40):
    net = hsnn.Network(seed=3)
    return net, net.population("a", n, DELTA), net.population("b", m, DELTA)


@settings(max_examples=40, deadline=None)
@given(W=arrays.arrays(float, st.integers(1, 8).map(lambda n: (n, n)), elements=st.floats(-5, 5)))
def test_small_matrices_agree_with_numpy(W):
    wanted = abs(np.linalg.eigvals(W)).max()
    # Eigenvalues of defective matrices move by the n-th root of the rounding: both are right up to that.
    assert hsnn.spectral_radius(W) == pytest.approx(wanted, rel=1e-6, abs=0.2)
    symmetric = W + W.T
    assert hsnn.spectral_radius(symmetric) == pytest.approx(abs(np.linalg.eigvalsh(symmetric)).max(), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("offset", [0.0, 0.05])
def test_large_matrices_agree_with_numpy_and_are_the_same_each_time(offset):
    draw = np.random.default_rng(1).normal
    W = random_array((600, 600), density=0.05, rng=1, data_sampler=lambda size: draw(offset, 1.0, size))
    wanted = abs(np.linalg.eigvals(W.toarray())).max()
    found = hsnn.spectral_radius(W)
    assert found == pytest.approx(wanted, rel=1e-4)
    assert hsnn.spectral_radius(W.tocsc()) == found
    # The circular law: the square root of n p times the spread.
    assert wanted == pytest.approx(np.sqrt(600 * 0.05), rel=0.1)


def test_known_radii():
    assert hsnn.spectral_radius(nx.to_scipy_sparse_array(nx.cycle_graph(300, create_using=nx.DiGraph))) == pytest.approx(1.0)
    assert hsnn.spectral_radius(nx.to_scipy_sparse_array(nx.random_regular_graph(7, 250, seed=1))) == pytest.approx(7.0)
    assert hsnn.spectral_radius(np.triu(np.ones((250, 250)), 1)) == 0.0  # without cycles, where ARPACK finds noise
    assert hsnn.spectral_radius(np.triu(np.ones((250, 250)), 1) + np.diag(np.arange(250.0))) == 249.0
    assert hsnn.spectral_radius(coo_array(([1.0, 1.0], ([0, 0], [0, 0])), shape=(2, 2))) == 2.0  # parallel ones add up
    assert hsnn.spectral_radius(np.zeros((3, 3))) == 0.0


def test_projections_make_one_matrix():
    net, a, b = network()
    rules = [(a, a, 1.0), (a, b, 0.5), (b, a, -2.0), (b, b, -1.0)]
    made = [net.connect(s, t, hsnn.connect.bernoulli(0.2), weight=w, delay=1.0) for s, t, w in rules]
    blocks = [each.to_scipy().toarray() for each in made]
    W = np.block([[blocks[0], blocks[1]], [blocks[2], blocks[3]]])
    assert hsnn.spectral_radius(made) == pytest.approx(abs(np.linalg.eigvals(W)).max())
    assert hsnn.spectral_radius(net.projections.values()) == hsnn.spectral_radius(made)
    assert hsnn.spectral_radius(made[0]) == pytest.approx(abs(np.linalg.eigvals(blocks[0])).max())


@pytest.mark.parametrize("when", ["before", "after"])
def test_weights_are_scaled_together(when):
    net, a, b = network()
    law = hsnn.random.normal(1.0, 0.3)
    made = [net.connect(a, b, hsnn.connect.bernoulli(0.2), weight=2.0, delay=1.0),
            net.connect(b, a, hsnn.connect.bernoulli(0.2), weight=law, delay=1.0)]  # fmt: skip
    if when == "after":
        net.run(1.0)
    before = [each.get("weight") for each in made]
    factor = hsnn.scale_to_spectral_radius(made, 0.8)
    assert hsnn.spectral_radius(made) == pytest.approx(0.8)
    assert made[0].weight == 2.0 * factor  # still one number
    for each, weights in zip(made, before, strict=True):
        assert np.allclose(each.get("weight"), factor * weights)
    net.run(1.0)


def test_errors():
    net, a, b = network()
    across = net.connect(a, b, hsnn.connect.all_to_all(), weight=1.0, delay=1.0)
    with pytest.raises(ShapeError, match="lead back"):
        hsnn.spectral_radius(across)
    with pytest.raises(ShapeError, match=r"\(2, 3\)"):
        hsnn.spectral_radius(np.ones((2, 3)))
    with pytest.raises(ValueRangeError, match=r"nan|NaN"):
        hsnn.spectral_radius([[np.nan]])
    with pytest.raises(ValueRangeError, match="NaN"):
        hsnn.spectral_radius(coo_array([[np.nan]]))
    with pytest.raises(DeclarationError, match="twice"):
        hsnn.spectral_radius([across, across])
    with pytest.raises(DeclarationError, match="several networks"):
        hsnn.spectral_radius([across, elsewhere()])
    with pytest.raises(ArgumentTypeError, match=r"radius / spectral_radius\(W\)"):
        hsnn.scale_to_spectral_radius(np.ones((2, 2)), 1.0)
    with pytest.raises(ValueRangeError, match="without cycles"):
        hsnn.scale_to_spectral_radius([across, net.connect(b, a, hsnn.connect.from_edges([], []), weight=1.0, delay=1.0)], 1)


def elsewhere():
    net, a, b = network()
    return net.connect(a, b, hsnn.connect.all_to_all(), weight=1.0, delay=1.0)
