"""What lowering makes of a model: constants, their dependence on parameters, receptors, refractory steps."""

import pickle
import subprocess
import sys

import mpmath
import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st
from single_neuron import run

from hsnn_event.errors import GridError, ModelError, ValueRangeError
from hsnn_event.lowering.ir import LOADS
from hsnn_event.lowering.lowered import lower_model
from hsnn_event.lowering.propagators import expm
from hsnn_event.model.declare import NeuronModel
from hsnn_event.model.library import izhikevich, lif_alpha, lif_cond_exp, lif_delta, lif_exp


def operations(section):
    return [each.op for each in section.code if each.op not in (*LOADS, "literal", "clamped")]


def test_the_kernel_of_lif_exp_is_as_short_as_by_hand():
    kernel = lower_model(lif_exp(), "auto", 0.1).kernel
    assert sorted(operations(kernel.update)) == sorted(["mul"] * 3 + ["add"] * 3 + ["select"])


def test_kernels_do_not_depend_on_values():
    first = lower_model(lif_exp(tau_m=10.0), "auto", 0.1)
    second = lower_model(lif_exp(tau_m=np.linspace(5, 9, 4), C_m=100.0), "auto", 0.25)
    assert first.kernel == second.kernel
    assert first.kernel != lower_model(lif_alpha(), "auto", 0.1).kernel


def test_constants_are_scalar_where_all_they_depend_on_is():
    lowered = lower_model(lif_exp(E_L=np.array([-70.0, -60.0])), "auto", 0.1)
    constants = lowered.constants({}, 2)
    assert set(constants) == set(lowered.kernel.constants)
    assert isinstance(constants["P_v_v"], float)
    assert constants["P_v_1"].shape == (2,)
    np.testing.assert_allclose(constants["P_v_1"], np.array([-70.0, -60.0]) * (1 - np.exp(-0.01)), rtol=1e-12)


def test_parameters_given_replace_the_model_s_own():
    lowered = lower_model(lif_exp(), "auto", 0.1)
    assert lowered.constants({"tau_m": 20.0}, 1)["P_v_v"] == pytest.approx(np.exp(-0.1 / 20.0), rel=1e-15)
    assert lowered.constants({"I": 250.0}, 1)["P_v_1"] > lowered.constants({}, 1)["P_v_1"]


def test_a_neuron_s_constants_have_the_same_bits_alone_and_among_others():
    taus = np.random.default_rng(1).uniform(0.2, 40.0, 50)
    lowered = lower_model(lif_alpha(), "auto", 0.1)
    together = lowered.constants({"tau_m": taus}, 50)
    for k in (0, 17, 49):
        alone = lowered.constants({"tau_m": float(taus[k])}, 1)
        for name, value in together.items():
            assert np.broadcast_to(value, 50)[k] == alone[name], name


def test_inputs_are_read_only_where_they_are_used():
    assert lower_model(lif_exp(), "auto", 0.1).kernel.inputs == ()
    kernel = lower_model(lif_exp(), "auto", 0.1, inputs_used=("I",)).kernel
    assert kernel.inputs == ("I",)
    assert "P_v_in_I" in kernel.constants


def test_lowered_models_pickle():
    lowered = lower_model(izhikevich(), "auto", 0.1)
    copy = pickle.loads(pickle.dumps(lowered))
    assert copy.kernel == lowered.kernel
    assert copy.constants({}, 3) == lowered.constants({}, 3)


