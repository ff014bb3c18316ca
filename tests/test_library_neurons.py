"""Neurons of the library against solvers, integrals and published counts that are not ours."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp
from single_neuron import run

import hsnn_event as hsnn
from hsnn_event.errors import DeclarationError, UnknownNameError, ValueRangeError
from hsnn_event.lowering.lowered import lower_model

M = hsnn.models
NEVER = 1e9  # a threshold, mV


# The equations once more, written out by hand: (model, dx/dt of all states, initial values of some).
def dexp(t, x):
    v, current, rise = x
    return [-(v + 70.0) / 10.0 + (current + 100.0) / 250.0, rise - current / 5.0, -rise / 0.5]


def adaptive(t, x):
    v, w, current = x
    return [(-30.0 * (v + 70.6) - w + current + 400.0) / 281.0, (4.0 * (v + 70.6) - w) / 144.0, -current / 2.0]


def cond_alpha(t, x):
    v, g, dg, h, dh = x
    dv = (-16.6667 * (v + 70.0) - g * v - h * (v + 85.0) + 100.0) / 250.0
    return [dv, dg - g / 1.5, -dg / 1.5, dh - h / 4.0, -dh / 4.0]


def cond_dexp(t, x):
    v, g, dg, h, dh = x
    dv = (-16.6667 * (v + 70.0) - g * v - h * (v + 85.0) + 100.0) / 250.0
    return [dv, dg - g / 1.5, -dg / 0.5, dh - h / 4.0, -dh / 4.0]


def exponential(t, x):
    v, current = x
    upstroke = 25.0 * 3.48 * np.exp((v + 59.9) / 3.48)
    return [(-25.0 * (v + 65.0) + upstroke + current) / 250.0, -current / 2.0]


def adaptive_exponential(t, x):
    v, w, g, h = x
    upstroke = 30.0 * 2.0 * np.exp((v + 50.4) / 2.0)
    dv = (-30.0 * (v + 70.6) + upstroke - w - g * v - h * (v + 85.0) + 200.0) / 281.0
    return [dv, (4.0 * (v + 70.6) - w) / 144.0, -g / 2.0, -h / 5.0]


def leaky_izhikevich(t, x):
    v, u = x
    return [0.04 * v * v + 5 * v + 140 - u * (v + 65.0), 0.02 * (0.2 * v - u)]


def quadratic(t, x):
    return [0.07 * (x[0] + 65.0) * (x[0] + 50.0) / 10.0 + 20.0 / 250.0]


def cell(C, k, rest, knee, a, target):
    def slope(t, x):
        v, u = x
        return [(k * (v - rest) * (v - knee) - u) / C, a * (target(v - rest) - u)]

    return slope


SYN = {"exc": 2.0, "inh": 5.0}
LINEAR = [
    (M.lif_dexp(tau_rise=0.5, tau_decay=5.0, I_e=100.0, V_th=NEVER), dexp, {"v": -66.0, "I_syn": 50.0, "dI_syn": 300.0}),
    (M.adaptive_lif(I_e=400.0, V_th=NEVER), adaptive, {"v": -68.0, "w": 30.0, "I_syn": 500.0}),
]
CONDUCTANCES = {"v": -65.0, "g_exc": 5.0, "dg_exc": 10.0, "g_inh": 3.0, "dg_inh": 8.0}
TAU_ALPHA, TAU_RISE = {"exc": 1.5, "inh": 4.0}, {"exc": 0.5, "inh": 4.0}
OTHERS = [
    (M.lif_cond_alpha(tau_syn=TAU_ALPHA, I_e=100.0, V_th=NEVER), cond_alpha, CONDUCTANCES),
    (M.lif_cond_dexp(tau_rise=TAU_RISE, tau_decay=TAU_ALPHA, I_e=100.0, V_th=NEVER), cond_dexp, CONDUCTANCES),
    (M.eif(t_ref=0.0), exponential, {"v": -63.0, "I_syn": 200.0}),
    (M.adex(tau_syn=SYN, I_e=200.0), adaptive_exponential, {"v": -55.0, "w": 40.0, "g_exc": 6.0, "g_inh": 9.0}),
    (M.leaky_izhikevich(), leaky_izhikevich, {"v": -62.0, "u": 0.5}),
    (M.qif(I_e=20.0), quadratic, {"v": -55.0}),
    (M.izhikevich2007("RS"), cell(100.0, 0.7, -60.0, -40.0, 0.03, lambda x: -2.0 * x), {"v": -45.0, "u": 20.0}),
    (M.izhikevich2007("IB"), cell(150.0, 1.2, -75.0, -45.0, 0.01, lambda x: 5.0 * x), {"v": -50.0, "u": 20.0}),
    (M.izhikevich2007("CH"), cell(50.0, 1.5, -60.0, -40.0, 0.03, lambda x: x), {"v": -45.0, "u": 20.0}),
    (M.izhikevich2007("LTS"), cell(100.0, 1.0, -56.0, -42.0, 0.03, lambda x: 8.0 * x), {"v": -45.0, "u": 20.0}),
    (M.izhikevich2007("FS"), cell(20.0, 1.0, -55.0, -40.0, 0.2, lambda x: 0.025 * x**3), {"v": -45.0, "u": 20.0}),
    (M.izhikevich2007("TC"), cell(200.0, 1.6, -60.0, -50.0, 0.01, lambda x: 0.0), {"v": -55.0, "u": 20.0}),
    (M.izhikevich2007("RTN"), cell(40.0, 0.25, -65.0, -45.0, 0.015, lambda x: 2.0 * x), {"v": -50.0, "u": 20.0}),
]  # fmt: skip


def truth(slope, start, end):
    return solve_ivp(slope, (0.0, end), start, "DOP853", rtol=1e-10, atol=1e-10).y[:, -1]


@pytest.mark.parametrize("model, slope, start", LINEAR, ids=lambda each: getattr(each, "name", ""))
def test_linear_neurons_are_exact(model, slope, start):
    assert lower_model(model, "auto", 0.5).method == "exact"
    trace = run(model, 40, dt=0.5, initial=start)
    last = [values[-1] for values in trace.states.values()]
    np.testing.assert_allclose(last, truth(slope, list(start.values()), 20.0), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("method, order", [("rk2", 2), ("rk4", 4)])
@pytest.mark.parametrize("model, slope, start", OTHERS, ids=lambda each: getattr(each, "name", ""))
def test_the_error_of_other_neurons_falls_with_the_order(model, slope, start, method, order):
    end = 4.0
    v = truth(slope, list(start.values()), end)[0]
    errors = []
    for n_steps in (32, 64, 128):
        trace = run(model, n_steps, dt=end / n_steps, method=method, initial=start)
        assert trace.spikes == []
        errors.append(abs(trace.states["v"][-1] - v))
    if max(errors) > 1e-9:  # else it is that of the solver
        assert np.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.4)


@pytest.mark.parametrize("rise, decay", [(0.5, 2.0), (2.0, 2.0), (2.0, 2.0 + 1e-9), (5.0, 1.0), (0.01, 50.0)])
def test_the_weight_is_the_peak_of_a_double_exponential(rise, decay):
    far = rise if rise == decay else np.log(decay / rise) / (1.0 / rise - 1.0 / decay)  # where the peak lies, ms
    current = M.lif_dexp(tau_rise=rise, tau_decay=decay, V_th=NEVER, t_ref=0.0)
    current = run(current, 3, dt=far, arrivals={(1, "default"): 7.0})
    assert current.states["I_syn"][2] == pytest.approx(7.0, rel=1e-9) and current.states["I_syn"][3] < 7.0
    conductance = M.lif_cond_dexp(E_rev=0.0, tau_rise=rise, tau_decay=decay, V_th=NEVER, t_ref=0.0)
    assert run(conductance, 2, dt=far, arrivals={(1, "default"): 7.0}).states["g_syn"][2] == pytest.approx(7.0, rel=1e-9)


def test_the_weight_is_the_peak_of_an_alpha_conductance():
    model = M.lif_cond_alpha(E_rev=0.0, tau_syn=3.0, V_th=NEVER)
    trace = run(model, 50, dt=0.1, arrivals={(10, "default"): 4.0})
    assert trace.states["g_syn"][40] == pytest.approx(4.0, rel=1e-12) == trace.states["g_syn"].max()


def spikes_of(model, currents, duration, dt=0.01, method="rk4"):
    """Trains of neurons that differ in I_e."""
    net = hsnn.Network(dt=dt, threads=1)
    cells = net.population("cells", len(currents), model.with_parameters(I_e=np.array(currents)), method=method)
    net.record(cells, "spikes")
    return net.run(duration).spikes["cells"].trains()


CURRENTS = [480.0, 600.0, 800.0, 1000.0, 1500.0]


def adex_by_solver(current, duration):
    """Spike times of the paper's neuron, each interval by DOP853 until the event v = V_peak."""

    def slope(t, x):
        v, w = x
        dv = (-30.0 * (v + 70.6) + 60.0 * np.exp((v + 50.4) / 2.0) - w + current) / 281.0
        return [dv, (4.0 * (v + 70.6) - w) / 144.0]

    def peak(t, x):
        return x[0] - 0.0

    peak.terminal, times, start, x = True, [], 0.0, [-70.6, 0.0]
    while True:
        found = solve_ivp(slope, (start, duration), x, "DOP853", events=peak, rtol=1e-9, atol=1e-9)
        if not found.t_events[0].size:
            return np.array(times)
        start, x = found.t_events[0][0], [-70.6, found.y_events[0][0][1] + 80.5]
        times.append(start)


