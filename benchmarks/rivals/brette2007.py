"""What the rivals' scripts for Brette et al. (2007) share: parameters, arguments, the printed line.

Benchmark 1 (COBA), 2 (CUBA), 3 ("hh") and 4 ("exact"): 3200 excitatory and 800 inhibitory neurons, connected with
probability 0.02. For 1 to 3 the paper gives no synaptic delay: here it is 0.1 ms, one step of
every simulator, unless ``--delay`` says otherwise; in benchmark 4 it is 0.125 ms. Integrate-and-fire neurons start
with voltages uniformly between reset and threshold, Hodgkin-Huxley cells as ``hh_start`` says; COBA gets the paper's kick
on top, 300 Hz on 50 excitatory cells from 1 to 51 ms.

Rates and CVs leave out the first 200 ms; the real-time factor covers the whole run, without
construction and compilation.
"""

import argparse
import json

import numpy as np

N_EXC, N_INH, PROBABILITY, DT, SETTLED = 3200, 800, 0.02, 0.1, 200.0
NEURON = {
    "tau_m": 20.0,
    "C_m": 200.0,
    "V_th": -50.0,
    "V_reset": -60.0,
    "t_ref": 5.0,
    "tau_exc": 5.0,
    "tau_inh": 10.0,
}  # ms, pF, mV
CHANNELS = {
    "C_m": 200.0,
    "g_L": 10.0,
    "E_L": -60.0,
    "g_Na": 20_000.0,
    "E_Na": 50.0,
    "g_K": 6000.0,
    "E_K": -90.0,
    "V_T": -63.0,
    "V_th": -20.0,
}  # pF, nS, mV; a spike is an upward crossing of V_th
NETWORKS = {
    "coba": {
        **NEURON,
        "E_L": -60.0,
        "E_exc": 0.0,
        "E_inh": -80.0,
        "w_exc": 6.0,
        "w_inh": 67.0,
    },  # nS
    "cuba": {**NEURON, "E_L": -49.0, "w_exc": 1.62, "w_inh": -9.0},  # mV, of the driving voltage
    "hh": {
        **CHANNELS,
        "tau_exc": 5.0,
        "tau_inh": 10.0,
        "E_exc": 0.0,
        "E_inh": -80.0,
        "w_exc": 6.0,
        "w_inh": 67.0,
    },  # nS
    "exact": {**NEURON, "E_L": -49.0, "w_exc": 0.25, "w_inh": -2.25},  # mV, of the potential
}
KICK = {"rate": 300.0, "start": 1.0, "stop": 51.0, "cells": 50}


def arguments(description, networks=("cuba", "coba")):
    """Return the parsed arguments."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--which", choices=networks, default="cuba")
    parser.add_argument("--time", type=float, default=1000.0, help="ms, 1000 to 10000")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--delay", type=float, help="ms (0.1; in exact 0.125)")
    args = parser.parse_args()
    args.delay = args.delay or (0.125 if args.which == "exact" else DT)
    return args


def hh_start(seed):
    """Return what the cells of "hh" start with: v (mV), g_exc and g_inh (nS), and gates in steady state at v."""
    draw = np.random.default_rng(seed).normal
    n = N_EXC + N_INH
    start = {"v": draw(-65.0, 5.0, n), "g_exc": draw(40.0, 15.0, n), "g_inh": draw(200.0, 120.0, n)}
    for name, mean, deviation in (("g_exc", 40.0, 15.0), ("g_inh", 200.0, 120.0)):
        while (negative := start[name] < 0.0).any():
            start[name][negative] = draw(mean, deviation, negative.sum())
    u = start["v"] - CHANNELS["V_T"]  # no cell of these is where a rate is 0/0
    rates = {
        "m": (0.32 * (13.0 - u) / np.expm1((13.0 - u) / 4.0), 0.28 * (u - 40.0) / np.expm1((u - 40.0) / 5.0)),
        "h": (0.128 * np.exp((17.0 - u) / 18.0), 4.0 / (1.0 + np.exp((40.0 - u) / 5.0))),
        "n": (0.032 * (15.0 - u) / np.expm1((15.0 - u) / 5.0), 0.5 * np.exp((10.0 - u) / 40.0)),
    }  # 1/ms
    return {**start, **{gate: alpha / (alpha + beta) for gate, (alpha, beta) in rates.items()}}


def mean_cv(times, ids):
    """Return the mean CV of intervals over neurons with three spikes or more."""
    trains = np.split(times[np.lexsort((times, ids))], np.cumsum(np.bincount(ids))[:-1])
    intervals = [np.diff(train) for train in trains if len(train) > 2]
    return float(np.mean([np.std(x) / np.mean(x) for x in intervals])) if intervals else None


def report(args, wall, times, ids, n_neurons=N_EXC + N_INH, **facts):
    """Print the line of JSON: ``times`` in ms, ``wall`` in s."""
    late = times > SETTLED
    rate = late.sum() / n_neurons / (args.time - SETTLED) * 1000.0
    print(
        json.dumps(
            {
                **facts,
                "network": args.which,
                "precision": "double",
                "threads": 1,
                "seed": args.seed,
                "time_ms": args.time,
                "delay_ms": args.delay,
                "rtf": round(wall / args.time * 1000.0, 4),
                "mean_rate": round(float(rate), 3),
                "mean_cv": mean_cv(times[late], ids[late]),
            }
        )
    )