def test_lowering_is_the_same_in_every_process():
    code = (
        "from hsnn_event.lowering.lowered import lower_model; from hsnn_event.model import library as m;"
        "chosen = (m.lif_alpha, 'exact'), (m.lif_exp, 'rk4'), (m.lif_cond_exp, 'exponential_euler'), (m.izhikevich, 'rk2');"
        "lowered = [lower_model(model(), method, 0.1) for model, method in chosen];"
        "print([(each.kernel, each.constants({}, 1)) for each in lowered])"
    )
    outputs = {
        subprocess.run([sys.executable, "-c", code], env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
                       capture_output=True, text=True, check=True).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(outputs) == 1


def test_refractory_period_off_the_grid_is_refused_and_arrays_are_rounded():
    lowered = lower_model(lif_delta(), "auto", 0.1)
    assert lowered.constants({}, 1)["refractory_steps"] == 20.0
    assert lowered.constants({"t_ref": 0.30000000000000004}, 1)["refractory_steps"] == 3.0
    with pytest.raises(GridError, match=r"lif_delta: the refractory period of 2\.05 ms is not a multiple of dt = 0\.1 ms"):
        lowered.constants({"t_ref": 2.05}, 1)
    steps = lowered.constants({"t_ref": np.array([0.0, 2.04, 2.06])}, 3)["refractory_steps"]
    assert steps.tolist() == [0.0, 20.0, 21.0]
    with pytest.raises(ValueRangeError, match="-1 ms"):
        lowered.constants({"t_ref": np.array([2.0, -1.0])}, 2)


def test_constants_that_are_not_finite_name_themselves():
    lowered = lower_model(lif_cond_exp(), "auto", 0.1)
    with pytest.raises(ValueRangeError, match=r"lif_cond_exp: the constant .*dt/C_m is not finite"):
        lowered.constants({"C_m": 0.0}, 1)
    assert lowered.constants({"V_th": np.inf}, 1)["V_th"] == np.inf


def test_initial_values_follow_the_given_states():
    lowered = lower_model(izhikevich(), "auto", 0.1)
    states = lowered.initial({"b": np.array([0.2, 0.25])}, {"v": np.array([-60.0, -50.0])}, 2)
    np.testing.assert_allclose(states["u"], [-12.0, -12.5])
    assert states["v"].tolist() == [-60.0, -50.0]


def test_initial_values_may_use_expressions_and_each_other():
    model = NeuronModel(
        name="chain", parameters={"k": 2.0}, states={"a": "twice + 1", "b": "k*c", "c": 3.0}, expressions={"twice": "2*b"}
    )
    initial = lower_model(model, "auto", 0.1).initial({}, {}, 1)
    assert {name: value.item() for name, value in initial.items()} == {"a": 13.0, "b": 6.0, "c": 3.0}


def one_receptor(action, **more):
    return NeuronModel(
        name="cell",
        parameters={"k": 2.0},
        states={"v": 1.0, "w": 0.0},
        dynamics={"v": "-v/10"},
        receptors={"exc": {"v": action}},
        **more,
    )


@pytest.mark.parametrize(
    ("action", "jump"), [("v + weight", 3.0), ("v + k*weight/4", 1.5), ("v - exp(0)*weight", -3.0), ("v", 0.0)]
)
def test_additive_receptors_jump_by_weight_times_factor(action, jump):
    trace = run(one_receptor(action), 1, arrivals={(1, "exc"): 3.0})
    assert trace.states["v"][1] == pytest.approx(np.exp(-0.01) + jump, rel=1e-15)


@pytest.mark.parametrize(
    ("action", "term"),
    [("v + weight*w", r"w\*weight"), ("3*v + weight", r"2\*v"), ("v + weight + 1", "1"), ("v + weight**2", r"weight\*\*2"),
     ("weight", "-v"), ("v + w + weight", "w"), ("v + max(weight, 0)", r"max\(weight, 0\)")],
)  # fmt: skip
def test_other_receptors_are_refused_with_the_term(action, term):
    message = rf"cell\.receptors\['exc'\]\['v'\]: it (adds|contains) {term}\. .*v \+ weight\*factor"
    with pytest.raises(ModelError, match=message):
        lower_model(one_receptor(action), "auto", 0.1)


def test_a_model_without_threshold_never_fires():
    assert run(one_receptor("v + weight"), 50, arrivals={(3, "exc"): 1e9}).spikes == []


def test_thresholds_may_be_any_condition():
    model = one_receptor("v + weight", threshold="v > 2 and not (w == 1 or v >= 5)", reset={"v": "v/2", "w": "1"})
    assert run(model, 9, arrivals={(1, "exc"): 9.0, (3, "exc"): -6.5}).spikes == [3]


def test_conditions_on_parameters_are_conditions():
    for k, spikes in ((2.0, [1]), (0.5, [])):
        model = one_receptor("v + weight", threshold="k > 1 and v > 2", reset={"v": "where(k > 1, w, 5)"})
        assert run(model.with_parameters(k=k), 2, arrivals={(1, "exc"): 9.0}).spikes == spikes


def test_derived_constants_never_take_the_name_of_a_parameter():
    model = NeuronModel(
        name="cell", parameters={"k0": 1.0, "P_v_v": 3.0}, states={"v": 1.0, "w": 0.0},
        dynamics={"v": "-v/P_v_v", "w": "k0*P_v_v - w*abs(v)"},
    )  # fmt: skip
    lowered = lower_model(model, "rk2", 0.1)
    assert len(set(lowered.kernel.constants)) == len(lowered.kernel.constants)
    constants = lowered.constants({}, 1)
    assert constants["k1"] == 3.0
    assert constants["P_v_v0"] == pytest.approx(np.exp(-0.1 / 3.0), rel=1e-15)


def test_states_without_dynamics_stand_still_and_drive_others():
    model = NeuronModel(name="held", states={"v": 0.0, "w": 4.0}, dynamics={"v": "w - v"})
    lowered = lower_model(model, "auto", 0.1)
    assert lowered.method == "exact"
    trace = run(model, 100, dt=0.1)
    assert (trace.states["w"] == 4.0).all()
    assert trace.states["v"][-1] == pytest.approx(4.0 * (1 - np.exp(-10.0)), rel=1e-13)


matrices = st.integers(1, 4).flatmap(
    lambda n: st.lists(st.lists(st.floats(-3, 3), min_size=n, max_size=n), min_size=n, max_size=n)
)


@settings(max_examples=25, deadline=None)
@given(matrices)
def test_matrix_exponential_agrees_with_mpmath_and_scipy(rows):
    matrix = np.array(rows)
    truth = np.array(mpmath.expm(mpmath.matrix(rows), method="taylor").tolist(), dtype=float)
    scale = np.exp(np.abs(matrix).sum(axis=1).max())
    assert np.abs(expm(matrix, len(rows)) - truth).max() <= 1e-14 * scale
    assert np.abs(scipy.linalg.expm(matrix) - truth).max() <= 1e-11 * scale  # SciPy 1.17 loses digits on some of these


def test_inputs_do_not_cost_the_states_digits():
    generator = np.array([[-0.01, 1e9], [0.0, 0.0]])
    propagator = expm(generator, 1)
    assert propagator[0, 0] == pytest.approx(np.exp(-0.01), rel=3e-16)
    assert propagator[0, 1] == pytest.approx(-np.expm1(-0.01) / 0.01 * 1e9, rel=1e-15)


def test_equal_time_constants_need_no_special_case():
    lowered = lower_model(lif_exp(tau_m=5.0, tau_syn=5.0), "auto", 0.1)
    assert lowered.constants({}, 1)["P_v_I_syn"] == pytest.approx(0.1 * np.exp(-0.02) / 250.0, rel=1e-14)
