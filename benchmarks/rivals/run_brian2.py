"""One timed run of a network of one kind of neurons in Brian2, C++ standalone, one thread."""

import tempfile

import brian2 as b2
import numpy as np
from brette2007 import report


def run(args, build, dt, n_neurons):
    """Build with ``build(args)``, which gives a network and a spike monitor; compile; run; print one line of JSON."""
    b2.prefs.codegen.cpp.extra_compile_args_gcc = ["-w", "-O3", "-march=native", "-ffast-math"]
    b2.prefs.devices.cpp_standalone.openmp_threads = 0
    with tempfile.TemporaryDirectory() as folder:
        b2.set_device("cpp_standalone", directory=folder, build_on_run=False)
        b2.defaultclock.dt = dt * b2.ms
        b2.seed(args.seed)
        network, monitor = build(args)
        network.run(args.time * b2.ms)
        b2.device.build(directory=folder, compile=True, run=True)
        times, ids = np.asarray(monitor.t / b2.ms), np.asarray(monitor.i)
    facts = {"simulator": "Brian2", "version": b2.__version__, "compile_s": round(b2.device.timers["compile"]["make"], 2)}
    report(args, b2.device._last_run_time, times, ids, n_neurons, **facts)
