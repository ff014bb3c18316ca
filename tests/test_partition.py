"""How neurons are dealt out to blocks: every one, and every port, exactly once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hsnn_event.backends.numba.partition import MAX_PORTS, partition
from hsnn_event.lowering.ir import Kernel, PopulationPlan, Program, Section

NOTHING = Section((), ())


def program(sizes, receptors):
    """Populations without states; population p has receptors[p] receptors."""
    kernels = tuple(
        Kernel(f"k{p}", (), (), (), tuple(f"r{r}" for r in range(n)), NOTHING, NOTHING, NOTHING)
        for p, n in enumerate(receptors)
    )
    populations = tuple(PopulationPlan(f"p{p}", size, p, {}, {}, {}) for p, size in enumerate(sizes))
    return Program(0.1, populations, kernels, (), ())


def assert_every_neuron_and_port_once(sizes, receptors, n_threads, n_blocks):
    parts = partition(program(sizes, receptors), n_threads, n_blocks)
    assert parts.offsets.tolist() == [0, *np.cumsum(sizes).tolist()]
    assert parts.n_blocks >= (n_blocks or n_threads)
    assert parts.n_ports.max(initial=0) <= MAX_PORTS
    for p, size in enumerate(sizes):  # slices follow each other and end with the population
        assert parts.first[p, 0] == 0 and parts.length[p].sum() == size
        assert np.array_equal(parts.first[p, 1:], np.minimum(parts.first[p] + parts.length[p], size)[:-1])
    ports = [
        parts.target_map(p, receptor, None) for p, n_receptors in enumerate(receptors) for receptor in range(n_receptors)
    ]
    everything = np.concatenate([np.empty(0, np.uint32), *ports])
    block, port = everything >> 16, everything & 0xFFFF
    assert len(np.unique(everything)) == len(everything) == np.dot(sizes, receptors)
    assert (port < parts.n_ports[block]).all()
    return parts


@settings(deadline=None, max_examples=60)
@given(
    populations=st.lists(st.tuples(st.integers(1, 90_000), st.integers(0, 3)), min_size=1, max_size=6),
    n_threads=st.integers(1, 5),
    n_blocks=st.none() | st.integers(1, 20),
)
def test_every_neuron_and_every_port_lies_in_one_block(populations, n_threads, n_blocks):
    sizes, receptors = zip(*populations, strict=True)
    assert_every_neuron_and_port_once(sizes, receptors, n_threads, n_blocks)


@pytest.mark.parametrize("sizes", [(1,), (1, 1, 1), (15, 16, 17), (MAX_PORTS,), (MAX_PORTS + 1,), (5, 500_000, 1)])
@pytest.mark.parametrize("n_threads, n_blocks", [(1, None), (2, None), (3, 16), (4, 1)])
def test_sizes_at_the_edges(sizes, n_threads, n_blocks):
    assert_every_neuron_and_port_once(sizes, (1,) * len(sizes), n_threads, n_blocks)


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_more_ports_than_a_block_holds_make_more_blocks(n_threads):
    parts = assert_every_neuron_and_port_once((70_000,), (2,), n_threads, None)
    assert parts.n_blocks >= 3 and parts.n_blocks % n_threads == 0


def test_the_ports_of_a_view_are_those_of_its_neurons():
    parts = partition(program((1000, 300), (2, 1)), 2, 3)
    ids = np.array([999, 0, 333, 334, 500])
    assert np.array_equal(parts.target_map(0, 1, ids), parts.target_map(0, 1, None)[ids])
