"""Results in the shape of the lattice, from memory and from files; only those of a whole lattice."""

import numpy as np
import pytest

import hsnn_event as hsnn
from hsnn_event.errors import ShapeError, ValueRangeError

CELL = hsnn.models.lif_exp(I_e=600.0)


def run(shape=None, to=None, halves=False, backend="numba"):
    net = hsnn.Network(dt=0.1, seed=1, backend=backend)
    cells = net.population("sheet", hsnn.lattice((3, 4), 0.1) if shape is None else shape, CELL)
    cells.set(v=np.linspace(-70.0, -52.0, cells.size))
    for name, part in (("a", cells[:5]), ("b", cells)) if halves else (("all", cells),):
        net.record(part, "spikes", to=to, name=f"{name} spikes")
        net.record(part, "v", every=1.0, to=to, name=f"{name} v")
    return net.run(50.0)


@pytest.mark.parametrize("backend", ["numba", "reference"])
@pytest.mark.parametrize("streamed", [False, True], ids=["memory", "file"])
def test_states_and_spikes_take_the_shape_of_the_lattice(streamed, backend, tmp_path):
    result = run(to=tmp_path / "run.h5" if streamed else None, backend=backend)
    results = [result]
    if streamed:
        results.append(hsnn.open_recording(tmp_path / "run.h5"))
    else:
        result.save(tmp_path / "result.h5")
        results.append(hsnn.Result.load(tmp_path / "result.h5"))
    for each in results:
        samples, spikes = each["all v"]["v"], each.spikes["sheet"]
        assert samples.grid().shape == (50, 3, 4)
        assert np.array_equal(samples.grid()[:, 1, 2], samples.values[:, 6])
        counts = spikes.grid(bin=10.0)
        assert counts.shape == (5, 3, 4) and counts.sum() == len(spikes) > 20
        assert np.array_equal(counts[:, 2, 1], spikes[[9]].counts(10.0))
        assert np.array_equal(spikes.grid(bin=10.0, rates=True), counts * 100.0)
        part = spikes.window(10.0, 30.0)
        assert np.array_equal(part.grid(bin=10.0), counts[1:3])


def test_lattices_of_one_and_three_dimensions():
    assert run(hsnn.lattice(12)).spikes["sheet"].grid(25.0).shape == (2, 12)
    assert run(hsnn.lattice((2, 3, 2)))["all v"]["v"].grid().shape == (50, 2, 3, 2)
    assert run(hsnn.space.hexagonal((3, 4)))["all v"]["v"].grid().shape == (50, 3, 4)


def test_joined_results_and_records_keep_the_lattice():
    net = hsnn.Network(dt=0.1, seed=1)
    cells = net.population("sheet", hsnn.lattice((3, 4)), CELL)
    net.record(cells, "spikes")
    trace = net.record(cells, "v", every=1.0)
    joined = hsnn.concatenate([net.run(20.0), net.run(30.0)])
    assert joined.spikes["sheet"].grid(10.0).shape == (5, 3, 4) and joined[trace]["v"].grid().shape == (50, 3, 4)
    assert run(halves=True).spikes["sheet"].grid(10.0).shape == (5, 3, 4)


def test_what_is_no_whole_lattice_is_refused():
    parts = run(halves=True)
    for data in (parts["a spikes"], parts["b spikes"][[0, 1]], run(12).spikes["sheet"],
                 run(hsnn.space.random(12, 1.0)).spikes["sheet"]):  # fmt: skip
        with pytest.raises(ShapeError, match=r"spikes.grid: these are .* neurons in no lattice, or not all of one"):
            data.grid(10.0)
    with pytest.raises(ShapeError, match=r"samples.grid: these are 5 neurons"):
        parts["a v"]["v"].grid()
    with pytest.raises(ValueRangeError, match="bin"):
        parts["b spikes"].grid(0.0)
    with pytest.raises(ShapeError, match=r"grid_shape is .*, which are not 3 neurons"):
        hsnn.SpikeData([], [], 3, 0.0, 1.0, grid_shape=(2, 2))