def test_adex_fires_as_its_equations_do():
    """V_peak 0 mV for both. A spike lies at the end of its step, half a step late in the mean; what w loses meanwhile adds
    to it: less than two steps an interval."""
    trains = spikes_of(M.adex(V_peak=0.0), CURRENTS, 400.0)
    for current, times in zip(CURRENTS, trains, strict=True):
        exact = adex_by_solver(current, 400.0)
        assert len(exact) == len(times)
        late = times - exact
        assert np.all(late > -1e-3) and np.all(np.diff(late, prepend=0.0) < 0.02)
    assert [len(each) for each in trains] == sorted(len(each) for each in trains) and len(trains[-1]) > len(trains[0])


def rate_by_integral(slope, t_ref, reset, peak):
    """Hz: the time from reset to peak is the integral of dv/(dv/dt)."""
    points = [reset + (peak - reset) * k / 8 for k in range(9)]
    parts = [quad(lambda v: 1.0 / slope(v), low, high)[0] for low, high in pairwise(points)]
    return 1000.0 / (t_ref + sum(parts))


@pytest.mark.parametrize("name", ["eif", "qif"])
def test_rates_are_those_of_the_integral(name):
    currents, dt, rates = [200.0, 400.0, 800.0], 0.005, []
    for current in currents:
        if name == "eif":
            rates.append(rate_by_integral(lambda v: exponential(0.0, [v, current])[0], 1.7, -68.0, -30.0))  # noqa: B023
        else:
            more = (current - 20.0) / 250.0
            rates.append(rate_by_integral(lambda v: quadratic(0.0, [v])[0] + more, 2.0, -68.0, -30.0))  # noqa: B023
    model = {"eif": M.eif(), "qif": M.qif()}[name]
    for rate, times in zip(rates, spikes_of(model, currents, 400.0, dt), strict=True):
        late = np.diff(times).mean() - 1000.0 / rate  # an interval ends with the step in which it does
        assert -1e-3 < late < dt + 1e-3


