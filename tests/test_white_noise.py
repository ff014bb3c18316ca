"""White noise in equations: the law of what comes out against theory, and the same bits everywhere."""

import numpy as np
import pytest
from scipy import integrate, linalg, stats

import hsnn_event as hsnn
from hsnn_event.errors import ExpressionError, MethodError, ModelError
from hsnn_event.lowering.arithmetic import evaluate
from hsnn_event.lowering.diffusion import cholesky, covariance
from hsnn_event.lowering.lowered import lower_model
from hsnn_event.lowering.program import lower, lower_network, trial_keys

N = 4000   # neurons, independent of each other
SDS = 4.5   # of a statistic: with fixed seeds a right law would pass for all but 7 seeds in a million

OU = hsnn.NeuronModel(
    name="ou",
    parameters={"mu": 3.0, "tau": 5.0, "sigma": 2.0},
    states={"x": 0.0},
    dynamics={"x": "(mu - x)/tau + sigma*sqrt(2/tau)*xi"},
    units={"mu": "pA", "x": "pA", "sigma": "pA", "tau": "ms"},
)
FILTERED = hsnn.NeuronModel(
    name="filtered",
    parameters={"tau": 5.0, "sigma": 20.0, "tau_m": 10.0, "R": 0.1, "E_L": -65.0},
    states={"v": "E_L", "I": 0.0},
    dynamics={"v": "(E_L - v + R*I)/tau_m", "I": "-I/tau + sigma*sqrt(2/tau)*xi"},
    units={"v": "mV", "E_L": "mV", "I": "pA", "sigma": "pA", "R": "GOhm", "tau": "ms", "tau_m": "ms"},
)


def model(dynamics, **fields):
    return hsnn.NeuronModel(name="m", states=dict.fromkeys(dynamics, 0.0), dynamics=dynamics, **fields)


def samples(of, duration, dt, size=N, method="auto", what=None, every=None, seed=5):
    """Each state as (times, neurons)."""
    net = hsnn.Network(dt=dt, seed=seed, backend="reference")
    cells = net.population("cells", size, of, method=method)
    trace = net.record(cells, what or tuple(of.states), every=every or duration)
    data = net.run(duration)[trace]
    return {name: data[name].values for name in of.states}


def assert_mean(values, mean):
    assert abs(values.mean() - mean) < SDS * values.std() / np.sqrt(values.size)


def assert_covariance(x, y, expected):
    """The standard deviation of a sample covariance comes from the sample itself."""
    products = (x - x.mean()) * (y - y.mean())
    assert abs(products.mean() - expected) < SDS * products.std() / np.sqrt(x.size)


def gains(of, method, dt, clamped=False, dtype="float64"):
    """What one step adds to each state: (of the states, of the standard normal numbers), by the kernel's own code."""
    lowered = lower_model(of, method, dt, dtype)
    kernel, constants = lowered.kernel, lowered.constants({}, 1)
    held = [constants[name] for name in kernel.constants]

    def step(states, inputs):
        loads = {"state": states, "constant": held, "input": inputs, "arrival": [0.0] * len(kernel.receptors)}
        return np.array([float(value) for value in evaluate(kernel.update, loads, clamped)])

    still, quiet = np.zeros(len(kernel.states)), np.zeros(len(kernel.inputs))
    rest = step(still, quiet)
    own = np.column_stack([step(row, quiet) - rest for row in np.eye(len(kernel.states))])
    kicks = [step(still, row) - rest for row in np.eye(len(kernel.inputs))]
    return own, np.column_stack(kicks) if kicks else np.zeros((len(kernel.states), 0))


def of_the_step(a, b, dt):
    """exp(a dt), and the covariance of a step, by Van Loan's block exponential (1978, IEEE Trans. Autom. Control 23:395)."""
    n = len(a)
    blocks = linalg.expm(dt * np.block([[-a, b @ b.T], [np.zeros((n, n)), a.T]]))
    propagator = blocks[n:, n:].T
    return propagator, propagator @ blocks[:n, n:]


