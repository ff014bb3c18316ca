"""Circuits from tables equal those of single calls; what is wrong in a table names row, column and value."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hsnn_event as hsnn
from hsnn_event import errors

C = hsnn.connect
POPULATIONS = [
    {"name": "E", "size": 40, "model": "lif_exp", "I_e": 600.0},
    {"name": "I", "size": 10, "model": hsnn.models.lif_cond_exp(), "v": hsnn.random.uniform(-60.0, -55.0)},
]
CONNECTIONS = [
    {"source": "E", "target": "E", "rule": "bernoulli", "p": 0.1, "weight": 20.0, "delay": 1.5, "autapses": False},
    {"source": "E", "target": "I", "indegree": 5, "weight": 2.0, "weight_sd": 0.5, "weight_low": 0.0, "delay": 1.0,
     "receptor": "exc"},
    {"source": "I", "target": "E", "rule": "fixed_outdegree", "k": 4, "weight": -60.0, "delay": 2.0, "delay_sd": 1.0,
     "delay_low": 0.1, "delay_high": 5.0, "name": "inhibition"},
    {"source": "I", "target": "I", "n": 20, "weight": 1.0, "delay": 1.0, "receptor": "inh"},
    {"source": "E", "target": "E", "rule": "small_world", "k": 4, "p": 0.2, "weight": 5.0, "delay": 1.0},
]  # fmt: skip


def circuit():
    net = hsnn.Network(seed=4)
    net.population_table(POPULATIONS)
    return net


def by_calls():
    net = hsnn.Network(seed=4)
    exc = net.population("E", 40, hsnn.models.lif_exp())
    inh = net.population("I", 10, hsnn.models.lif_cond_exp())
    exc.set(I_e=600.0)
    inh.set(v=hsnn.random.uniform(-60.0, -55.0))
    net.connect(exc, exc, C.bernoulli(0.1, autapses=False), weight=20.0, delay=1.5)
    law = hsnn.random.normal(2.0, 0.5, low=0.0)
    net.connect(exc, inh, C.fixed_indegree(5), weight=law, delay=1.0, receptor="exc")
    law = hsnn.random.normal(2.0, 1.0, low=0.1, high=5.0)
    net.connect(inh, exc, C.fixed_outdegree(4), weight=-60.0, delay=law, name="inhibition")
    net.connect(inh, inh, C.fixed_total(20), weight=1.0, delay=1.0, receptor="inh")
    net.connect(exc, exc, C.small_world(4, 0.2), weight=5.0, delay=1.0)
    return net


def columns_of(rows):
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {name: [row.get(name) for row in rows] for name in names}


def frame_of(rows):
    return pytest.importorskip("pandas").DataFrame(rows)


def csv_of(rows, folder):
    table = columns_of(rows)
    cells = [["" if cell is None else str(cell) for cell in column] for column in table.values()]
    lines = [",".join(row) for row in (table, *zip(*cells, strict=True))]
    path = folder / "table.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def same(one, other):
    assert list(one.populations) == list(other.populations) and list(one.projections) == list(other.projections)
    for name, projection in one.projections.items():
        for mine, its in zip(projection.edges(), other.projections[name].edges(), strict=True):
            assert np.array_equal(mine, its), name
    for name, population in one.populations.items():
        for variable in ("v", "I_e"):
            assert np.array_equal(population.get(variable), other[name].get(variable))


@pytest.mark.parametrize("form", ["rows", "columns", "frame", "csv"])
def test_a_table_is_the_calls_of_its_rows(form, tmp_path):
    net = circuit()
    table = {"rows": lambda: CONNECTIONS, "columns": lambda: columns_of(CONNECTIONS), "frame": lambda: frame_of(CONNECTIONS),
             "csv": lambda: csv_of(CONNECTIONS, tmp_path)}[form]()  # fmt: skip
    made = net.connect_table(table)
    assert [each.name for each in made] == list(net.projections)
    same(net, by_calls())


def test_populations_come_from_frames_and_files_too(tmp_path):
    rows = [{"name": "a", "size": 3, "model": "lif_exp", "tau_m": 12.5}, {"name": "b", "size": 2, "model": "izhikevich"}]
    for table in (rows, columns_of(rows), frame_of(rows), csv_of(rows, tmp_path), str(csv_of(rows, tmp_path))):
        net = hsnn.Network()
        a, b = net.population_table(table)
        assert (a.size, b.size, b.model.name) == (3, 2, hsnn.models.izhikevich().name)
        assert a.get("tau_m").tolist() == [12.5] * 3


def test_keywords_are_the_cells_of_all_rows_without_one():
    net = circuit()
    rows = [{"source": "E", "target": "E"}, {"source": "E", "target": "I", "weight": 3.0, "receptor": "exc"}]
    first, second = net.connect_table(rows, p=0.2, weight=7.0, delay=1.0)
    assert set(first.get("weight")) == {7.0} and set(second.get("weight")) == {3.0}


def test_ports_views_groups_and_rules_may_stand_in_cells():
    net = circuit()
    net.port("out", net["E"][:5] + net["I"])
    law = hsnn.random.uniform(1.0, 2.0)
    made = net.connect_table(
        [
            {"source": "out", "target": net["E"][3:6], "rule": C.all_to_all(), "weight": 1.0, "delay": law},
            {"source": net["E"][:2], "target": net["E"], "rule": C.from_edges([0, 1], [5, 6]), "weight": [1.0, 2.0]},
        ],
        delay=1.0,
    )
    assert [(each.source.size, each.target.size) for each in made] == [(5, 3), (10, 3), (2, 40)]
    assert made[2].get("weight").tolist() == [1.0, 2.0]


GOOD = {"source": "E", "target": "E", "p": 0.1, "weight": 1.0, "delay": 1.0}


@pytest.mark.parametrize(
    "cells, column, kind, words",
    [
        ({"source": "X"}, "source", errors.UnknownNameError, "population or port 'X' is unknown"),
        ({"target": 3}, "target", errors.ArgumentTypeError, "population, view or group"),
        ({"target": None}, "target", errors.DeclarationError, "nothing in column 'target'"),
        ({"p": 1.5}, "p", errors.ValueRangeError, "must be between 0 and 1"),
        ({"p": None}, "rule", errors.DeclarationError, "nothing in column 'rule'"),
        ({"p": None, "indegree": -2}, "indegree", errors.ValueRangeError, "-2"),
        ({"rule": "bernouli"}, "rule", errors.UnknownNameError, "Did you mean 'bernoulli'"),
        ({"rule": "fixed_indegree"}, "p", errors.UnknownNameError, "argument 'p' is unknown"),
        ({"rule": "fixed_indegree", "p": None}, "k", errors.DeclarationError, "nothing in column 'k'"),
        ({"rule": 7}, "p", errors.DeclarationError, "has its arguments already"),
        ({"rule": 7, "p": None}, "rule", errors.ArgumentTypeError, "give a rule of hsnn.connect"),
        ({"wieght": 1.0}, "wieght", errors.UnknownNameError, "Did you mean 'weight'"),
        ({"weight": "strong"}, "weight", errors.ArgumentTypeError, "strong"),
        ({"weight": None}, "weight", errors.DeclarationError, "brings no weight"),
        ({"weight_sd": -1.0}, "weight_sd", errors.ValueRangeError, "-1"),
        ({"weight": None, "weight_sd": 1.0}, "weight", errors.DeclarationError, "the mean"),
        ({"weight": [1.0], "weight_sd": 1.0}, "weight", errors.ArgumentTypeError, "one number"),
        ({"weight_low": 1.0}, "weight_low", errors.DeclarationError, "weight_sd is given"),
        ({"delay": 0.15}, "delay", errors.GridError, "0.15"),
        ({"delay": -1.0}, "delay", errors.ValueRangeError, "negative"),
        ({"receptor": "ampa"}, "receptor", errors.UnknownNameError, "ampa"),
        ({"autapses": "maybe"}, "autapses", errors.ArgumentTypeError, "maybe"),
        ({"name": "first"}, "name", errors.DeclarationError, "exists already"),
        ({"round_delays": 2}, "round_delays", errors.ArgumentTypeError, "True or False"),
    ],
)
def test_what_is_wrong_in_a_row_names_row_column_and_value(cells, column, kind, words):
    net = circuit()
    row = {**GOOD, **cells}
    with pytest.raises(kind, match=words) as caught:
        net.connect_table([{**GOOD, "name": "first"}, GOOD, row])
    assert "row 2" in str(caught.value) and repr(column) in str(caught.value)
    assert (caught.value.row, caught.value.column) == (2, column)
    assert len(net.projections) == 0


@pytest.mark.parametrize(
    "cells, column, kind",
    [
        ({"name": None}, "name", errors.DeclarationError),
        ({"name": "two words"}, "name", errors.DeclarationError),
        ({"name": "E"}, "name", errors.DeclarationError),
        ({"size": 0}, "size", errors.ValueRangeError),
        ({"size": "many"}, "size", errors.ArgumentTypeError),
        ({"model": "lif_exq"}, "model", errors.UnknownNameError),
        ({"model": 5}, "model", errors.ArgumentTypeError),
        ({"tau": 5.0}, "tau", errors.UnknownNameError),
        ({"tau_m": "long"}, "tau_m", errors.ArgumentTypeError),
        ({"method": "euler"}, "method", errors.UnknownNameError),
        ({"schedule": "late"}, "schedule", errors.UnknownNameError),
        ({"labels": ["a"]}, "labels", errors.ShapeError),
    ],
)
def test_a_wrong_population_names_row_column_and_value(cells, column, kind):
    net = hsnn.Network()
    with pytest.raises(kind) as caught:
        net.population_table([POPULATIONS[0], {"name": "J", "size": 2, "model": "lif_exp", **cells}])
    assert "row 1" in str(caught.value) and (caught.value.row, caught.value.column) == (1, column)
    assert len(net.populations) == 0


def test_a_table_that_fails_late_leaves_labels_and_values_as_they_were():
    networkx = pytest.importorskip("networkx")
    net = hsnn.Network()
    cells = net.population("cells", 2, hsnn.models.lif_exp())
    graph = networkx.DiGraph([("a", "b", {"w": 1.0, "d": 1.0})])
    rows = [{"source": cells, "target": cells, "rule": C.from_networkx(graph)}, {"source": "nowhere", "target": "cells"}]
    with pytest.raises(errors.UnknownNameError, match="row 1"):
        net.connect_table(rows)
    assert cells.labels == (0, 1) and len(net.projections) == 0
    net.connect_table(rows[:1])
    assert cells.labels == ("a", "b")


@pytest.mark.parametrize(
    "table, kind, words",
    [
        (5, errors.ArgumentTypeError, "the table must be a list of dicts"),
        ([5], errors.ArgumentTypeError, "row 0 is 5"),
        ([{1: 2}], errors.ArgumentTypeError, "column is named by a text"),
        ({"source": "E"}, errors.ArgumentTypeError, "column 'source' is a list of cells"),
        ({"source": ["E"], "target": ["E", "I"]}, errors.ShapeError, "columns differ in length: 'source' 1, 'target' 2"),
        ("nowhere.csv", errors.FileAccessError, "cannot be read"),
    ],
)
def test_what_is_no_table_is_refused(table, kind, words):
    with pytest.raises(kind, match=words):
        circuit().connect_table(table)


def test_broken_files_are_refused(tmp_path):
    path, net = tmp_path / "t.csv", circuit()
    for text, words in (("a,a\n1,2\n", "name each column once"), ("source,target\nE\n", "1 cells for 2 columns"),
                        ("source,target\nE,I,E\n", "3 cells for 2 columns"), ('source\n"E\n', "no CSV")):  # fmt: skip
        path.write_text(text)
        with pytest.raises(errors.FileFormatError, match=words):
            net.connect_table(path)
    path.write_bytes(b"source\n\xff\xfe\n")
    with pytest.raises(errors.FileAccessError):
        net.connect_table(path)
    path.write_text("source,target,p,weight,delay\nE,E,0.1,1,1\nE,Q,0.1,1,1\n")
    with pytest.raises(errors.UnknownNameError, match=r"row 1 \(line 3\)"):
        net.connect_table(path)


ROW = st.fixed_dictionaries(
    {
        "source": st.sampled_from("EI"),
        "target": st.just("E"),
        "weight": st.floats(-50.0, 50.0),
        "delay": st.integers(1, 50).map(lambda steps: steps / 10),
    }
)
RULES = st.one_of(
    st.fixed_dictionaries({"p": st.floats(0.0, 1.0)}),
    st.fixed_dictionaries({"n": st.integers(0, 60)}),
    st.fixed_dictionaries({"indegree": st.integers(0, 8)}),
    st.fixed_dictionaries({"rule": st.just("fixed_outdegree"), "k": st.integers(0, 8), "multapses": st.booleans()}),
)
NAMED = {"p": C.bernoulli, "n": C.fixed_total, "indegree": C.fixed_indegree, "k": C.fixed_outdegree}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(ROW, RULES).map(lambda pair: {**pair[0], **pair[1]}), max_size=6), st.sampled_from("rcf"))
def test_any_table_is_the_calls_of_its_rows(rows, form):
    net, other = circuit(), circuit()
    net.connect_table({"r": lambda: rows, "c": lambda: columns_of(rows), "f": lambda: frame_of(rows)}[form]())
    for row in rows:
        argument = next(name for name in NAMED if name in row)
        extra = {"multapses": row["multapses"]} if "multapses" in row else {}
        rule = NAMED[argument](row[argument], **extra)
        other.connect(other[row["source"]], other["E"], rule, weight=row["weight"], delay=row["delay"])
    same(net, other)
