"""Defects that the seed's systems have and this one must not; one section a part."""

import numpy as np
import pytest
from single_neuron import run

import hsnn_event as hsnn

M = hsnn.models

# ---------------------------------------------------------------------------------------------- integrate-and-fire neurons


def counts(model, currents, duration=1000.0, dt=0.1, **values):
    """Spikes of neurons that differ in a constant current, on the clock."""
    net = hsnn.Network(dt=dt, threads=1)
    cells = net.population("cells", len(currents), model)
    cells.set(**values)
    net.drive(cells, hsnn.stimuli.current(np.array(currents)))
    net.record(cells, "spikes")
    return net.run(duration).spikes["cells"].counts(duration, per_neuron=True).ravel().tolist()


def test_the_leaky_neuron_has_the_seeds_rates_where_the_seed_is_right():
    """Spikes in 1 s of the seed's equations in double precision, Euler at 0.1 ms; here exact: one more or less."""
    model = M.lif_delta(C_m=100.0, tau_m=10.0, E_L=-75.0, V_th=-55.0, V_reset=-75.0, t_ref=10.0)
    assert counts(model, [150.0, 201.0, 250.0, 400.0]) == pytest.approx([0, 16, 38, 59], abs=1)


def test_the_seeds_quadratic_neuron_is_ours_with_other_values():
    """Its rheobase is alpha ((v_c - v_reset)/2)^2 = 56.25."""
    model = M.qif(C_m=100.0, tau_m=100.0, a_0=1.0, v_rest=-75.0, v_crit=-60.0, V_th=-55.0, V_reset=-75.0, t_ref=10.0)
    assert counts(model, [56.0, 57.0, 100.0]) == pytest.approx([0, 2, 25], abs=1)


def test_the_exponential_of_adex_matters():
    """The seed cuts the spike at the knee of the exponential, so that its AdEx fires as its adaptive LIF does."""
    currents = [600.0, 700.0, 1500.0, 2500.0]
    linear, exponential = counts(M.adaptive_lif(), currents), counts(M.adex(), currents)
    assert all(one != other for one, other in zip(linear, exponential, strict=True))
    trace = run(M.adex(), 1, dt=1e-4, method="rk4", initial={"v": -40.0})  # above the knee the exponential rules
    assert trace.states["v"][1] + 40.0 == pytest.approx(1e-4 * 60.0 * np.exp(10.4 / 2.0) / 281.0, rel=0.1)


def test_adaptation_follows_the_potential_too():
    trace = run(M.adex(I_e=200.0), 20_000, dt=0.1)
    v, w = trace.states["v"][-1], trace.states["w"][-1]
    assert trace.spikes == [] and w == pytest.approx(4.0 * (v + 70.6), rel=1e-4) and w > 10.0


@pytest.mark.parametrize("model", [M.adaptive_lif, M.adex], ids=lambda each: each.__name__)
def test_capacitance_conductances_and_currents_have_one_scale(model):
    """Equations right in their dimensions do not know the unit of current. The seed divides dw by the membrane's time
    constant and dv by the capacitance where the time constant belongs."""
    own = model().parameters
    tenfold = {name: 10.0 * own[name] for name in ("C_m", "g_L", "a", "b")}
    steps = [run(made, 2000, dt=0.1).spikes for made in (model(I_e=900.0), model(I_e=9000.0, **tenfold))]
    assert steps[0] == steps[1] and len(steps[0]) > 5


@pytest.mark.parametrize(
    "model, weight", [(M.lif_exp(t_ref=0.0), 100.0), (M.lif_delta(t_ref=0.0), 1.0)], ids=["exp", "delta"]
)
def test_the_effect_of_an_event_does_not_depend_on_dt(model, weight):
    """In the seed an event is a pulse of one step, so that its charge is proportional to dt."""
    peaks = []
    for dt in (0.01, 0.1, 0.5):
        trace = run(model, round(20.0 / dt), dt=dt, arrivals={(round(1.0 / dt), "default"): weight})
        peaks.append(trace.states["v"].max() + 70.0)
        assert trace.states["v"][-1] + 70.0 == pytest.approx(run(model, 20_000, dt=0.001, arrivals={
            (1000, "default"): weight}).states["v"][-1] + 70.0, rel=1e-9)  # fmt: skip
    assert peaks == pytest.approx([peaks[0]] * 3, rel=0.01)


def test_refractoriness_lasts_as_long_whatever_dt():
    """In the seed its shape depends on dt."""
    for dt in (0.01, 0.1, 0.5):
        trace = run(M.lif_delta(I_e=1000.0, t_ref=2.0), round(30.0 / dt), dt=dt)
        free = np.flatnonzero(trace.states["v"][trace.spikes[0] :] > -70.0)[0]  # steps from the spike to the first free one
        assert (free - 1) * dt == pytest.approx(2.0)


def test_izhikevichs_neuron_is_the_published_one():
    """Not slowed down by a capacitance of 100, and u at rest on its nullcline. Spikes in 1 s of the seed's equations with
    its c, its u and a capacitance of 1."""
    assert counts(M.izhikevich(c=-55.0), [5.0, 10.0, 20.0], u=30.0) == pytest.approx([9, 20, 41], abs=2)
    assert M.izhikevich().parameters["c"] == -65.0 and M.izhikevich().states["u"] == "b*v"


def test_the_leaky_izhikevich_neuron_fires():
    """The seed's is all but silent: twice in a second at 300. Here u opposes the input as the leak that it is."""
    assert min(counts(M.leaky_izhikevich(), [0.0, 30.0, 300.0])) > 20


def test_spikes_carry_the_time_at_which_they_happen():
    """In one of the seed's systems every spike has time 0."""
    net = hsnn.Network(dt=0.1, threads=1)
    net.record(net.population("cell", 1, M.lif_delta(I_e=1000.0)), "spikes")
    assert net.run(20.0).spikes["cell"].times.tolist() == pytest.approx([4.8, 11.6, 18.4])


# ------------------------------------------------------------------------------------------------------ sources of spikes


def test_listed_spikes_come_at_their_times_and_once():
    """The seed reads the list as intervals, and begins again at its end."""
    net = hsnn.Network(dt=0.1, threads=1)
    net.record(net.population("listed", 1, M.spike_source([3.0, 5.0, 6.0])), "spikes")
    assert net.run(50.0).spikes["listed"].times.tolist() == [3.0, 5.0, 6.0]


@pytest.mark.parametrize("dt", [0.05, 0.1, 1.0])
def test_the_rate_of_a_poisson_source_does_not_depend_on_dt(dt):
    """The seed's chance a step changes its meaning when dt is set later."""
    net = hsnn.Network(dt=dt, seed=2, threads=1)
    net.record(net.population("source", 2000, M.poisson(20.0)), "spikes")
    assert net.run(1000.0).spikes["source"].rate() == pytest.approx(20.0, abs=4 * np.sqrt(20.0 / 2000))  # 4 standard errors


def test_runs_are_reproducible():
    """The seed's random numbers have no seed."""

    def spikes(seed):
        net = hsnn.Network(dt=0.1, seed=seed, threads=1)
        net.record(net.population("source", 50, M.poisson(50.0)), "spikes")
        return net.run(100.0).spikes["source"]

    assert spikes(1) == spikes(1) != spikes(2)