def test_the_upstroke_stays_finite_and_does_not_move_adaptation():
    """In the last step dv/dt is 1e13 mV/ms and more; w must not see it."""
    model = M.adex(I_e=1000.0, Delta_T=np.array([0.05, 0.5, 2.0]))
    fine = [each[0] for each in spikes_of(model, [1000.0] * 3, 30.0)]
    for precision in ("double", "single"):
        for method in ("rk2", "rk4"):
            net = hsnn.Network(dt=0.5, threads=1, precision=precision, backend="reference")
            cells = net.population("cells", 3, model, method=method)
            net.record(cells, "spikes")
            trace = net.record(cells, ("v", "w"), every=0.5)
            result = net.run(30.0)
            assert np.isfinite(result[trace]["v"].values).all()
            w = result[trace]["w"].values
            for neuron, times in enumerate(result.spikes["cells"].trains()):
                first = round(times[0] / 0.5) - 1
                assert times[0] == pytest.approx(fine[neuron], abs=1.0)
                assert 80.0 < w[first, neuron] - w[first - 1, neuron] < 83.0  # b, and what a adds within a step


@pytest.mark.parametrize("name, rheobase", [("RS", (-2.0 + 0.7 * 20.0) ** 2 / (4 * 0.7)), ("FS", 73.2)])
def test_cells_of_the_book_begin_to_fire_where_they_should(name, rheobase):
    """RS: its equilibria meet at I = (b + k (v_t - v_r))^2/(4 k) pA. FS: the least current of figure 8.27."""
    net = hsnn.Network(dt=0.05, threads=1)
    cells = net.population("cells", 2, M.izhikevich2007(name), method="rk4")
    net.drive(cells, hsnn.stimuli.current(np.array([0.97, 1.03]) * rheobase))
    net.record(cells, "spikes")
    silent, firing = net.run(1500.0).spikes["cells"].trains()
    assert len(silent) == 0 and len(firing) >= 2


