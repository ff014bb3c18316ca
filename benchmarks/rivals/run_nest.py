"""One timed run of a network of one kind of neurons in NEST, one thread."""

import time

import nest
from brette2007 import report
from memory import peak_gb


def run(args, build, dt, n_neurons):
    """Build with ``build(args)``, which gives a spike recorder; run; print one line of JSON."""
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.set(resolution=dt, rng_seed=args.seed)
    start = time.perf_counter()
    recorder = build(args)
    nest.Prepare()
    construct = time.perf_counter() - start
    start = time.perf_counter()
    nest.Run(args.time)
    wall = time.perf_counter() - start
    nest.Cleanup()
    facts = {"simulator": "NEST", "version": nest.__version__, "construct_s": round(construct, 3), "peak_gb": peak_gb()}
    report(args, wall, recorder.events["times"], recorder.events["senders"] - 1, n_neurons, **facts)
