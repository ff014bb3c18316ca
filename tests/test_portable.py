"""Code without what only some processors have gives the same bits, and compiles for another architecture."""

import json
import os
import subprocess
import sys

import numba
import pytest
from llvmlite import binding

from hsnn_event import compile_cache
from hsnn_event.backends.numba import native

# A run on two threads with everything that may differ: exp, normal weights, Poisson counts, noise.
RUN = """
import hashlib, json, platform, sys
if sys.argv[1:] == ["portable"]:
    platform.machine = lambda: "aarch64"
import hsnn_event as hsnn
net = hsnn.Network(seed=3, threads=2, precision="single")
cells = net.population("cells", 300, hsnn.models.lif_cond_exp(E_rev=0.0, tau_syn=5.0))
cells.set(v=hsnn.random.normal(-60.0, 2.0))
net.connect(cells, cells, hsnn.connect.bernoulli(0.1), weight=hsnn.random.lognormal(1.0, 0.5), delay=1.0)
net.drive(cells, hsnn.stimuli.poisson(1000.0), weight=3.0)
net.record(cells, "spikes")
spikes = net.run(100.0).spikes["cells"]
states = b"".join(cells.get(name).tobytes() for name in cells.model.states)
digest = hashlib.sha256(spikes.times.tobytes() + spikes.ids.tobytes() + states).hexdigest()
print(json.dumps([len(spikes), digest]))
"""


def result(*arguments, **variables):
    command, environment = [sys.executable, "-c", RUN, *arguments], {**os.environ, **variables}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return json.loads(done.stdout)


def test_a_plain_processor_gives_the_same_bits():
    """Neither wide vectors nor `pause`: the code that a processor without them gets, kept apart from that of others."""
    portable = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    native_bits = result()
    assert native_bits[0] > 100
    assert result("portable", HSNN_EVENT_CACHE=str(compile_cache.root() / "portable"), **portable) == native_bits


@pytest.fixture
def aarch64(monkeypatch):
    monkeypatch.setattr(native.platform, "machine", lambda: "aarch64")


def test_nothing_of_x86_is_left_on_another_machine(aarch64):
    @numba.njit
    def waiting(barrier, address):
        native.pause()
        native.prefetch(address)
        return native.add_atomic(barrier, 1) + native.load_atomic(barrier)

    waiting.compile((numba.int64, numba.int64))
    text = waiting.inspect_llvm(waiting.signatures[0])
    assert "llvm.prefetch" in text and "llvm.x86" not in text
    plain = "\n".join(line for line in text.splitlines() if not line.startswith(("target ", "attributes ")))
    try:
        binding.initialize_all_targets()
        binding.initialize_all_asmprinters()
        machine = binding.Target.from_triple("aarch64-unknown-linux-gnu").create_target_machine()
    except RuntimeError:
        pytest.skip("this LLVM knows its own architecture only")
    module = binding.parse_assembly(plain)
    module.triple = "aarch64-unknown-linux-gnu"
    assembly = machine.emit_assembly(module)
    assert "prfm" in assembly and ("ldadd" in assembly or "ldaxr" in assembly)