# From rest, at a constant current (pA): what tells the cells of the book apart, by their intervals (ms).
CELLS = [
    ("RS", 100.0, lambda x: len(x) >= 4 and x.min() > 50.0 and x[-1] > x[0]),                 # slow, adapting
    ("IB", 500.0, lambda x: x[0] < 20.0 and x[1:].min() > 4 * x[0]),                          # two at once, then single ones
    ("CH", 400.0, lambda x: (x < 6.0).sum() >= 10 and (x > 20.0).sum() >= 8),                 # burst after burst
    ("LTS", 200.0, lambda x: x[-1] > 1.7 * x[0] and x[-1] < 40.0),                            # adapting
    ("FS", 200.0, lambda x: len(x) > 25 and x[1:].max() < 1.1 * x[1:].min() < 15.0),          # fast, without adaptation
    ("TC", 100.0, lambda x: len(x) >= 5 and x.min() > 40.0),                                  # tonic from rest
    ("RTN", 110.0, lambda x: x[0] < 25.0 and x[1:].min() > 55.0),
]  # fmt: skip


@pytest.mark.parametrize("name, current, as_it_should", CELLS, ids=[each[0] for each in CELLS])
def test_cells_of_the_book_fire_as_they_are_called(name, current, as_it_should):
    net = hsnn.Network(dt=0.05, threads=1)
    one = net.population("one", 1, M.izhikevich2007(name), method="rk4")
    net.drive(one, hsnn.stimuli.current(current))
    net.record(one, "spikes")
    intervals = np.diff(net.run(400.0).spikes["one"].times)
    assert as_it_should(intervals), intervals


def test_a_thalamic_cell_bursts_after_inhibition():
    """Held at -80 mV it answers the end of inhibition with a burst; from rest it does not (figure 8.31)."""
    net = hsnn.Network(dt=0.05, threads=1)
    cells = net.population("cells", 2, M.izhikevich2007("TC"), method="rk4")
    net.drive(cells, hsnn.stimuli.current(hsnn.steps([0.0, 120.0], [[-1200.0, 0.0], [0.0, 0.0]])))
    net.record(cells, "spikes")
    inhibited, rested = net.run(300.0).spikes["cells"].trains()
    assert len(rested) == 0 and len(inhibited) >= 3
    assert inhibited[0] > 120.0 and np.diff(inhibited[:3]).max() < 15.0


def test_values_left_out_are_those_of_the_cell():
    assert M.izhikevich2007("CH", C=60.0).parameters == {**M.izhikevich2007("CH").parameters, "C": 60.0}
    assert M.izhikevich2007(b=np.array([-2.0, 0.0])).parameters["b"].tolist() == [-2.0, 0.0]


@pytest.mark.parametrize("words, error, make", [
    ("cell 'TS' is unknown. Did you mean 'LTS'", UnknownNameError, lambda: M.izhikevich2007("TS")),
    ("izhikevich2007: C is 0; it must be above 0", ValueRangeError, lambda: M.izhikevich2007(C=0.0)),
    ("adex: Delta_T is 0; it must be above 0", ValueRangeError, lambda: M.adex(Delta_T=0.0)),
    ("adex: g_L is -1; it must be 0 or more", ValueRangeError, lambda: M.adex(g_L=-1.0)),
    ("adaptive_lif: tau_w is 0; it must be above 0", ValueRangeError, lambda: M.adaptive_lif(tau_w=0.0)),
    ("tau_rise is for a and tau_decay for b. Give the same keys", DeclarationError,
     lambda: M.lif_dexp(tau_rise={"a": 1.0}, tau_decay={"b": 1.0})),
    ("adex: tau_syn is for exc, inh and E_rev for exc. Give", DeclarationError, lambda: M.adex(E_rev={"exc": 0.0})),
    ("lif_cond_dexp: tau_rise_exc is -1", ValueRangeError,
     lambda: M.lif_cond_dexp(tau_rise={"exc": -1.0, "inh": 1.0})),
])  # fmt: skip
def test_what_a_model_cannot_be_is_refused(words, error, make):
    with pytest.raises(error, match=words.replace(".", r"\.")):
        make()