@pytest.mark.parametrize("n, scale", [(1, 0.1), (2, 1.0), (3, 8.0), (4, 0.01)])
def test_the_covariance_of_a_step_is_that_of_the_block_exponential(n, scale):
    draw = np.random.default_rng(n)
    a = scale * (draw.normal(size=(5, n, n)) - 2.0 * np.eye(n))
    b = draw.normal(size=(5, n, 2))
    found = covariance(a, b)
    expected = np.array([of_the_step(one, other, 1.0)[1] for one, other in zip(a, b, strict=True)])
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9 * np.abs(expected).max())
    assert np.array_equal(found[2], covariance(a[2], b[2]))  # one neuron's numbers do not depend on the others
    factor = cholesky(found)
    assert np.array_equal(factor, np.tril(factor))
    assert factor @ np.swapaxes(factor, -1, -2) == pytest.approx(found, rel=1e-12, abs=1e-12 * np.abs(found).max())


@pytest.mark.parametrize("dt", [1e-3, 0.1, 20.0])
def test_the_step_of_a_filtered_process_keeps_its_digits(dt):
    """The variance that reaches v is of order dt**3: 1e-9 of that of the current at the smallest step."""
    own, kicks = gains(FILTERED, "exact", dt)
    tau, tau_m, scale = 5.0, 10.0, 20.0 * np.sqrt(2 / 5.0)

    def response(s):  # of v to a kick of the current
        return 0.1 / tau_m * (np.exp(-s / tau) - np.exp(-s / tau_m)) / (1 / tau_m - 1 / tau) * scale

    q = kicks @ kicks.T
    variance = integrate.quad(lambda s: response(s) ** 2, 0, dt, epsabs=0, epsrel=1e-12)[0]
    mixed = integrate.quad(lambda s: response(s) * scale * np.exp(-s / tau), 0, dt, epsabs=0, epsrel=1e-12)[0]
    assert q[0, 0] == pytest.approx(variance, rel=1e-9)
    assert q[0, 1] == pytest.approx(mixed, rel=1e-9)
    assert q[1, 1] == pytest.approx(400.0 * -np.expm1(-2 * dt / tau), rel=1e-12)
    assert own[1, 1] == pytest.approx(np.exp(-dt / tau), rel=1e-13)


@pytest.mark.parametrize("dt", [0.5, 2.5, 25.0])
def test_an_ornstein_uhlenbeck_process_has_its_law_at_any_step(dt):
    x = samples(OU, 50.0, dt)["x"]  # after 10 time constants exp(-20) of the start is left in the variance
    assert_mean(x[-1], 3.0)
    assert_covariance(x[-1], x[-1], 4.0)
    assert stats.kstest(x[-1], stats.norm(3.0, 2.0).cdf).pvalue > 1e-4


def test_its_autocorrelation_decays_with_its_time_constant():
    x = samples(OU, 42.0, 1.0, every=1.0)["x"]
    for lag in (1, 5, 12):
        assert_covariance(x[-1], x[-1 - lag], 4.0 * np.exp(-lag / 5.0))


@pytest.mark.parametrize("dt", [1.0, 20.0])
def test_a_membrane_filters_the_noise_of_its_current(dt):
    """v' = (E_L - v + R I)/tau_m: the variance is (R sigma)^2 tau/(tau + tau_m), as is the covariance over R."""
    found = samples(FILTERED, 100.0, dt)
    v, current = found["v"][-1], found["I"][-1]
    assert_mean(v, -65.0)
    assert_covariance(v, v, (0.1 * 20.0) ** 2 / 3)
    assert_covariance(v, current, 0.1 * 20.0**2 / 3)
    assert_covariance(current, current, 20.0**2)


def test_one_noise_in_two_equations_is_one_and_the_same():
    rate = "-{0}/tau + xi"
    twins = model({"x": rate.format("x"), "y": rate.format("y"), "z": "-z/tau + xi_1"}, parameters={"tau": 5.0})
    found = samples(twins, 20.0, 0.5)
    assert found["y"][-1] == pytest.approx(found["x"][-1], abs=1e-12)
    assert_covariance(found["x"][-1], found["z"][-1], 0.0)
    assert_covariance(found["z"][-1], found["z"][-1], 2.5 * -np.expm1(-8.0))


def test_a_clamped_state_passes_no_noise_on():
    """w follows v, which is clamped while the neuron is refractory; u shares the noise, and has its own law all the time."""
    cell = model(
        {"v": "-v/10 + xi", "w": "(v - w)/50", "u": "-u/5 + xi"}, threshold="v > 100", reset={"v": "0"},
        refractory={"duration": "2", "clamp": {"v": "0"}},
    )  # fmt: skip
    a, b = np.array([[-0.1, 0, 0], [0.02, -0.02, 0], [0, 0, -0.2]]), np.array([[1.0], [0.0], [1.0]])
    _, free = gains(cell, "exact", 0.5)
    assert free @ free.T == pytest.approx(of_the_step(a, b, 0.5)[1], rel=1e-9)
    _, held = gains(cell, "exact", 0.5, clamped=True)
    assert not held[:2].any()
    assert held[2] @ held[2] == pytest.approx((free @ free.T)[2, 2], rel=1e-12)


