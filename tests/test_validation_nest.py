"""Traces and spikes of single neurons against NEST's, stored by tests/data/make_nest_traces.py."""

import json
from pathlib import Path

import numpy as np
import pytest
from spikers import spikers

import hsnn_event as hsnn

GOLDEN = np.load(Path(__file__).parent / "data" / "nest_traces.npz")
CASES = json.loads(str(GOLDEN["cases"]))
LINEAR = [case for case in CASES if case.startswith("iaf_psc")]
CONDUCTANCE = [case for case in CASES if "cond" in case]

MEMBRANE = ("C_m", "E_L", "V_th", "V_reset", "t_ref", "I_e")
STATES = {  # NEST's name -> ours
    "V_m": "v",
    "I_syn_ex": "I_exc",
    "I_syn_in": "I_inh",
    "g_ex": "g_exc",
    "g_in": "g_inh",
}

# Both solve linear equations exactly and differ by rounding only, which grows to some 1e-13 of 100 mV.
EXACT = 1e-9
# The potential of iaf_cond_exp after 100 ms, in mV. NEST's own steps are right to 2e-11; classical Runge-Kutta at 0.1 ms
# leaves an error of order (dt / tau_syn)^4 = 1e-7 of the jumps, and "auto" (second order) one of (dt / tau_syn)^2 = 4e-4.
FOURTH_ORDER, SECOND_ORDER = 1e-6, 2e-3


def model_of(case):
    """The library's neuron with NEST's parameters."""
    p = CASES[case]["parameters"]
    membrane = {name: p[name] for name in MEMBRANE}
    synapses = {"exc": p.get("tau_syn_ex"), "inh": p.get("tau_syn_in")}
    if "cond" in case:
        reversal = {"exc": p["E_ex"], "inh": p["E_in"]}
        return hsnn.models.lif_cond_exp(**membrane, g_L=p["g_L"], E_rev=reversal, tau_syn=synapses)
    if "delta" in case:
        return hsnn.models.lif_delta(**membrane, tau_m=p["tau_m"])
    make = hsnn.models.lif_alpha if "alpha" in case else hsnn.models.lif_exp
    return make(**membrane, tau_m=p["tau_m"], tau_syn=synapses)


def simulated(case, method="auto"):
    """Traces by NEST's names and spike times, with NEST's input: positive weights excite, negative ones inhibit."""
    net = hsnn.Network(dt=0.1)
    cell = net.population("cell", 1, model_of(case), method=method)
    given = CASES[case]["input"]
    weights = np.array(given["weights"])
    source = spikers(net, given["times"])
    sign = -1.0 if "cond" in case else 1.0  # an inhibitory conductance is positive
    for chosen, receptor, factor in ((weights > 0, "exc", 1.0), (weights < 0, "inh", sign)):
        receptor = "default" if "delta" in case else receptor
        net.connect(
            source[chosen], cell, hsnn.connect.all_to_all(), weight=factor * weights[chosen],
            delay=given["delay"], receptor=receptor,
        )  # fmt: skip
    names = {name: STATES[name] for name in CASES[case]["recorded"] if STATES[name] in cell.model.states}
    trace = net.record(cell, tuple(names.values()))
    net.record(cell, "spikes")
    result = net.run(100.0)
    assert np.array_equal(result[trace]["v"].times, GOLDEN["times"].round(1))
    return {name: result[trace][state].values[:, 0] for name, state in names.items()}, result.spikes["cell"].times


def assert_equal_to_nest(case, method, tolerance):
    traces, spikes = simulated(case, method)
    assert np.array_equal(spikes, GOLDEN[f"{case}.spikes"].round(1))
    assert traces.keys() == set(CASES[case]["recorded"])
    for name, values in traces.items():
        np.testing.assert_allclose(values, GOLDEN[f"{case}.{name}"], rtol=0, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("case", LINEAR)
def test_linear_neurons_equal_nest(case):
    assert_equal_to_nest(case, "auto", EXACT)


@pytest.mark.parametrize("case", CONDUCTANCE)
@pytest.mark.parametrize("method, tolerance", [("rk4", FOURTH_ORDER), ("auto", SECOND_ORDER)])
def test_conductance_neurons_equal_nest_to_the_error_of_the_method(case, method, tolerance):
    assert_equal_to_nest(case, method, tolerance)


def test_the_cases_are_those_that_matter():
    """Every model undriven and firing, and synapses as slow as the membrane."""
    assert {case.split(".")[0] for case in CASES} >= {"iaf_psc_exp", "iaf_psc_alpha", "iaf_psc_delta", "iaf_cond_exp"}
    for case in CASES:
        assert len(GOLDEN[f"{case}.spikes"]) >= 3 or case.endswith("undriven")
    slow = CASES["iaf_psc_alpha.as_membrane.driven"]["parameters"]
    assert slow["tau_syn_ex"] == slow["tau_syn_in"] == slow["tau_m"]
