"""Make ``nest_brunel2000.json``: what NEST says about the network of Brunel (2000).

Runs each of the states asked for (all unless given; minutes each) once a seed and stores the statistics
that ``tests/brunel_statistics.py`` defines: for each state and kind a list, one number a seed. Beside them lie
``parameters``, ``states``, ``windows`` (ms left out and ms measured), ``seeds`` and ``nest_version``.

All parameters are written down here, as the paper has them, and not taken from the package. Each neuron receives
1,000 and 250 synapses from others (never from itself, perhaps twice from one) and a Poisson train of its own; all
begin at rest.

    python make_nest_brunel.py
"""

import argparse
import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import brunel_statistics as statistics  # noqa: E402

DT = 0.1  # ms
PARAMETERS = {
    "N_exc": 10_000,
    "N_inh": 2_500,
    "C_exc": 1_000,  # synapses of a neuron
    "C_inh": 250,
    "J": 0.1,  # mV
    "delay": 1.5,  # ms
    "tau_m": 20.0,  # ms
    "V_th": 20.0,  # mV
    "V_reset": 10.0,  # mV
    "t_ref": 2.0,  # ms
}
STATES = {  # relative inhibition g, and outside rate over the one that just reaches threshold
    "A": (3.0, 2.0),
    "B": (6.0, 4.0),
    "C": (5.0, 2.0),
    "D": (4.5, 0.9),
}


def build(g, external):
    """Create neurons, synapses and drive; return the spike recorders of both populations."""
    import nest

    p = PARAMETERS
    cell = {"tau_m": p["tau_m"], "V_th": p["V_th"], "V_reset": p["V_reset"], "t_ref": p["t_ref"], "E_L": 0.0, "V_m": 0.0}
    exc, inh = (nest.Create("iaf_psc_delta", p[n], {**cell, "I_e": 0.0}) for n in ("N_exc", "N_inh"))
    for source, count, weight in ((exc, p["C_exc"], p["J"]), (inh, p["C_inh"], -g * p["J"])):
        rule = {"rule": "fixed_indegree", "indegree": count, "allow_autapses": False, "allow_multapses": True}
        nest.Connect(source, exc + inh, rule, {"weight": weight, "delay": p["delay"]})
    threshold_rate = p["V_th"] / (p["J"] * p["tau_m"]) * 1000.0  # Hz: its mean input is V_th
    drive = nest.Create("poisson_generator", 1, {"rate": external * threshold_rate})
    nest.Connect(drive, exc + inh, "all_to_all", {"weight": p["J"], "delay": p["delay"]})
    recorders = [nest.Create("spike_recorder") for _ in range(2)]
    for population, recorder in zip((exc, inh), recorders, strict=True):
        nest.Connect(population, recorder)
    return recorders


def simulate(state, seed):
    """Return the statistics of one run."""
    import nest  # here, so that collecting tests does not need it

    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.set(resolution=DT, local_num_threads=1, rng_seed=seed)
    recorders = build(*STATES[state])
    left_out, measured = statistics.WINDOWS[state]
    nest.Simulate(left_out + measured)
    spikes = [(recorder.events["times"], recorder.events["senders"]) for recorder in recorders]
    sizes = PARAMETERS["N_exc"], PARAMETERS["N_inh"]
    found = statistics.statistics(*spikes, sizes, left_out, left_out + measured)
    print(state, seed, json.dumps(found), flush=True)
    return found


def main():
    """Run, store."""
    import nest

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--states", nargs="+", choices=sorted(STATES), default=sorted(STATES))
    parser.add_argument("--output", type=Path, default=HERE / "nest_brunel2000.json")
    args = parser.parse_args()

    seeds = list(range(1, args.seeds + 1))
    runs = {state: [simulate(state, seed) for seed in seeds] for state in args.states}
    values = {state: {kind: [round(run[kind], 6) for run in runs[state]] for kind in statistics.KINDS} for state in runs}
    stored = {
        "nest_version": nest.__version__,
        "seeds": seeds,
        "parameters": PARAMETERS,
        "states": STATES,
        "windows": statistics.WINDOWS,
        **values,
    }
    args.output.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