WATCHED = {"threshold": "x > 1e9", "reset": {"x": "0"}}  # so that x is left to the method


@pytest.mark.parametrize("method, growth, kick", [
    ("rk2", lambda z: 1 + z + z**2 / 2, lambda z: 1 + z / 2),
    ("rk4", lambda z: 1 + z + z**2 / 2 + z**3 / 6 + z**4 / 24, lambda z: 1 + z / 2 + z**2 / 6 + z**3 / 24),
    ("exponential_euler", np.exp, lambda z: np.expm1(z) / z),
    ("exact", np.exp, lambda z: np.sqrt(np.expm1(2 * z) / (2 * z))),
])  # fmt: skip
def test_methods_hold_noise_constant_over_the_step(method, growth, kick):
    own, kicks = gains(model({"x": "-x/tau + 3*xi"}, parameters={"tau": 5.0}, **WATCHED), method, 0.5)
    assert own[0, 0] == pytest.approx(growth(-0.1), rel=1e-13)
    assert kicks[0, 0] == pytest.approx(3 * np.sqrt(0.5) * kick(-0.1), rel=1e-13)


@pytest.mark.parametrize("method", ["rk2", "rk4", "exponential_euler"])
def test_the_stationary_variance_of_methods_is_of_second_order(method):
    """9 tau/2 for x' = -x/tau + 3 xi: half the step, a quarter of the error."""
    errors = []
    for dt in (0.5, 0.25):
        own, kicks = gains(model({"x": "-x/tau + 3*xi"}, parameters={"tau": 5.0}, **WATCHED), method, dt)
        errors.append(abs(kicks[0, 0] ** 2 / (1 - own[0, 0] ** 2) - 22.5))
    assert errors[0] < 22.5 * 0.1**2 / 2 and errors[0] / errors[1] == pytest.approx(4.0, rel=0.1)


def test_a_process_in_two_wells_keeps_its_stationary_law():
    """x' = x - x^3 + xi has the density exp(x^2 - x^4/2): Heun's error there is of second order in dt."""
    wells = model({"x": "x - x**3 + xi"})
    x = samples(wells, 10.0, 0.1, method="rk2")["x"][-1]
    weight, second, fourth = (
        integrate.quad(lambda x, k=k: x**k * np.exp(x**2 - x**4 / 2), -6, 6)[0] for k in (0, 2, 4)
    )
    for power, moment in ((2, second / weight), (4, fourth / weight)):
        values = x**power
        assert abs(values.mean() - moment) < SDS * values.std() / np.sqrt(N) + 0.1**2 * moment


def test_a_synapse_of_noise_stays_exact_beside_what_is_not_linear():
    cell = model(
        {"v": "0.04*v**2 + g*(1 - v)", "g": "-g/tau + sigma*sqrt(2/tau)*xi"}, parameters={"tau": 5.0, "sigma": 2.0},
        threshold="v > 30", reset={"v": "0"},
    )  # fmt: skip
    for method in ("rk2", "rk4"):
        own, kicks = gains(cell, method, 0.5)
        assert own[1, 1] == pytest.approx(np.exp(-0.1), rel=1e-13)
        assert kicks[1, 0] == pytest.approx(2.0 * np.sqrt(-np.expm1(-0.2)), rel=1e-13)


def test_a_noise_that_a_state_multiplies_is_itos():
    """x' = mu x + s x xi: the mean grows with mu (Stratonovich: with mu + s^2/2), the mean square with 2 mu + s^2."""
    growing = model({"x": "mu*x + s*x*xi"}, parameters={"mu": 0.1, "s": 0.3}).extend(states={"x": 1.0})
    assert lower_model(growing, "auto", 0.1).method == "exponential_euler"
    x = samples(growing, 5.0, 0.1)["x"][-1]
    assert_mean(x, np.exp(0.5))
    squares = x**2
    step_error = 0.1 * 0.3**2  # first order in dt, relative
    assert abs(squares.mean() - np.exp(1.45)) < SDS * squares.std() / np.sqrt(N) + step_error * np.exp(1.45)


