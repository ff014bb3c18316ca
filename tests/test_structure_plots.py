"""Pictures of structure: what is drawn is what is connected."""

import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.patches import FancyArrowPatch

import hsnn_event as hsnn
from hsnn_event.analysis import circuit, plots, sheets, structure
from hsnn_event.errors import ArgumentTypeError, FileAccessError, MissingExtraError, ShapeError, ValueRangeError


@pytest.fixture(autouse=True)
def without_a_window():
    matplotlib.use("Agg")
    yield
    matplotlib.pyplot.close("all")


def connected(n=12, **keywords):
    net = hsnn.Network(dt=0.1, seed=1)
    cells = net.population("cells", n, hsnn.models.lif_exp())
    given = {"weight": hsnn.random.normal(0.0, 50.0), "delay": hsnn.random.uniform(1.0, 4.0), **keywords}
    return net, net.connect(cells, cells, hsnn.connect.fixed_outdegree(3), **given)


def arrows(axes):
    return [each for each in axes.patches if isinstance(each, FancyArrowPatch)]


def test_a_small_matrix_shows_the_weight_of_each_pair():
    _, projection = connected()
    axes, edges = projection.plot(), projection.edges()
    image = axes.images[0].get_array()
    expected = np.zeros((12, 12))
    np.add.at(expected, (edges.sources, edges.targets), edges.weights)
    assert np.allclose(image.filled(0.0), expected)
    assert np.array_equal(~image.mask, expected != 0)
    low, high = axes.images[0].get_clim()
    assert low == -high < 0  # white is 0
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("neuron of cells", "neuron of cells")


def test_a_large_matrix_is_counted_in_squares():
    sources, targets = np.arange(1_000_000), np.arange(1_000_000) * 7 % 500
    axes = structure.matrix((sources, targets), np.ones(1_000_000), (1_000_000, 500), plots.figure().subplots())
    image = axes.images[0].get_array()
    assert image.shape == (structure.MOST_CELLS, structure.MOST_CELLS) and image.sum() == 1_000_000


def test_degrees_are_counted():
    _, projection = connected()
    axes, edges = projection.plot("degrees"), projection.edges()
    out, into = (each.get_data() for each in axes.patches)
    for drawn, ends in ((out, edges.sources), (into, edges.targets)):
        expected, _ = np.histogram(np.bincount(ends, minlength=12), drawn.edges)
        assert np.array_equal(drawn.values, expected) and expected.sum() == 12
    assert [each.get_text() for each in axes.get_legend().get_texts()] == ["out-degree", "in-degree"]


@pytest.mark.parametrize(("kind", "label"), [("weights", "weight (pA)"), ("delays", "delay (ms)")])
def test_histograms_count_every_synapse(kind, label):
    _, projection = connected()
    axes = projection.plot(kind)
    assert axes.patches[0].get_data().values.sum() == 36 and axes.get_xlabel() == label
    one = connected(weight=2.0, delay=1.5)[1].plot(kind)
    assert one.patches[0].get_data().values.tolist() == [36]


def test_a_graph_has_an_arrow_a_synapse_whose_look_is_its_weight_and_delay():
    _, projection = connected()
    axes, edges = projection.plot("graph"), projection.edges()
    drawn = arrows(axes)
    assert len(drawn) == 36 and len(axes.collections[0].get_offsets()) == 12
    widths, alphas = np.array([each.get_linewidth() for each in drawn]), np.array([each.get_alpha() for each in drawn])
    assert np.array_equal(np.argsort(widths, kind="stable"), np.argsort(np.abs(edges.weights), kind="stable"))
    assert np.array_equal(np.argsort(-alphas, kind="stable"), np.argsort(edges.delays, kind="stable"))
    dashed = [each.get_linestyle() == "--" for each in drawn]
    assert dashed == (edges.weights < 0).tolist()
    assert "delays" in axes.get_title()


def test_a_graph_in_space_lies_where_its_neurons_do():
    net = hsnn.Network(dt=0.1, seed=1)
    sheet = net.population("sheet", hsnn.lattice((3, 4), spacing=0.1), hsnn.models.lif_exp())
    axes = net.connect(sheet, sheet, hsnn.connect.radius(0.11), weight=1.0, delay=1.0).plot("graph")
    assert np.allclose(axes.collections[0].get_offsets(), sheet.positions)
    assert axes.get_xlabel() == "x (mm)"


def test_what_cannot_be_seen_is_refused():
    _, projection = connected(600)
    with pytest.raises(ValueRangeError, match=r"600 neurons .* kind='matrix'"):
        projection.plot("graph")
    with pytest.raises(ArgumentTypeError, match="kind is one of matrix, graph"):
        projection.plot("pie")
    with pytest.raises(ArgumentTypeError, match="ax must be axes"):
        projection.plot("matrix", 5)
    with pytest.raises(ArgumentTypeError, match="ax must be axes"):
        connected()[0].plot("here")


