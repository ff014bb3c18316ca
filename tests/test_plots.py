"""Pictures: every function draws into what it is given and returns it; colour never speaks alone."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from hsnn_event.analysis import plots
from hsnn_event.errors import MissingExtraError, NotRecordedError
from hsnn_event.recording import SpikeData, StateData


@pytest.fixture(autouse=True)
def without_a_window():
    import matplotlib

    matplotlib.use("Agg")
    yield
    matplotlib.pyplot.close("all")


def poisson(n_neurons: int, rate: float, seed: int, duration: float = 1000.0) -> SpikeData:
    rng = np.random.default_rng(seed)
    n = rng.poisson(n_neurons * rate * duration / 1000.0)
    return SpikeData(rng.uniform(1e-9, duration, n), rng.integers(0, n_neurons, n), n_neurons, 0.0, duration)


def test_a_raster_goes_into_the_axes_it_is_given():
    axes = plots.figure().subplots()
    spikes = poisson(50, 10.0, 1)
    assert spikes.raster(axes) is axes
    (dots,) = axes.lines
    assert dots.get_rasterized()
    assert np.array_equal(dots.get_xdata(), spikes.times)
    assert np.array_equal(dots.get_ydata(), spikes.ids)


def test_a_raster_without_axes_has_the_histogram_below():
    axes = poisson(50, 10.0, 1).raster()
    above, below = axes.figure.axes
    assert axes is above
    assert below.get_position().y1 <= above.get_position().y0
    assert below.get_ylabel() == "rate (Hz)"


def test_the_histogram_shows_the_rate_over_time():
    spikes = poisson(50, 10.0, 1)
    axes = plots.rate_histogram(spikes, bin=100.0)
    values, edges, _ = axes.patches[0].get_data()
    assert np.array_equal(values, spikes.rate(bin=100.0))
    assert np.array_equal(edges, spikes.bin_edges(100.0))


def test_layers_are_stacked_from_the_top_with_bars_beside_them():
    populations = {"L23E": poisson(40, 1.0, 1), "L23I": poisson(10, 4.0, 2), "L6E": poisson(30, 2.0, 3)}
    figure = plots.figure()
    reference = {"L23E": 0.9, "L23I": 3.0, "L6E": 1.1}
    assert plots.layered_raster(populations, figure, reference=reference) is figure
    dots, bars, *_ = figure.axes
    assert [label.get_text() for label in dots.get_yticklabels()] == list(populations)
    assert dots.get_ylim()[0] > dots.get_ylim()[1]  # the first population on top
    assert [bar.get_width() for bar in bars.patches] == [each.rate() for each in populations.values()]
    assert [bool(bar.get_hatch()) for bar in bars.patches] == [False, True, False]
    assert bars.lines[0].get_xdata().tolist() == [0.9, 3.0, 1.1]


def test_a_large_network_shows_the_same_fraction_of_each_population():
    populations = {"A": poisson(30_000, 1.0, 1, 100.0), "B": poisson(10_000, 1.0, 2, 100.0)}
    figure = plots.layered_raster(populations)
    dots = figure.axes[0]
    assert dots.get_ylim()[0] <= plots.MAX_ROWS
    assert dots.get_title(loc="right") == "10% of the neurons"


def test_a_silent_network_has_a_picture():
    silent = SpikeData([], [], 10, 0.0, 100.0)
    plots.layered_raster({"exc": silent, "inh": silent}).canvas.draw()
    silent.raster().figure.canvas.draw()


def samples(n_neurons: int) -> StateData:
    times = np.arange(1, 201) / 2
    return StateData(times, np.arange(n_neurons) * 3, np.sin(times[:, None] / 8 + np.arange(n_neurons)))


def test_traces_of_few_neurons_are_told_apart_by_colour_dashes_and_name():
    axes = plots.figure().subplots()
    data = samples(4)
    assert data.plot(axes, label="v (mV)", names={3: "the second"}) is axes
    assert [line.get_label() for line in axes.lines] == ["neuron 0", "the second", "neuron 6", "neuron 9"]
    assert len({line.get_color() for line in axes.lines}) == 4
    assert axes.get_xlabel() == "time (ms)" and axes.get_ylabel() == "v (mV)"
    assert np.array_equal(axes.lines[2].get_ydata(), data.values[:, 2])
    assert np.array_equal(data.plot(offset=5.0).lines[2].get_ydata(), data.values[:, 2] + 10.0)


def test_traces_of_many_neurons_show_their_mean():
    data = samples(50)
    axes = data.plot()
    assert np.array_equal(axes.lines[-1].get_ydata(), data.values.mean(axis=1))
    assert axes.lines[-1].get_label() == "mean of 50 neurons"


@pytest.mark.parametrize("variable, unit, label", [("v", "mV", "v (mV)"), ("g*(v - E)", "", "g*(v - E)"), ("", "", "")])
def test_traces_are_labelled_with_variable_and_unit(variable, unit, label):
    data = replace(samples(2), variable=variable, unit=unit)
    assert data.plot().get_ylabel() == label and data.plot(label="mine").get_ylabel() == "mine"


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (1, 2), (5, 0)])
def test_no_samples_have_a_picture(shape):
    StateData(np.arange(shape[0]) + 1.0, np.arange(shape[1]), np.zeros(shape)).plot().figure.canvas.draw()


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"hsnn_event\[plot\]"):
        poisson(5, 1.0, 1).raster()


def test_a_layered_picture_of_nothing_is_refused():
    with pytest.raises(NotRecordedError, match='record "spikes"'):
        plots.layered_raster({})


def test_dots_of_many_spikes_are_not_paler():
    sizes = [plots._dots(n, "k")["markersize"] for n in (10, 5_000, 20_000, 10**7)]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] == 3.0 and sizes[-1] == 1.5