@pytest.mark.parametrize("dynamics, method, message", [
    ({"x": "x*xi - x"}, "rk2", r"method 'rk2' does not fit: dx/dt contains x\*xi, noise times a state.*'exponential_euler'"),
    ({"x": "x*xi - x"}, "exact", r"method 'exact' does not fit: dx/dt contains x\*xi"),
    ({"x": "x*xi - x**2"}, "auto", r"method 'rush_larsen' does not fit: dx/dt contains -x\*\*2.* fit: none"),
    ({"x": "x**2 + xi"}, "exact", r"method 'exact' does not fit: dx/dt contains x\*\*2"),
])  # fmt: skip
def test_a_method_that_does_not_fit_names_the_term(dynamics, method, message):
    with pytest.raises(MethodError, match=message):
        lower_model(model(dynamics), method, 0.1)


def test_without_a_clock_there_is_no_noise():
    net = hsnn.Network(dt=None, seed=1)
    net.population("cells", 1, FILTERED)
    with pytest.raises(MethodError, match=r"'cells': filtered: schedule='exact' .*: dI/dt contains .*xi.*white noise"):
        net.run(1.0)


@pytest.mark.parametrize("error, message, fields", [
    (ExpressionError, r"dynamics\['x'\]: xi \* xi is not linear in xi", {"dynamics": {"x": "xi*xi"}}),
    (ExpressionError, r"exp\(xi_2\) is not linear in xi_2", {"dynamics": {"x": "-x + exp(xi_2)"}}),
    (ExpressionError, r"xi \*\* 2 is not linear", {"dynamics": {"x": "xi**2"}}),
    (ExpressionError, r"x / \(1 \+ xi\) is not linear", {"dynamics": {"x": "x/(1 + xi)"}}),
    (ExpressionError, r"where\(x > 0, xi, 0\) is not linear", {"dynamics": {"x": "where(x > 0, xi, 0)"}}),
    (ExpressionError, r"threshold: 'xi' is white noise, which stands in `dynamics` only",
     {"threshold": "x > xi", "reset": {"x": "0"}}),
    (ExpressionError, r"reset\['x'\]: 'xi' is white noise", {"threshold": "x > 1", "reset": {"x": "xi"}}),
    (ExpressionError, r"expressions\['y'\]: 'xi_1' is white noise", {"expressions": {"y": "2*xi_1"}}),
    (ExpressionError, r"states\['x'\]: 'xi' is white noise", {"states": {"x": "xi"}}),
    (ExpressionError, r"receptors\['d'\]\['x'\]: 'xi' is white noise", {"receptors": {"d": {"x": "x + weight*xi"}}}),
    (ModelError, "the name 'xi' is that of white noise. Choose another", {"parameters": {"xi": 1.0}}),
    (ModelError, "the name 'xi__x' is that of white noise", {"inputs": {"xi__x": 1.0}}),
])  # fmt: skip
def test_noise_stands_in_dynamics_and_is_added(error, message, fields):
    with pytest.raises(error, match=message):
        model({"x": "-x"}).extend(**fields)


def noisy_network(**keywords):
    """Noise that is exact, of Heun, of Euler, shared, multiplied, with neurons of different parameters; and a drive."""
    net = hsnn.Network(dt=0.1, seed=9, **keywords)
    leaky = hsnn.models.lif_exp(tau_m=np.linspace(8.0, 12.0, 300), I_e=330.0).extend(
        "noisy", parameters={"sigma": 90.0, "tau": 4.0}, states={"I_x": 0.0},
        dynamics={"v": "(E_L - v)/tau_m + (I_syn + I_x + I_e + I)/C_m + 0.5*xi_1",
                  "I_x": "-I_x/tau + sigma*sqrt(2/tau)*xi"},
    )  # fmt: skip
    spiking = hsnn.models.izhikevich().extend("spiking", dynamics={
        "v": "0.04*v**2 + 5*v + 140 - u + I + 10 + 4*xi", "u": "a*(b*v - u) + 0.1*xi"})  # fmt: skip
    growing = model({"x": "1 - x/20 + 0.2*x*xi"}, threshold="x > 12", reset={"x": "0"})
    one = net.population("one", 300, leaky)
    two = net.population("two", 70, spiking)
    net.population("three", 50, growing)
    net.drive(one, hsnn.stimuli.noise(50.0))
    net.connect(two, one, hsnn.connect.fixed_outdegree(5), weight=100.0, delay=0.5)
    for population in net.populations.values():
        net.record(population, "spikes")
    return net


