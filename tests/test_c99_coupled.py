"""Stages and couplings as C99: networks stepped by the printed code have the bits of Numba and of the reference."""

import numpy as np
import pytest
from driven_couplings import MIXED, assert_same, names, stepped, text, uniform
from driven_kernels import PRECISIONS
from test_c99 import caller, compiled

from hsnn_event.backends.c99.kernels import coupling_source, source
from hsnn_event.backends.c_family import head
from hsnn_event.backends.numba.engine import NumbaEngine
from hsnn_event.backends.reference import ReferenceEngine

CASES = names()


@pytest.fixture(scope="module", params=PRECISIONS)
def library(request, tmp_path_factory):
    """The functions of all networks of one model."""
    real = request.param
    texts = [text(uniform(*which, real), "_".join(which)) for which in CASES]
    folder = tmp_path_factory.mktemp(real)
    return real, compiled("\n".join([head("c99", real), *texts]), folder, "-O2", "-march=native")


@pytest.mark.parametrize("which", CASES, ids="-".join)
def test_every_model_and_every_method(library, which):
    real, code = library
    program = uniform(*which, real)
    run = stepped(program, lambda name, _: caller(getattr(code, name)), "_".join(which))
    assert np.isfinite(run.states[0]).mean() > 0.3, "a poor test: nearly all steps diverge"
    assert_same(run, program, ReferenceEngine(program))


@pytest.mark.parametrize("name", MIXED)
def test_a_network_of_two_models_has_the_bits_of_numba(name, tmp_path):
    program = MIXED[name]()
    whole = head("c99", program.state_type, program.weight_type) + text(program)
    code = compiled(whole, tmp_path, "-O3", "-march=native")
    run = stepped(program, lambda name, _: caller(getattr(code, name)))
    assert all(fired.any() for fired in run.fired)
    assert_same(run, program, NumbaEngine(program))


def test_sources_stand_for_themselves(tmp_path):
    program = MIXED["small weights"]()
    code = compiled(source(program.kernels[0], "float64", frozenset()), tmp_path)
    assert all(hasattr(code, f"advance{each}") for each in ("", "_stage0", "_publish"))
    for k, plan in enumerate(program.couplings):
        (tmp_path / str(k)).mkdir()
        assert compiled(coupling_source(plan, "float64", "float32"), tmp_path / str(k)).gather
