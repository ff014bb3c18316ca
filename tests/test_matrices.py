"""Matrices as rules: every format, what is stored, what is refused; the same on both backends."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from test_parity import assert_parity

import hsnn_event as hsnn
from hsnn_event.backends.numba.engine import NumbaEngine
from hsnn_event.backends.reference import ReferenceEngine
from hsnn_event.errors import ArgumentTypeError, DeclarationError, ShapeError, ValueRangeError
from hsnn_event.lowering.program import lower

DELTA = hsnn.models.lif_delta()
connect = hsnn.connect


def network(n=5, m=4, **keywords):
    net = hsnn.Network(**{"dt": 0.1, "seed": 1, "backend": "reference", **keywords})
    return net, net.population("a", n, DELTA), net.population("b", m, DELTA)


def triplets(edges):
    return sorted(zip(edges.sources.tolist(), edges.targets.tolist(), edges.weights.tolist(), strict=True))


def stored():
    """A new one each time: SciPy's conversions add up what is stored twice in the array that they are called on."""
    return sparse.coo_array(([1.0, 2.0, 3.0, 0.0, 5.0], ([3, 0, 3, 4, 0], [1, 2, 1, 0, 0])), shape=(5, 4))


@pytest.mark.parametrize("kind", ["array", "matrix"])
@pytest.mark.parametrize("form", ["coo", "csr", "csc", "lil", "dok", "bsr", "dia"])
def test_every_format(form, kind):
    W = sparse.coo_matrix(stored()) if kind == "matrix" else stored()
    W = W.asformat(form)
    net, a, b = network()
    expected = [(0, 0, 5.0), (0, 2, 2.0), (3, 1, 4.0), (4, 0, 0.0)]  # SciPy adds up what is stored twice
    if form == "coo":
        expected[2:3] = [(3, 1, 1.0), (3, 1, 3.0)]
    if form == "dia":
        del expected[-1]  # zeros of a diagonal are no entries of it
    assert triplets(net.connect(a, b, connect.from_scipy(W), delay=1.0).edges()) == expected


@pytest.mark.parametrize("form", ["csr", "csc"])
def test_entries_stored_twice_are_two_synapses(form):
    pointers, indices = ([0, 3, 3], [1, 1, 0]) if form == "csr" else ([0, 1, 3], [0, 0, 0])
    W = getattr(sparse, f"{form}_array")((np.array([1.0, 2.0, 3.0]), indices, pointers), shape=(2, 2))
    before = W.copy()
    net, a, b = network(2, 2)
    edges = net.connect(a, b, connect.from_scipy(W), delay=1.0).edges()
    expected = [(0, 0, 3.0), (0, 1, 1.0), (0, 1, 2.0)] if form == "csr" else [(0, 0, 1.0), (0, 1, 2.0), (0, 1, 3.0)]
    assert triplets(edges) == expected
    assert np.array_equal(W.data, before.data) and np.array_equal(W.indices, before.indices)


def test_values_are_weights_unless_weights_are_given():
    net, a, b = network()
    rule = connect.from_scipy(stored().tocsr())
    assert net.connect(a, b, rule, weight=7.0, delay=1.0).get("weight").tolist() == [7.0] * 4
    assert net.connect(a, b, rule, weight=[1.0, 2.0, 3.0, 4.0], delay=1.0).get("weight").tolist() == [1.0, 2.0, 3.0, 4.0]
    drawn = net.connect(a, b, rule, weight=hsnn.random.uniform(1.0, 2.0), delay=[0.4, 0.3, 0.2, 0.1]).edges()
    assert len(set(drawn.weights)) == 4 and drawn.targets.tolist() == [2, 0, 1, 0]
    with pytest.raises(ShapeError, match=r"shape \(4,\)"):
        net.connect(a, b, rule, weight=[1.0, 2.0], delay=1.0)
    with pytest.raises(DeclarationError, match="brings no delay; give delay="):
        net.connect(a, b, rule)
    with pytest.raises(DeclarationError, match="bernoulli brings no weight; give weight="):
        net.connect(a, b, connect.bernoulli(0.5), delay=1.0)


def test_a_matrix_counts_within_the_views():
    net, a, b = network(10, 10)
    rule = connect.from_dense([[0, 1, 0, 0], [2, 0, 0, 0], [0, 0, 0, 3]])
    edges = net.connect(a[[7, 2, 5]], b[4:8], rule, delay=1.0).edges()
    assert triplets(edges) == [(2, 4, 2.0), (5, 7, 3.0), (7, 5, 1.0)]


