"""Rows of populations without a clock, read back from memory word by word, hold what the reference draws."""

import ctypes
from dataclasses import replace
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_parity import assert_same_bits

import hsnn_event as hsnn
from hsnn_event.backends.numba.exact_rows import MOST_BLOCKS, build, deal, reweight, row_memory
from hsnn_event.backends.reference_edges import expand
from hsnn_event.errors import BackendError
from hsnn_event.lowering.exact_ir import ExactProgram
from hsnn_event.lowering.ir import PopulationPlan, ProjectionPlan, RulePlan, ValuePlan
from hsnn_event.lowering.program import projection_plan
from hsnn_event.network.delays import DelayRounding
from hsnn_event.simulation import drawing

SIZES = (30, 17, 9)
EDGES = np.array([3, 0, 3, 9, 0, 3, 3]), np.array([1, 2, 1, 8, 2, 0, 1])
INDPTR = np.array([0, 3, 3, 5, 9, *[9] * 26])  # 29 sources, a row each
WITHOUT = {"autapses": False, "multapses": False}
RULES = {
    "bernoulli": RulePlan("bernoulli", p=0.3),
    "bernoulli without autapses": RulePlan("bernoulli", p=0.3, autapses=False),
    "bernoulli 1": RulePlan("bernoulli", p=1.0, autapses=False),
    "bernoulli 0": RulePlan("bernoulli", p=0.0),
    "fixed_indegree": RulePlan("fixed_indegree", 6),
    "fixed_indegree distinct": RulePlan("fixed_indegree", 6, **WITHOUT),
    "fixed_outdegree": RulePlan("fixed_outdegree", 7),
    "fixed_outdegree distinct": RulePlan("fixed_outdegree", 6, **WITHOUT),
    "fixed_total": RulePlan("fixed_total", 150),
    "fixed_total distinct": RulePlan("fixed_total", 60, **WITHOUT),
    "one_to_one": RulePlan("one_to_one"),
    "all_to_all": RulePlan("all_to_all"),
    "all_to_all without autapses": RulePlan("all_to_all", autapses=False),
    "from_edges": RulePlan("from_edges", sources=EDGES[0], targets=EDGES[1]),
    "from_edges, none": RulePlan("from_edges", sources=EDGES[0][:0], targets=EDGES[1][:0]),
    "csr": RulePlan("csr", targets=np.array([0, 5, 5, 8, 1, 2, 2, 7, 0]), indptr=INDPTR),
}  # fmt: skip
LAWS = {
    "constant": ValuePlan("constant", 1.5),
    "uniform": ValuePlan("uniform", 0.1, 3.0),
    "normal": ValuePlan("normal", 2.0, 1.0, 0.07, 0.97, 0.5, 4.0),
    "clipped": ValuePlan("normal", 2.0, 1.0, low=1.5),
    "lognormal": ValuePlan("lognormal", 0.0, 0.5),
    "exponential": ValuePlan("exponential", 2.0),
}
SEVERAL = [
    ("constant", "constant"), ("uniform", "clipped"), ("array", "array"), ("array32", "array32"), ("normal", "uniform"),
]  # fmt: skip


def plan(rule, weight, delay, ends=(0, 0), receptor=0, views=False, key=7):
    """Of views, where asked for, that fit one to one; arrays have a value for each place that the rule numbers."""
    one_to_one, csr = rule.kind == "one_to_one", rule.kind == "csr"
    n_sources = len(INDPTR) - 1 if csr else 9 if one_to_one else 12
    ids = np.random.default_rng(key).permutation(SIZES[ends[0]])[:n_sources]
    view = views or one_to_one or csr
    others = np.random.default_rng(key + 1).permutation(SIZES[ends[1]])[:9]
    made = ProjectionPlan(
        "made", *ends, receptor, rule, LAWS["constant"], LAWS["constant"], key, ids if view else None,
        others if view else None, exact=True,
    )  # fmt: skip
    return replace(made, weight=values(weight, made, 0), delay=values(delay, made, 1))


def values(law, made, shift):
    """A plan of weights or delays. Values of an array come several times, so that groups have several synapses."""
    if law in LAWS:
        return LAWS[law]
    count = {
        "fixed_total": made.rule.count, "from_edges": len(EDGES[0]), "csr": 9, "one_to_one": 9,
    }.get(made.rule.kind, 30 * 30 * 2)  # fmt: skip
    real = np.random.default_rng(shift).choice([0.5, 0.0, 2.25, 1.125 + shift], count)
    return ValuePlan("array", values=real.astype(np.float32 if law == "array32" else np.float64))


