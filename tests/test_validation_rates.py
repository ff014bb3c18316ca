"""Rates of the leaky neuron under white noise against Siegert's formula, and under constant current against its inverse."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erfcx

import hsnn_event as hsnn

TAU, T_REF, THETA, V_RESET = 10.0, 2.0, 15.0, 0.0  # ms, ms, mV, mV
SIGMA = np.sqrt(1.5)  # of the free potential: its variance is SIGMA**2 / 2


def siegert(mu, sigma, theta=THETA, reset=V_RESET):
    """The rate (Hz) of tau dV = (mu - V) dt + sigma sqrt(tau) dW."""
    area, _ = quad(lambda x: erfcx(-x), (reset - mu) / sigma, (theta - mu) / sigma)
    return 1000.0 / (T_REF + TAU * np.sqrt(np.pi) * area)


# A potential that is seen at the ends of steps only crosses a threshold later than one that is watched: as if it were
# higher by 0.5826 standard deviations of the change in a step (Broadie, Glasserman and Kou 1997, -zeta(1/2)/sqrt(2 pi)).
SHIFT = 0.5826


def test_siegert_itself_has_the_published_value():
    assert siegert(15.0, SIGMA) == pytest.approx(27.1095934379, abs=1e-9)


def network(dt, n, mu, seed=3):
    net = hsnn.Network(dt=dt, seed=seed, threads=1)
    cell = hsnn.models.lif_delta(C_m=TAU, tau_m=TAU, E_L=mu, V_th=THETA, V_reset=V_RESET, t_ref=T_REF)
    cells = net.population("cells", n, cell)
    net.record(cells, "spikes")
    return net, cells


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_white_noise_drives_at_the_rate_of_siegert(seed):
    dt, n = 0.05, 1000
    net, cells = network(dt, n, 15.0, seed)
    # A current held for a step, with C_m = tau_m in numbers, moves V by (1 - exp(-dt/tau)) times it.
    decay = np.exp(-dt / TAU)
    change = SIGMA * np.sqrt((1.0 - decay**2) / 2.0)
    net.drive(cells, hsnn.stimuli.noise(change / (1.0 - decay)))
    net.run(100.0)
    rate = net.run(1000.0).spikes["cells"].rate()
    shift = SHIFT * change
    expected = siegert(15.0, SIGMA, THETA + shift, V_RESET)
    # 27,000 intervals of CV below 0.7: 0.4 %; and the shift is good to a tenth of itself, 0.3 %.
    assert rate == pytest.approx(expected, rel=0.015)
    assert expected < rate * 1.015 < siegert(15.0, SIGMA) * 1.015  # below the watched one, as it must be


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("mu, sigma", [(12.0, 4.0), (16.0, 3.0)])
def test_poisson_spikes_drive_at_the_rate_of_siegert(mu, sigma, seed):
    """Jumps of 0.1 mV, up and down, so many that mean and variance are those asked for: mu - and sigma**2 tau/2."""
    n, dt, jump = 800, 0.05, 0.1
    net, cells = network(dt, n, 0.0, seed)
    total = sigma**2 / (TAU * jump**2)  # events a ms
    excess = mu / (TAU * jump)
    for sign in (1.0, -1.0):
        net.drive(cells, hsnn.stimuli.poisson(1000.0 * (total + sign * excess) / 2.0), weight=sign * jump)
    net.run(100.0)
    rate = net.run(1000.0).spikes["cells"].rate()
    # In a refractory step arrivals are lost, as in the formula; jumps of finite size overshoot by about half of one more.
    shift = SHIFT * sigma * np.sqrt(dt / TAU)
    assert rate == pytest.approx(siegert(mu, sigma, THETA + shift, V_RESET), rel=0.03)


@pytest.mark.parametrize("model", [hsnn.models.lif_delta, hsnn.models.lif_exp, hsnn.models.lif_alpha])
def test_the_f_i_curve_is_the_analytic_one(model):
    """One population, a current each: t_ref + tau log(v_inf / (v_inf - V_th)), up to the end of its step; 0 below 375 pA."""
    currents = np.array([300.0, 374.0, 380.0, 400.0, 500.0, 700.0, 1000.0, 2000.0])
    dt = 0.01
    net = hsnn.Network(dt=dt, threads=1)
    cells = net.population("cells", len(currents), model(C_m=250.0, tau_m=10.0, E_L=0.0, V_th=15.0, V_reset=0.0, t_ref=2.0))
    net.drive(cells, hsnn.stimuli.current(currents))
    net.record(cells, "spikes")
    spikes = net.run(300.0).spikes["cells"]
    for neuron, current in enumerate(currents):
        times = spikes.times[spikes.ids == neuron]
        reached = current / 25.0
        if reached <= 15.0:
            assert len(times) == 0
            continue
        interval = 2.0 + 10.0 * np.log(reached / (reached - 15.0))
        assert np.all(np.abs(np.diff(times) - interval - dt / 2) <= dt / 2 + 1e-9)
        if current in (400.0, 500.0, 1000.0):
            assert 1000.0 / interval == pytest.approx({400.0: 33.6407, 500.0: 63.0400, 1000.0: 149.2529}[current], abs=1e-4)