def test_where_only_the_transpose_fits_the_error_says_so():
    net, a, b = network()
    with pytest.raises(ShapeError, match=r"b->a.default: .*\(5, 4\).*4 sources and 5 targets.*W\.T"):
        net.connect(b, a, connect.from_scipy(stored()), delay=1.0)
    with pytest.raises(ShapeError, match="has a row for each source"):
        net.connect(a, a, connect.from_scipy(stored()), delay=1.0)
    assert not net.projections


@pytest.mark.parametrize("make", [connect.from_dense, lambda W, **flags: connect.from_scipy(sparse.coo_array(W), **flags)])
def test_switches_leave_out_entries(make):
    W = np.arange(16.0).reshape(4, 4) + 1.0
    net, a, b = network(4, 4)
    made = net.connect(a, a, make(W, autapses=False), delay=1.0)
    assert made.n_synapses == 12 and (made.edges().sources != made.edges().targets).all()
    assert np.array_equal(made.to_scipy().toarray(), W - np.diag(np.diag(W)))
    assert net.connect(a, b, make(W, autapses=False), delay=1.0).n_synapses == 16
    assert net.connect(a[:2], a[1:], make(W[:2, :3], autapses=False), delay=1.0, weight=np.arange(6.0)).get(
        "weight"
    ).tolist() == [0.0, 1.0, 2.0, 4.0, 5.0]


def test_without_multapses_the_first_of_a_pair_stays():
    net, a, b = network()
    edges = net.connect(a, b, connect.from_scipy(stored(), multapses=False), delay=[0.1, 0.2, 0.3, 0.4, 0.5]).edges()
    assert triplets(edges) == [(0, 0, 5.0), (0, 2, 2.0), (3, 1, 1.0), (4, 0, 0.0)]
    assert edges.delays.tolist() == [0.1, 0.2, 0.3, 0.5]


BAD_INDICES = sparse.csr_array(stored())
BAD_INDICES.indices = BAD_INDICES.indices + 3
BAD_ROWS = sparse.csr_array(stored())
BAD_ROWS.indptr = BAD_ROWS.indptr[::-1].copy()


@pytest.mark.parametrize(
    "make, error, words",
    [
        (lambda: connect.from_scipy(np.eye(3)), ArgumentTypeError, "from_dense"),
        (lambda: connect.from_scipy(stored() * np.nan), ValueRangeError, "nan"),
        (lambda: connect.from_scipy(stored() * np.inf), ValueRangeError, "finite"),
        (lambda: connect.from_scipy(stored() * 1j), ArgumentTypeError, "complex128"),
        (lambda: connect.from_scipy(BAD_INDICES), ValueRangeError, "column index"),
        (lambda: connect.from_scipy(BAD_ROWS), ValueRangeError, "indptr"),
        (lambda: connect.from_scipy(stored(), autapses="no"), ArgumentTypeError, "autapses"),
        (lambda: connect.from_dense([[0.0, np.nan]]), ValueRangeError, "nan"),
        (lambda: connect.from_dense([1.0, 2.0]), ShapeError, "two dimensions"),
        (lambda: connect.from_dense([[1.0], [2.0, 3.0]]), ShapeError, "ragged"),
        (lambda: connect.from_dense([["a"]]), ArgumentTypeError, "real numbers"),
        (lambda: connect.from_function(3), ArgumentTypeError, "function"),
    ],
)
def test_bad_matrices_are_refused(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_a_group_takes_no_matrix():
    net, a, b = network()
    with pytest.raises(DeclarationError, match="matrix cannot be divided"):
        net.connect(a + b, b, connect.from_scipy(stored()), delay=1.0)


def test_functions_of_ids():
    net, a, b = network(100, 60)
    ring = net.connect(a, a, lambda i, j: (j - i) % 100 == 1, weight=1.0, delay=1.0).edges()
    assert np.array_equal(ring.targets, (ring.sources + 1) % 100) and len(ring.sources) == 100
    likely = net.connect(a, b, connect.from_function(lambda i, j: np.where(j < 30, 0.9, 0.0)), weight=1.0, delay=1.0).edges()
    # 3,000 pairs with p = 0.9: mean 2700, standard deviation 16.4
    assert abs(len(likely.sources) - 2700) < 5 * 16.4 and likely.targets.max() < 30
    assert net.connect(a, a, lambda i, j: i >= 0, weight=1.0, delay=1.0).n_synapses == 10_000
    everyone = connect.from_function(lambda i, j: True, autapses=False)
    assert net.connect(a[:10], a[5:], everyone, weight=1.0, delay=1.0).n_synapses == 945


def likely_function(i, j):
    return 0.5


def test_what_a_function_draws_depends_on_seed_and_name_only(monkeypatch):
    def drawn(seed, name=None):
        net, a, b = network(100, 60, seed=seed)
        return net.connect(a, b, likely_function, weight=1.0, delay=1.0, name=name).edges()

    first = drawn(1)
    assert not np.array_equal(first.targets, drawn(2).targets)
    assert not np.array_equal(first.targets, drawn(1, "other").targets)
    monkeypatch.setattr("hsnn_event.topology.functions.PAIRS_AT_ONCE", 130)
    assert np.array_equal(first.targets, drawn(1).targets)


@pytest.mark.parametrize(
    "function, error, words",
    [
        (lambda i, j: 1.5, ValueRangeError, "1.5.*between 0 and 1"),
        (lambda i, j: np.nan, ValueRangeError, "between 0 and 1"),
        (lambda i, j: np.zeros(7), ShapeError, r"\(7,\)"),
        (lambda i, j: "yes", ArgumentTypeError, "booleans or probabilities"),
    ],
)
def test_bad_functions_are_refused(function, error, words):
    net, a, b = network()
    with pytest.raises(error, match=words):
        net.connect(a, b, function, weight=1.0, delay=1.0)
    assert not net.projections


def random_matrix(rng, n, m, index_type, dtype, duplicates):
    counts = rng.integers(0, 5, n)
    indptr = np.concatenate(([0], np.cumsum(counts))).astype(index_type)
    indices = rng.integers(0, m, indptr[-1]).astype(index_type)
    if not duplicates and len(indices):
        indices = np.concatenate([rng.permutation(m)[:k] for k in counts]).astype(index_type)
    W = sparse.csr_array((n, m), dtype=dtype)
    W.indptr, W.indices, W.data = indptr, indices, rng.normal(1.0, 2.0, len(indices)).astype(dtype)
    return W


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 12), st.integers(5, 12), st.booleans())
def test_matrices_come_back_as_they_went_in(seed, n, m, duplicates):
    W = random_matrix(np.random.default_rng(seed), n, m, np.int32, np.float64, duplicates)
    net, a, b = network(n, m)
    back = net.connect(a, b, connect.from_scipy(W), delay=1.0).to_scipy()
    assert back.nnz == W.nnz
    assert np.array_equal(back.row, np.repeat(np.arange(n), np.diff(W.indptr)))
    assert np.array_equal(back.col, W.indices) and np.array_equal(back.data, W.data)