def program(*plans, weight_type="float64"):
    populations = tuple(PopulationPlan(f"p{p}", size, 0, {}, {}, {}) for p, size in enumerate(SIZES))
    return ExactProgram(1.0, 0.0, populations, (), plans, weight_type=weight_type)


def expected(made, parts):
    """[block][neuron of the network]: a list of (delay, population, receptor, targets, weights) for each group."""
    found = [[[] for _ in range(sum(SIZES))] for _ in range(parts.n_blocks)]
    for each in made.projections:
        sizes = SIZES[each.source], SIZES[each.target]
        for source, target, weight, delay in zip(*(column.tolist() for column in expand(each, sizes)), strict=True):
            block = int(np.searchsorted(parts.first[each.target], target, side="right")) - 1
            while not parts.length[each.target, block]:
                block -= 1
            local = target - int(parts.first[each.target, block])
            weight = float(np.array(weight, made.weight_type))
            found[block][parts.offsets[each.source] + source].append((delay, each.target, each.receptor, local, weight))
    return [[grouped(synapses) for synapses in block] for block in found]


def grouped(synapses):
    groups = groupby(sorted(synapses, key=lambda synapse: synapse[:3]), key=lambda synapse: synapse[:3])
    return [(*key, *(list(column) for column in zip(*(s[3:] for s in mine), strict=True))) for key, mine in groups]


def decoded(rows, weight_type):
    """What lies in memory, in the shape of `expected`."""
    return [[_row(int(n), int(address), np.dtype(weight_type)) for n, address in block] for block in rows]


