"""The cortical microcircuit of Potjans & Diesmann (2014) in NEST, as a reference and a rival.

Parameters come from the same JSON file that ``hsnn_event.networks.microcircuit`` reads. ``--scale``
shrinks numbers of neurons and in-degrees alike: a pair of populations keeps
``round(K * scale * scale)`` synapses, weights grow by ``1 / sqrt(scale)``, and a constant current
replaces the mean input that is missing. With ``--drive dc`` the external input is that constant
current as a whole; with ``--drive poisson`` it is a Poisson process for each neuron.

With constant drive a small network is not the large one in little: at 10 % scale the constant
current alone brings only L6I to threshold, so that silence is stable, and the network falls silent;
at 15 % it settled in another state. At 20 % and 30 %, and with Poisson drive at 10 %, it stays active
at rates somewhat below the reference rates (L23E .5 to .6 Hz).

The real-time factor covers ``--time`` only, after ``--presim`` has been simulated and discarded.
NEST counts 2**27 connections a thread at most: full scale needs ``--threads 3`` or more.

    python nest_microcircuit.py --scale 0.1 --time 1000
"""

import argparse
import json
import time
from pathlib import Path

import nest
import numpy as np
from memory import peak_gb

PARAMETERS = Path(__file__).parents[2] / "hsnn_event" / "networks" / "pd14.json"


def psc_per_psp(neuron):
    """Return the peak current (pA) that causes a peak potential of 1 mV."""
    C_m, tau_m, tau_syn = (neuron[key] for key in ("C_m", "tau_m", "tau_syn"))
    ratio = tau_syn / tau_m
    peak = ratio ** (1 / (1 - ratio)) * (1 / ratio - 1) * tau_m * tau_syn / (tau_m - tau_syn) / C_m
    return 1 / peak


def derive(p, scale, drive):
    """Return numbers of neurons and synapses, weights and currents of the scaled network.

    Matrices are indexed ``[target, source]``.
    """
    neuron, names = p["neuron"], p["populations"]
    full_size = np.array(p["neurons"], dtype=float)
    probability = np.array(p["connection_probability_target_by_source"])
    pairs = np.outer(full_size, full_size)
    full_synapses = np.round(np.log(1 - probability) / np.log(1 - 1 / pairs))

    psp = np.full(pairs.shape, p["psp_mean"])
    psp[:, [name.endswith("I") for name in names]] *= p["g_inhibitory"]
    psp[names.index("L23E"), names.index("L4E")] = p["psp_mean_L4E_to_L23E"]
    weight = psp * psc_per_psp(neuron)
    external_weight = p["psp_mean"] * psc_per_psp(neuron)

    to_mean = neuron["tau_syn"] / 1000.0  # mean of a current that decays with tau_syn, rates in Hz
    rates, indegree = np.array(p["reference_mean_rates"]), full_synapses / full_size[:, None]
    recurrent = to_mean * (weight * indegree * rates).sum(axis=1)
    external_indegree = np.array(p["external_indegree"])
    external = to_mean * external_weight * external_indegree * p["external_rate"]
    missing = 1 - np.sqrt(scale)
    return {
        "size": np.round(full_size * scale).astype(int),
        "synapses": np.round(full_synapses * scale * scale).astype(int),
        "weight": weight / np.sqrt(scale),
        "external_weight": external_weight / np.sqrt(scale),
        "external_rate": external_indegree * scale * p["external_rate"],
        "I_e": missing * recurrent + (external if drive == "dc" else missing * external),
    }


def build(p, d, drive):
    """Create neurons, synapses and drive; return the populations."""
    neuron = {key: p["neuron"][key] for key in ("C_m", "tau_m", "E_L", "V_th", "V_reset", "t_ref")}
    neuron["tau_syn_ex"] = neuron["tau_syn_in"] = p["neuron"]["tau_syn"]
    populations = []
    for size, current, mean, sd in zip(d["size"], d["I_e"], p["initial_v_mean"], p["initial_v_sd"], strict=True):
        v = nest.random.normal(mean, sd)
        populations.append(nest.Create("iaf_psc_exp", int(size), {**neuron, "I_e": current, "V_m": v}))

    for j, source in enumerate(populations):
        inhibitory = p["populations"][j].endswith("I")
        delay = p["delay_mean"]["inh" if inhibitory else "exc"]
        delay = nest.random.normal(delay, delay * p["delay_relative_sd"])
        clip = nest.math.min if inhibitory else nest.math.max
        for i, target in enumerate(populations):
            if d["synapses"][i, j] == 0:
                continue
            mean = d["weight"][i, j]
            weight = clip(nest.random.normal(mean, abs(mean) * p["weight_relative_sd"]), 0.0)
            delay_ij = nest.math.redraw(delay, min=nest.resolution / 2, max=np.inf)
            rule = {"rule": "fixed_total_number", "N": int(d["synapses"][i, j])}
            nest.Connect(source, target, rule, {"weight": weight, "delay": delay_ij})

    if drive == "poisson":
        synapse = {"weight": d["external_weight"], "delay": p["external_delay"]}
        for target, rate in zip(populations, d["external_rate"], strict=True):
            nest.Connect(nest.Create("poisson_generator", 1, {"rate": rate}), target, "all_to_all", synapse)
    return populations


def main():
    """Run the network as the arguments say and print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scale", type=float, default=0.1, help="of neurons and in-degrees")
    parser.add_argument("--time", type=float, default=1000.0, help="ms measured")
    parser.add_argument("--presim", type=float, default=500.0, help="ms discarded before")
    parser.add_argument("--drive", choices=("dc", "poisson"), default="dc")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--parameters", type=Path, default=PARAMETERS)
    parser.add_argument("--spikes", type=Path, help="write times (ms) and ids of each population")
    args = parser.parse_args()

    p = json.loads(args.parameters.read_text())
    d = derive(p, args.scale, args.drive)
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.set(resolution=0.1, local_num_threads=args.threads, rng_seed=args.seed)

    start = time.perf_counter()
    populations = build(p, d, args.drive)
    recorders = [nest.Create("spike_recorder", 1, {"start": args.presim}) for _ in populations]
    for population, recorder in zip(populations, recorders, strict=True):
        nest.Connect(population, recorder)
    nest.Prepare()
    construct = time.perf_counter() - start
    nest.Run(args.presim)
    start = time.perf_counter()
    nest.Run(args.time)
    wall = time.perf_counter() - start
    nest.Cleanup()

    rates, spikes = {}, {}
    for name, population, recorder in zip(p["populations"], populations, recorders, strict=True):
        events = recorder.events
        ids = events["senders"] - population[0].global_id
        order = np.lexsort((ids, events["times"]))
        spikes[f"{name}.times"], spikes[f"{name}.ids"] = events["times"][order], ids[order]
        rates[name] = round(len(ids) / len(population) / args.time * 1000.0, 4)
    if args.spikes:
        np.savez_compressed(args.spikes, **spikes)
    print(
        json.dumps(
            {
                "simulator": "NEST",
                "version": nest.__version__,
                "precision": "double",
                "network": "microcircuit",
                "scale": args.scale,
                "drive": args.drive,
                "threads": args.threads,
                "seed": args.seed,
                "time_ms": args.time,
                "n_neurons": int(d["size"].sum()),
                "n_synapses": int(d["synapses"].sum()),
                "construct_s": round(construct, 3),
                "peak_gb": peak_gb(),
                "rtf": round(wall / args.time * 1000.0, 4),
                "sizes": dict(zip(p["populations"], d["size"].tolist(), strict=True)),
                "mean_rates": rates,
            }
        )
    )


if __name__ == "__main__":
    main()