def parity_program(rule, weight, delay, views, weights="auto"):
    net = hsnn.Network(dt=0.1, seed=4, weights=weights)
    cells = net.population("cells", 30, hsnn.models.lif_exp(I_e=390.0, tau_syn=2.0))
    cells.set(v=hsnn.random.uniform(-60.0, -55.0))
    source, target = (cells[4:24], cells[[25, 3, 9, *range(10, 23), 0, 5, 29, 1]]) if views else (cells, cells)
    net.connect(source, target, rule, weight=weight, delay=delay)
    net.connect(cells, cells, connect.fixed_outdegree(3), weight=-20.0, delay=1.2)
    return lower(net)


@pytest.mark.parametrize("views", [False, True])
@pytest.mark.parametrize(
    "index_type, dtype, weight, delay, flags",
    [
        (np.int32, np.float64, None, 1.5, {}),
        (np.int64, np.float32, None, hsnn.random.normal(1.5, 0.75, low=0.1), {}),
        (np.int64, np.float64, hsnn.random.normal(20.0, 5.0), hsnn.random.uniform(0.1, 2.0), {"autapses": False}),
        (np.int32, np.float32, 20.0, 0.8, {"multapses": False}),
    ],
)
def test_matrices_are_the_same_on_both_backends(index_type, dtype, weight, delay, flags, views):
    n, m = (20, 20) if views else (30, 30)
    W = 20.0 * random_matrix(np.random.default_rng(3), n, m, index_type, dtype, True)
    rule = connect.from_scipy(W, **flags)
    if not flags and dtype == np.float32:
        assert rule.targets.dtype == index_type and rule.weights.dtype == dtype
    program = parity_program(rule, weight, delay, views)
    assert assert_parity(program, [ReferenceEngine(program), NumbaEngine(program, 2, 3)]) > 20


def test_a_matrix_is_not_copied():
    W = random_matrix(np.random.default_rng(3), 30, 30, np.int32, np.float64, True)
    program = parity_program(connect.from_scipy(W), None, 1.0, False)
    plan = program.projections[0]
    assert np.shares_memory(plan.rule.targets, W.indices) and np.shares_memory(plan.weight.values, W.data)