def ends(net):
    return [net[name].get(state) for name in net.populations for state in net[name].model.states]


@pytest.fixture(scope="module", params=["double", "single"])
def judged(request):
    net = noisy_network(backend="reference", precision=request.param)
    spikes = net.run(30.0).spikes
    assert all(len(spikes[name]) > 20 for name in net.populations)
    return request.param, spikes, ends(net)


@pytest.mark.parametrize("threads, blocks, pieces", [(1, 1, [30.0]), (2, 3, [0.1, 12.9, 17.0])])
def test_backends_teams_and_cuts_agree_to_the_bit(judged, threads, blocks, pieces):
    precision, spikes, end = judged
    net = noisy_network(threads=threads, blocks=blocks, precision=precision)
    found = hsnn.concatenate([net.run(piece) for piece in pieces]).spikes
    assert all(found[name] == spikes[name] for name in net.populations)
    assert all(np.array_equal(one, other) for one, other in zip(ends(net), end, strict=True))


def test_trials_draw_anew_and_a_saved_network_goes_on(tmp_path):
    net = noisy_network(backend="reference")
    net.run(3.0)
    net.save(tmp_path / "net.h5")
    middle = ends(net)
    net.run(2.0)
    again = hsnn.Network.load(tmp_path / "net.h5")
    again.run(2.0)
    assert all(np.array_equal(one, other) for one, other in zip(ends(net), ends(again), strict=True))
    net.reset(trial=1)
    net.run(3.0)
    assert not any(np.array_equal(one, other) for one, other in zip(ends(net)[:3], middle[:3], strict=True) if one.any())
    net.reset(trial=0)
    net.run(3.0)
    assert all(np.array_equal(one, other) for one, other in zip(ends(net), middle, strict=True))


def test_every_noise_has_a_stream_of_its_own():
    net = noisy_network(backend="reference")
    models = lower_network(net).models
    plans = lower(net).noise
    assert [plan.input for plan in plans] == ["I", "xi__v", "xi__I_x", "xi", "xi"]
    assert len({plan.key for plan in plans}) == len(plans)
    assert trial_keys(net, models, 0) == lower(net).keys
    assert not set(trial_keys(net, models, 0)) & set(trial_keys(net, models, 1))


def test_noise_is_no_input_and_costs_nothing_where_it_is_not_read():
    assert FILTERED.noise == ("xi",) and FILTERED.inputs == {}
    assert lower_model(FILTERED, "exact", 0.1).kernel.inputs == ("xi__v", "xi__I")
    assert lower_model(hsnn.models.lif_exp(), "exact", 0.1).kernel.inputs == ()


@pytest.mark.parametrize("rate, method, variance", [
    ("3*xi", "exact", 9.0), ("(xi + xi_1)/2 - xi_1/2", "exact", 0.25), ("0*xi + 1", "exact", 0.0), ("-3*xi", "rk2", 9.0),
])  # fmt: skip
def test_noise_alone_is_a_random_walk(rate, method, variance):
    own, kicks = gains(model({"x": rate}, **WATCHED), method, 0.5)
    assert own[0, 0] == 1.0 and (kicks**2).sum() == pytest.approx(0.5 * variance, rel=1e-13)


def test_the_strength_of_noise_may_be_an_input():
    """sqrt(dt) s x is what a step adds where the input s is held over it."""
    driven = model({"x": "s*xi"}, inputs={"s": 0.0})
    lowered = lower_model(driven, "auto", 0.25, inputs_used=("s",))
    assert lowered.method == "rk2" and lowered.kernel.inputs == ("s", "xi")
    loads = {"state": [1.0], "input": [3.0, -2.0], "constant": list(lowered.constants({}, 1).values())}
    assert float(evaluate(lowered.kernel.update, loads)[0]) == pytest.approx(1.0 - 3.0 * 2.0 * 0.5, rel=1e-14)


def test_noise_cannot_be_recorded_but_its_state_can():
    net = hsnn.Network(dt=0.1, backend="reference")
    with pytest.raises(ExpressionError, match="'xi' is white noise"):
        net.record(net.population("cells", 1, OU), "2*xi")
        net.run(0.1)