def _row(n_groups, address, kind):
    groups = []
    for g in range(abs(n_groups)):
        delay = float(_read(address + 24 * g, 1, np.float64)[0])
        offset, packed = _read(address + 24 * g + 8, 2, np.int64).tolist()
        assert offset % 8 == 0
        length, population, receptor = packed & 0xFFFF_FFFF, packed >> 32 & 0xFFFF, packed >> 48
        data = address + offset
        if n_groups < 0:
            targets, weights = _read(data + 8, length, np.uint32), np.repeat(_read(data, 1, kind), length)
        else:
            targets = _read(data, length, np.uint32)
            weights = _read(data + (4 * length + 7) // 8 * 8, length, kind)
        groups.append((delay, population, receptor, targets.tolist(), weights.tolist()))
    return groups


def _read(address, count, dtype):
    return np.frombuffer(ctypes.string_at(address, count * np.dtype(dtype).itemsize), dtype)


def assert_rows(made, n_blocks=2, n_threads=1):
    """Rows, their figures and the edges read back are those of the reference; gives the rows."""
    parts = deal(made, n_blocks)
    rows = build(made, parts, n_threads)
    wanted = expected(made, parts)
    assert decoded(rows.rows, made.weight_type) == wanted
    delays = [group[0] for block in wanted for neuron in block for group in neuron]
    assert rows.shortest == min(delays, default=np.inf) and rows.longest == max(delays, default=0.0)
    n_synapses = sum(len(group[3]) for block in wanted for neuron in block for group in neuron)
    in_rows = row_memory(rows.rows, 0, sum(SIZES), np.dtype(made.weight_type).itemsize)
    assert rows.n_synapses == n_synapses and in_rows == (rows.n_bytes, n_synapses)
    for each in made.projections:
        assert_same_edges(made, each)
    return rows


def assert_same_edges(made, each):
    sizes = SIZES[each.source], SIZES[each.target]
    drawn = [drawing.backend_edges(backend, each, sizes, made.weight_type, 2) for backend in ("reference", "numba")]
    for what, one, other in zip(("source", "target", "weight", "delay"), *drawn, strict=True):
        assert_same_bits(one, other, what)
    assert drawn[0][3].dtype == np.float64


@pytest.mark.parametrize("backend", ["reference", "numba"])
def test_projections_give_their_delays_as_they_are(backend, monkeypatch):
    net = hsnn.Network(dt=0.1, seed=3, backend=backend)
    cells = net.population("cells", 20, hsnn.models.lif_delta())
    made = net.connect(cells[::-1], cells, hsnn.connect.fixed_total(90), weight=1.0, delay=hsnn.random.uniform(0.0, 2.0))
    each = replace(projection_plan(net, made), delay=LAWS["lognormal"], exact=True)
    monkeypatch.setattr(drawing, "projection_plan", lambda network, projection: each)
    sources, targets, _, delays = expand(each, (20, 20))
    order = np.lexsort((delays, sources))
    assert_same_bits(made.get("delay"), delays[order], "delay")
    assert_same_bits(made.edges().delays, delays[order], "delay")
    assert np.array_equal(made.to_scipy().coords, (sources[order], targets[order]))
    assert made.n_synapses == 90 and made.delay_rounding == DelayRounding(0, 0.0)


@pytest.mark.parametrize("weight, delay", SEVERAL)
@pytest.mark.parametrize("views", [False, True], ids=["whole", "views"])
@pytest.mark.parametrize("rule", RULES)
def test_every_rule(rule, views, weight, delay):
    if RULES[rule].kind == "bernoulli" and weight.startswith("array"):
        weight = delay = "exponential"  # how many synapses there are is drawn
    assert_rows(program(plan(RULES[rule], weight, delay, views=views)), n_blocks=3)


@pytest.mark.parametrize("weight_type", ["float64", "float32"])
@pytest.mark.parametrize("n_blocks", [1, 2, 3])
@pytest.mark.parametrize("law", [*LAWS, "array"])
def test_groups_of_several_populations_and_receptors(law, n_blocks, weight_type):
    """Projections are declared in another order than that of their groups; some delays are equal."""
    total = RULES["fixed_total"]
    plans = (
        plan(total, "constant", law, (0, 2), receptor=1, key=1),
        plan(total, "constant", "constant", (0, 2), receptor=0, key=2),
        plan(total, "constant", law, (0, 0), receptor=2, views=True, key=3),
        plan(RULES["all_to_all"], "constant", "constant", (0, 1), key=4),
        plan(total, "constant", "constant", (0, 2), receptor=0, key=5),
        plan(total, "constant", law, (1, 2), key=6),
        plan(total, "normal", "constant", (1, 0), key=8),
    )
    rows = assert_rows(program(*plans, weight_type=weight_type), n_blocks, n_threads=2)
    assert (rows.rows[:, :30, 0] < 0).any() and (rows.rows[:, :30, 0] <= 0).all()  # one weight for all
    assert (rows.rows[:, 30:, 0] >= 0).all() and not rows.rows[:, 47:, 0].any()


def test_constant_delays_that_do_not_ascend_in_order_of_declaration():
    delays = 2.0, -0.0, 1.0, 0.0, 2.0
    plans = [
        replace(plan(RULES["fixed_total"], "uniform", "constant", (0, k % 2), key=k), delay=ValuePlan("constant", delay))
        for k, delay in enumerate(delays)
    ]
    rows = assert_rows(program(*plans))
    assert rows.shortest == 0.0
    address = int(rows.rows[0, np.flatnonzero(rows.rows[0, :, 0])[0], 1])
    assert not np.signbit(_read(address, 1, np.float64)[0])


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_any_network(data):
    names = st.sampled_from([name for name in RULES if name not in ("one_to_one", "csr", "from_edges")])
    laws, populations = st.sampled_from(list(LAWS)), st.integers(0, 2)
    plans = [
        plan(
            replace(RULES[data.draw(names)], multapses=True), data.draw(laws), data.draw(laws),
            (data.draw(populations), data.draw(populations)), data.draw(st.integers(0, 2)), data.draw(st.booleans()), key,
        )
        for key in range(data.draw(st.integers(0, 5)))
    ]  # fmt: skip
    weight_type = data.draw(st.sampled_from(["float64", "float32"]))
    assert_rows(program(*plans, weight_type=weight_type), data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3)))


def some_network(weight="constant", weight_type="float64", delay="clipped"):
    return program(
        plan(RULES["bernoulli"], weight, delay, (0, 2), 1, views=True, key=1),
        plan(RULES["fixed_indegree"], "constant", "constant", (0, 0), key=2),
        plan(RULES["fixed_outdegree"], "uniform", "uniform", (1, 0), key=3),
        weight_type=weight_type,
    )