def circuit_network():
    net = hsnn.Network(dt=0.1, seed=1)
    inputs = net.population("inputs", 9, hsnn.models.poisson(20.0))
    exc, inh = (net.population(name, n, hsnn.models.lif_exp()) for name, n in (("exc", 80), ("inh", 20)))
    net.connect(inputs, exc, hsnn.connect.all_to_all(), weight=hsnn.random.normal(5.0, 1.0), delay=1.0)
    net.connect(inh, exc + inh, hsnn.connect.bernoulli(0.5), weight=-5.0, delay=1.0)
    graph = hsnn.Hypergraph.from_lists([((0, 1), (0,))], weight=1.0, delay=1.0)
    net.connect_hyper(inputs, inh, graph, rule=hsnn.hyper.all_of(3.0), name="pairs")
    net.couple(inh, inh, hsnn.connect.from_edges([0], [1]))
    net.drive(exc, hsnn.stimuli.poisson(100.0), weight=1.0)
    return net


def test_a_circuit_shows_every_population_and_connection_once():
    axes = circuit_network().plot()
    texts = [each.get_text() for each in axes.texts]
    for name in ("inputs\n9 poisson", "exc\n80 lif_exp", "inh\n20 lif_exp", "pairs\n1 hyperedges", "poisson"):
        assert name in texts
    assert any("-5" in text and "bernoulli" in text for text in texts)
    kinds = [(each.get_edgecolor()[:3], each.get_linestyle()) for each in arrows(axes)]
    known = {name: (matplotlib.colors.to_rgb(color), dashes) for name, (color, dashes, _) in circuit.KINDS.items()}
    counts = {name: kinds.count(key) for name, key in known.items()}
    assert {name: counts[name] for name in ("excitatory", "inhibitory", "coupling", "evidence")} == {
        "excitatory": 2, "inhibitory": 2, "coupling": 1, "evidence": 1
    }
    legend = [each.get_text() for each in axes.get_legend().get_texts()]
    assert legend == ["excitatory  (arrow)", "inhibitory  (bar)", "gap junctions", "evidence of hyperedges", "from outside"]


def test_the_microcircuit_is_one_picture():
    net = hsnn.networks.microcircuit(scale=0.02)
    axes = net.plot()
    assert len(arrows(axes)) == len(net.projections)
    red = matplotlib.colors.to_rgb(plots.INHIBITORY)
    bars = sum(each.get_edgecolor()[:3] == red for each in arrows(axes))
    assert bars == sum(each.source.name.endswith("I") for each in net.projections.values())


def sheet(n_steps=20):
    net = hsnn.Network(dt=0.1, seed=1)
    cells = net.population("sheet", hsnn.lattice((3, 4), spacing=0.1), hsnn.models.lif_exp(I_e=500.0))
    cells.set(v=hsnn.random.uniform(-70.0, -55.0))
    net.record(cells, "spikes")
    net.record(cells, "v", every=1.0)
    return net.run(n_steps)


def test_images_show_the_lattice_at_even_times():
    result = sheet()
    v = result.states["sheet"]["v"]
    figure = v.images(4)
    shown = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title() for axes in shown] == ["1 ms", "7 ms", "14 ms", "20 ms"]
    assert np.array_equal(shown[1].images[0].get_array(), v.grid()[6])
    assert len({axes.images[0].get_clim() for axes in shown}) == 1
    figure = result.spikes["sheet"].images(5.0, n=10)
    shown = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title() for axes in shown] == ["5 ms", "10 ms", "15 ms", "20 ms"]
    assert np.array_equal(shown[3].images[0].get_array(), result.spikes["sheet"].grid(5.0, rates=True)[3])


def test_moving_pictures_are_files_with_every_frame(tmp_path):
    from PIL import Image

    result = sheet()
    result.spikes["sheet"].animate(2.0, tmp_path / "rates.gif")
    result.states["sheet"]["v"].animate(str(tmp_path / "v.gif"), fps=30)
    frames = [Image.open(tmp_path / name).n_frames for name in ("rates.gif", "v.gif")]
    assert frames == [10, 20]
    for path, words in (("v.png", "neither .gif nor .mp4"), ("nowhere/v.gif", "cannot be written")):
        with pytest.raises(FileAccessError, match=words):
            result.states["sheet"]["v"].animate(tmp_path / path)


def test_what_is_no_sheet_is_refused():
    net = hsnn.Network(dt=0.1)
    cube = net.population("cube", hsnn.lattice((2, 2, 2), spacing=0.1), hsnn.models.lif_exp())
    line = net.population("line", hsnn.lattice((5,), spacing=0.1), hsnn.models.lif_exp())
    plain = net.population("plain", 4, hsnn.models.lif_exp())
    for population in (cube, line, plain):
        net.record(population, "v", every=1.0)
    states = net.run(3.0).states
    with pytest.raises(ShapeError, match="3 dimensions is no sheet"):
        states["cube"]["v"].images()
    with pytest.raises(ShapeError, match="lattice"):
        states["plain"]["v"].animate()
    assert states["line"]["v"].images(2).axes[0].images[0].get_array().shape == (1, 5)
    for n in (0, 100, True, "many"):
        with pytest.raises(ValueRangeError, match="n is"):
            states["line"]["v"].images(n)
    with pytest.raises(ValueRangeError, match="fps is"):
        states["line"]["v"].animate(fps=0)
    with pytest.raises(ArgumentTypeError, match="path is"):
        states["line"]["v"].animate(5)
    with pytest.raises(ValueRangeError, match="nothing to show"):
        sheets.images(np.full((2, 3, 3), np.nan), np.arange(2.0), "v")


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    net, projection = connected()
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for call in (net.plot, projection.plot):
        with pytest.raises(MissingExtraError, match="plot"):
            call()
