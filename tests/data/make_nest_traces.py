"""Make ``nest_traces.npz``: golden traces of single neurons from NEST at dt 0.1 ms, 100 ms each.

How NEST labels times. A step leads from t to t + dt. Everything it does is labelled t + dt: the
state after the step, and a spike whose threshold was found crossed at its end. Events that arrive at
t + dt are added to the synaptic state after the step's update, so that they are seen in ``I_syn`` at
t + dt and in ``V_m`` first at t + 2 dt; in ``iaf_psc_delta`` they jump ``V_m`` at t + dt itself,
before the threshold is tested. A spike of the input at time s with delay d arrives at s + d. After a
spike at t, ``V_m`` is V_reset at t ... t + t_ref and free first at t + t_ref + dt; delta arrivals in
(t, t + t_ref] are lost. There is no sample at t = 0.

The file. ``times`` are the labels of all samples (0.1 ... 100 ms). ``cases`` is JSON: for each case
``model``, ``parameters`` (NEST's names, all that matter given in full), ``input`` (``times``,
``weights``, ``delay``), ``recorded`` and ``nest_version``. A positive weight goes to the exc, a
negative one to the inh receptor: pA at the peak, nS at the peak for conductances (the inhibitory
one is then -weight), mV for delta. ``<case>.<variable>`` is a trace, ``<case>.spikes`` the spike
times of the neuron.

``iaf_cond_exp`` has a fixed tolerance of 1e-3 in NEST 3.10, yet its steps of at most 0.1 ms make it
right to 2e-11 mV; ``aeif_cond_exp`` with Delta_T, a and b zero is the same neuron, solved with
``gsl_error_tol`` 1e-12.

    python make_nest_traces.py
"""

import argparse
import json
from pathlib import Path

import numpy as np

DURATION, DT = 100.0, 0.1  # ms
DELAY = 1.5  # ms
TIMES = [5.0, 12.3, 12.3, 20.0, 33.3, 41.0, 41.0, 47.7, 60.1, 60.2, 75.0, 83.4]  # ms
SIGNS = np.array([1, 1, -1, 1, -1, 1, 1, -1, 1, 1, -1, 1])
SIZES = np.array([1.0, 2.0, 1.5, 0.7, 2.5, 1.2, 3.0, 1.0, 2.2, 0.4, 1.7, 2.9])

CURRENT_BASED = {
    "C_m": 250.0,
    "tau_m": 10.0,
    "E_L": -65.0,
    "V_th": -50.0,
    "V_reset": -65.0,
    "t_ref": 2.0,
    "V_m": -65.0,
    "I_e": 0.0,
}
CONDUCTANCE_BASED = {
    "C_m": 200.0,
    "g_L": 10.0,
    "E_L": -60.0,
    "V_th": -50.0,
    "V_reset": -60.0,
    "t_ref": 2.0,
    "V_m": -60.0,
    "I_e": 0.0,
    "E_ex": 0.0,
    "E_in": -80.0,
    "tau_syn_ex": 5.0,
    "tau_syn_in": 10.0,
}
TIGHT = {"Delta_T": 0.0, "a": 0.0, "b": 0.0, "V_peak": -50.0, "gsl_error_tol": 1e-12}
SYNAPSES = {
    "different": {"tau_syn_ex": 0.5, "tau_syn_in": 2.0},
    "as_membrane": {"tau_syn_ex": 10.0, "tau_syn_in": 10.0},
}
DRIVEN = {"I_e": 420.0}  # pA, above the rheobase of 375
UNIT = {
    "iaf_psc_exp": 150.0,
    "iaf_psc_alpha": 150.0,
    "iaf_psc_delta": 1.5,
    "iaf_cond_exp": 4.0,
    "aeif_cond_exp": 4.0,
}  # what a size of one means


def cases():
    """Return ``{case: (model, parameters)}``."""
    found = {}
    for model in ("iaf_psc_exp", "iaf_psc_alpha"):
        for name, taus in SYNAPSES.items():
            found[f"{model}.{name}.undriven"] = model, {**CURRENT_BASED, **taus}
            found[f"{model}.{name}.driven"] = model, {**CURRENT_BASED, **taus, **DRIVEN}
    found["iaf_psc_delta.undriven"] = "iaf_psc_delta", {**CURRENT_BASED}
    found["iaf_psc_delta.driven"] = "iaf_psc_delta", {**CURRENT_BASED, **DRIVEN}
    for model, extra in (("iaf_cond_exp", {}), ("aeif_cond_exp", TIGHT)):
        for name, current in (("undriven", 0.0), ("driven", 130.0)):
            found[f"{model}.{name}"] = model, {**CONDUCTANCE_BASED, **extra, "I_e": current}
    return found


def trace(model, parameters):
    """Return the input, the traces of all recordable variables and the spike times."""
    import nest  # here, so that collecting tests does not need it

    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.resolution = DT
    neuron = nest.Create(model, 1, parameters)
    weights = UNIT[model] * SIGNS * SIZES
    generator = nest.Create("spike_generator", 1, {"spike_times": TIMES, "spike_weights": weights})
    nest.Connect(generator, neuron, "one_to_one", {"weight": 1.0, "delay": DELAY})
    recordables = [str(name) for name in nest.GetDefaults(model, "recordables") if name != "w"]
    multimeter = nest.Create("multimeter", 1, {"interval": DT, "record_from": recordables})
    recorder = nest.Create("spike_recorder")
    nest.Connect(multimeter, neuron)
    nest.Connect(neuron, recorder)
    nest.Simulate(DURATION + 2 * DT)  # the multimeter hands over a sample one step late
    events = multimeter.events
    inside = np.round(events["times"] / DT) <= round(DURATION / DT)
    data = {name: events[name][inside] for name in ("times", *recordables)}
    spikes = recorder.events["times"]
    spec = {
        "model": model,
        "parameters": parameters,
        "input": {"times": TIMES, "weights": weights.tolist(), "delay": DELAY},
        "recorded": recordables,
        "nest_version": nest.__version__,
    }
    return spec, data, spikes[spikes <= DURATION + DT / 2]


def main():
    """Simulate every case and store the lot."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "nest_traces.npz")
    args = parser.parse_args()

    arrays, specs = {}, {}
    for case, (model, parameters) in cases().items():
        specs[case], data, spikes = trace(model, parameters)
        arrays["times"] = data.pop("times")
        arrays.update({f"{case}.{name}": values for name, values in data.items()})
        arrays[f"{case}.spikes"] = spikes
        print(case, spikes.round(1).tolist())
    np.savez_compressed(args.output, cases=json.dumps(specs), **arrays)
    print(args.output.name, args.output.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