def in_order(made, number):
    """Weights, one a synapse, in the order of its edges."""
    each = made.projections[number]
    n = len(expand(each, (SIZES[each.source], SIZES[each.target]))[0])
    return ValuePlan("ordered", values=np.random.default_rng(number).normal(size=n))


def with_weight(made, number, weight):
    plans = list(made.projections)
    plans[number] = replace(plans[number], weight=weight)
    return replace(made, projections=tuple(plans))


@pytest.mark.parametrize("delay", [*LAWS, "uniform"])
def test_weights_in_the_order_of_edges(delay):
    made = some_network(delay=delay)
    assert_rows(with_weight(made, 0, in_order(made, 0)))


def test_ordered_weights_of_parallel_synapses_with_equal_delays():
    made = program(plan(RULES["from_edges"], "constant", "array"))
    assert_rows(with_weight(made, 0, in_order(made, 0)))


@pytest.mark.parametrize("weight_type", ["float64", "float32"])
@pytest.mark.parametrize("before", ["constant", "uniform"])
def test_new_weights_in_rows_that_run(before, weight_type):
    made = some_network(before, weight_type)
    parts = deal(made, 3)
    rows, shared = build(made, parts, 2), before == "constant"
    untouched = rows.rows[:, 30:].copy()
    for number, weight in (
        (0, LAWS["constant"]), (0, in_order(made, 0)), (1, ValuePlan("constant", 5.0)), (0, LAWS["lognormal"]),
        (0, ValuePlan("constant", 5.0)), (1, ValuePlan("constant", -1.0)),
    ):  # fmt: skip
        lay = rows.rows.copy()
        made = with_weight(made, number, weight)
        moved = reweight(rows, made.projections[number], number, weight, 2)
        assert moved == (shared and weight is not LAWS["constant"])
        assert np.array_equal(lay, rows.rows) == (not moved)
        shared = shared and not moved
        assert decoded(rows.rows, weight_type) == expected(made, parts)
    assert np.array_equal(untouched, rows.rows[:, 30:])


def test_one_weight_for_all_stays_in_place():
    made = program(plan(RULES["all_to_all"], "constant", "constant"))
    parts = deal(made, 2)
    rows = build(made, parts, 1)
    made, lay = with_weight(made, 0, ValuePlan("constant", -2.0)), rows.rows.copy()
    assert not reweight(rows, made.projections[0], 0, made.projections[0].weight, 1)
    assert np.array_equal(lay, rows.rows)
    assert decoded(rows.rows, "float64") == expected(made, parts)


def test_rows_of_several_segments(monkeypatch):
    monkeypatch.setattr("hsnn_event.backends.numba.segments.SEGMENT_BYTES", 800)
    rows = assert_rows(some_network(), n_threads=3)
    assert len(rows.segments.arrays) > 3


def test_nothing_at_all():
    made = replace(program(), populations=())
    rows = build(made, deal(made, 2), 2)
    assert rows.n_synapses == rows.n_bytes == 0 and rows.shortest == np.inf


@settings(deadline=None, max_examples=60)
@given(sizes=st.lists(st.integers(1, 90_000), min_size=1, max_size=5), n_blocks=st.integers(1, 70))
def test_every_neuron_lies_in_one_block(sizes, n_blocks):
    populations = tuple(PopulationPlan("p", size, 0, {}, {}, {}) for size in sizes)
    parts = deal(replace(program(), populations=populations), n_blocks)
    assert parts.n_blocks == min(n_blocks, MOST_BLOCKS)
    assert parts.offsets.tolist() == [0, *np.cumsum(sizes).tolist()]
    for p, size in enumerate(sizes):
        assert parts.length[p].sum() == size and not (parts.length[p, :-1] % 8)[parts.length[p, 1:] > 0].any()
        found = parts.target_map(p, 0, None)
        block, local = found >> 26, found & 0x3FF_FFFF
        assert np.array_equal(parts.first[p, block] + local, np.arange(size)) and (local < parts.length[p, block]).all()


def test_too_large_a_slice_is_refused():
    large = PopulationPlan("p", (1 << 26) + 1, 0, {}, {}, {})
    with pytest.raises(BackendError, match="more than 67108864; give more threads"):
        deal(replace(program(), populations=(large,)), 1)
