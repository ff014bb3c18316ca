"""Kernels in closed form against 50 digits: flows, crossings, what is safe, and which models have none."""

import mpmath
import numpy as np
import pytest
from exact_truth import DIGITS, EPS, Course, Exponential, Kernel, Linear, quadratic_crossing, quadratic_flow

import hsnn_event as hsnn
from hsnn_event.lowering.exact import lower_exact

MPF = mpmath.mpf
ALPHA, THREE, QIF = hsnn.models.lif_alpha(), hsnn.models.lif_exp(tau_syn={"a": 1.0, "b": 2.0, "c": 3.0}), hsnn.models.qif()


@pytest.fixture(autouse=True)
def digits():
    with mpmath.workdps(DIGITS):
        yield


def model(dynamics, parameters, threshold="v >= V_th"):
    return hsnn.NeuronModel(
        name="own", parameters={"V_th": 1.0, **parameters}, states=dict.fromkeys(dynamics, 0.0), dynamics=dynamics,
        inputs={"I": 0.0}, receptors={"default": {"v": "v + weight"}}, threshold=threshold, reset={"v": "0"},
    )  # fmt: skip


UNITY = {"tau": 1.0, "tau_w": 1.0, "a": 1.0, "E": 0.0}
ADAPTIVE = model({"v": "(E - v)/tau - w + I", "w": "a*(v - E)/tau_w - w/tau_w"}, UNITY)
OSCILLATOR = model({"v": "k*u", "u": "-k*v - 2*g*u"}, {"k": 1.0, "g": 0.0})
CRITICAL = model({"v": "u", "u": "I - k*k*v - 2*k*u"}, {"k": 1.0})
CHAIN = model({"v": "u + I", "u": "k*I"}, {"k": 1.0})
CONSERVED = model({"v": "I - k*(v - u)", "u": "k*(v - u)"}, {"k": 1.0})
PERFECT = model({"v": "I + k"}, {"k": 1.0})
GROWING = model({"v": "u - g*v + I", "u": "k*u"}, {"k": 1.0, "g": 1.0})
OWN_QUADRATIC = model({"v": "k*v**2 + b*v + c + I"}, {"k": 1.0, "b": 0.0, "c": 0.0})


def membrane(p, *columns):
    """The row and constant of v of a leaky neuron."""
    return [-1 / p["tau_m"], *columns], p["E_L"] / p["tau_m"] + p["I_e"] / p["C_m"]


def alpha(p):
    (row, push), rate = membrane(p, 1 / p["C_m"], 0), 1 / p["tau_syn"]
    return [row, [0, -rate, 1], [0, 0, -rate]], [push, 0, 0]


def exponential(p):
    names = [name for name in p if name.startswith("tau_syn")]
    row, push = membrane(p, *[1 / p["C_m"]] * len(names))
    rows = [[-1 / p[names[k]] if j == k + 1 else 0 for j in range(len(names) + 1)] for k in range(len(names))]
    return [row, *rows], [push] + [0] * len(names)


def adaptive(p):
    rows = [[-1 / p["tau"], -1], [p["a"] / p["tau_w"], -1 / p["tau_w"]]]
    return rows, [p["E"] / p["tau"] + p["I"], -p["a"] * p["E"] / p["tau_w"]]


# name: model, its equations as (A, b), is what has decayed gone (else errors grow with |A| h)
SYSTEMS = {
    "lif_delta": (hsnn.models.lif_delta(), lambda p: (lambda row, push: ([row], [push]))(*membrane(p)), True),
    "lif_exp": (hsnn.models.lif_exp(), exponential, True),
    "three receptors": (THREE, exponential, True),
    "lif_alpha": (ALPHA, alpha, True),
    "adaptive": (ADAPTIVE, adaptive, True),
    "critical": (CRITICAL, lambda p: ([[0, 1], [-p["k"] ** 2, -2 * p["k"]]], [0, p["I"]]), True),
    "oscillator": (OSCILLATOR, lambda p: ([[0, p["k"]], [-p["k"], -2 * p["g"]]], [0, 0]), False),
    "chain": (CHAIN, lambda p: ([[0, 1], [0, 0]], [p["I"], p["k"] * p["I"]]), False),
    "conserved": (CONSERVED, lambda p: ([[-p["k"], p["k"]], [p["k"], -p["k"]]], [p["I"], 0]), False),
    "perfect": (PERFECT, lambda p: ([[0]], [p["I"] + p["k"]]), False),
    "growing": (GROWING, lambda p: ([[-p["g"], 1], [0, p["k"]]], [p["I"], 0]), False),
}


def parameters(name, random, n):
    """Random numbers for every parameter: time constants that are equal, nearly equal, and far apart."""
    if "lif" not in name and name != "three receptors":
        found = {"V_th": np.full(n, 1.0), "k": random.uniform(0.1, 2, n), "I": random.uniform(-1, 1, n)}
        if name == "adaptive":
            found |= {"V_th": np.full(n, -55.0), "E": np.full(n, -70.0), "tau": random.uniform(2, 50, n)}
            found |= {"tau_w": random.uniform(20, 500, n), "a": random.uniform(-0.01, 0.5, n), "I": random.uniform(0, 3, n)}
        if name == "growing":
            found |= {"k": random.uniform(-0.1, 0.3, n), "g": random.uniform(0, 1, n), "I": random.uniform(-0.3, 0, n)}
        if name == "oscillator":
            found["g"] = random.uniform(0, 0.3, n) * (random.random(n) < 0.7)
        return {each: found[each] for each in found if each in {*SYSTEMS[name][0].parameters, "I"}}
    declared = SYSTEMS[name][0].parameters
    found = {each: np.full(n, float(value)) for each, value in declared.items()}
    found |= {"tau_m": random.uniform(2, 50, n), "I_e": random.uniform(0, 600, n)}
    for each in (each for each in declared if each.startswith("tau_syn")):
        found[each] = random.choice([0.1, 0.5, 2.0, 5.0, 100.0], n)
        near, kind = found["tau_m"] * random.choice([1.0, 1 + 1e-9, 1.01, 0.5, 0.6, 1.9], n), random.integers(0, 2, n)
        found[each] = np.where(kind == 0, near, found[each])
    return found


def starts(name, random, n):
    if name in ("oscillator", "chain", "conserved", "critical", "perfect", "growing"):
        return [random.uniform(-1, 0.99, n), *(random.normal(0, 1, n) for _ in range(len(SYSTEMS[name][0].states) - 1))]
    size = 0.3 if name == "adaptive" else 300.0
    return [random.uniform(-80, -55.01, n), *(random.normal(0, size, n) for _ in range(len(SYSTEMS[name][0].states) - 1))]


def courses(name, values, states):
    """The truth of each case."""
    for k in range(len(states[0])):
        p = {each: MPF(float(value[k])) for each, value in values.items()}
        yield Linear(*SYSTEMS[name][1](p), [float(state[k]) for state in states], float(values["V_th"][k]))


@pytest.mark.parametrize("name", SYSTEMS)
def test_flows_agree_with_the_matrix_exponential(name):
    random, n = np.random.default_rng(1), 100
    values, states = parameters(name, random, n), starts(name, random, n)
    elapsed = 10.0 ** random.uniform(-9, 3 if name == "growing" else 6, n)
    found = Kernel(SYSTEMS[name][0], values).run("flow", states, elapsed)
    for k, course in enumerate(courses(name, values, states)):
        truth = course.at(MPF(float(elapsed[k])))
        size = reached(course, elapsed[k], truth)
        growth = 1.0 if SYSTEMS[name][2] else 1.0 + sum(abs(float(each)) for row in course.a for each in row) * elapsed[k]
        for j, value in enumerate(truth):
            assert abs(float(value - MPF(float(found[j][k])))) < 8 * EPS * size * growth + 1e-30, (k, j)


def reached(course, elapsed, truth):
    """The size of states and of what they are sums of: every state's, times its longest way into another."""
    middle = [course.at(MPF(float(elapsed * part))) for part in (0.01, 0.1, 0.5)]
    sizes = [abs(float(x)) for now in (*middle, truth, course.start) for x in now]
    pushes = [abs(float(x)) * 50 for x in course.b]
    ways = 0.0  # of a current whose time constant is that of the membrane: flow.py rounds exp(-h/tau) beside 1
    for j in range(1, len(course.a)):
        apart = abs(float(course.a[j][j] - course.a[0][0]))
        ways = max(ways, abs(float(course.a[0][j]) * course.start[j]) * min(max(elapsed, 50.0), 1 / max(apart, 1e-300)))
    return max(*sizes, *pushes, ways)


def test_what_decays_keeps_its_digits():
    """Of an alpha-shaped current all digits are right, even where it is 1e-28 of what it was."""
    random, n = np.random.default_rng(2), 100
    values, states = parameters("lif_alpha", random, n), starts("lif_alpha", random, n)
    states[1:] = [np.abs(states[1])] * 2
    elapsed = values["tau_syn"] * random.uniform(0, 60, n)
    kernel = Kernel(ALPHA, values)
    found, held = (kernel.run(section, states, elapsed) for section in ("flow", "clamped"))
    assert (held[0] == -70.0).all()
    for k in range(n):
        fade = mpmath.exp(-MPF(float(elapsed[k])) / MPF(float(values["tau_syn"][k])))
        truth = (MPF(float(states[1][k])) + MPF(float(states[2][k])) * MPF(float(elapsed[k]))) * fade
        assert abs(found[1][k] / truth - 1) < 200 * EPS
        assert abs(held[1][k] - truth) < 8 * EPS * states[1][k] * (1 + elapsed[k])


def assert_crossing(found, course: Course, longest, level):
    """Within 1e-11 ms and what rounding the potential makes of it. Gives whether there is one."""
    truth, slope, peak = course.crossing(longest)
    if (truth is None) != (not np.isfinite(found)):
        assert peak < 1e-12 * abs(level), (truth, found, peak)
        return False
    if truth is not None:
        error = abs(float(truth - MPF(float(found))))
        assert error < 1e-11 + 8 * EPS * abs(level) / abs(slope) or peak < 1e-12 * abs(level), (float(truth), error, slope)
    return truth is not None


@pytest.mark.parametrize("name", [name for name in SYSTEMS if name not in ("lif_exp", "three receptors")])
def test_crossings_of_linear_systems(name):
    random, n = np.random.default_rng(3), 100
    values, states = parameters(name, random, n), starts(name, random, n)
    longest = 30.0 if "V_th" in values and values["V_th"][0] == 1.0 else 1500.0
    kernel = Kernel(SYSTEMS[name][0], values)
    found, looks = kernel.crossing(states, longest)
    cases = enumerate(courses(name, values, states))
    assert sum(assert_crossing(found[k], course, longest, values["V_th"][k]) for k, course in cases) >= 15
    assert looks.max() < 300
    assert_safe(kernel, states, found, random)


def assert_safe(kernel, states, found, random):
    """`safe` is never true where there is a crossing, and true somewhere."""
    late = np.where(np.isfinite(found), found, 1e9)
    for factor in (1 + 1e-9, 1.5, 10.0):
        assert not (kernel.run("safe", states, late * factor)[0] & np.isfinite(found)).any()
    early = late * random.random(len(late)) * 0.1
    assert np.broadcast_to(kernel.run("safe", states, early)[0], late.shape).sum() > len(late) / 10


def grazing(values, states, random):
    """Some currents are made so that the peak comes as near to the threshold as 1e-3 ... 1e-11 mV, from both sides."""
    for k in range(0, len(states[0]), 3):
        values["I_e"][k], states[0][k] = 0.0, -70.0
        states[1][k] = abs(states[1][k]) + 1.0
        for other in states[2:]:
            other[k] = 0.0
        tau, own = values["tau_m"][k], next(values[name][k] for name in values if name.startswith("tau_syn"))
        peak = np.exp(-1) * tau if abs(own / tau - 1) < 1e-6 else (own / tau) ** (own / (tau - own)) * own
        wanted = 15.0 + random.choice([-1, 1]) * 10.0 ** random.uniform(-11, -3)
        states[1][k] = wanted * 250.0 / peak


@pytest.mark.parametrize("name, n", [("lif_exp", 2500), ("three receptors", 500)])
def test_crossings_of_exponential_currents(name, n):
    random = np.random.default_rng(4)
    values, (v, *currents) = parameters(name, random, n), starts(name, random, n)
    states = [v, *(4 * current for current in currents)]
    grazing(values, states, random)
    kernel = Kernel(SYSTEMS[name][0], values)
    found, looks = kernel.crossing(states, 3000.0)
    taus = [values[each] for each in values if each.startswith("tau_syn")]
    fired = 0
    for k in range(n):
        p = {each: MPF(float(value[k])) for each, value in values.items()}
        currents = [(MPF(float(state[k])), MPF(float(tau[k]))) for state, tau in zip(states[1:], taus, strict=True)]
        rest = p["E_L"] + p["I_e"] * p["tau_m"] / p["C_m"]
        course = Exponential(rest, p["tau_m"], p["C_m"], p["V_th"], MPF(float(states[0][k])), currents)
        fired += assert_crossing(found[k], course, 3000.0, -55.0)
    assert n / 5 < fired < 0.9 * n and looks.max() < 100
    assert_safe(kernel, states, found, random)


def quadratic_cases(random, n, rheobase=0.07 / 10.0 * 7.5**2 * 250.0):
    """Currents below, above, at and within 1e-15 ... 1e-2 of the rheobase."""
    values, kind = {each: np.full(n, float(value)) for each, value in QIF.parameters.items()}, random.integers(0, 4, n)
    near = rheobase * (1 + random.normal(0, 1, n) * 10.0 ** random.uniform(-15, -2, n))
    choices = [random.uniform(0, rheobase, n), random.uniform(rheobase, 5 * rheobase, n), near, np.full(n, rheobase)]
    values["I_e"], values["V_th"] = np.choose(kind, choices), random.choice([-30.0, 30.0, -60.0], n)
    v = np.minimum(random.uniform(-90, -30, n), values["V_th"] - 10.0 ** random.uniform(-6, 1, n))
    return values, v


def coefficients(p, shift=0):
    """a, b, c of v' with the current changed by `shift` roundings: what a float64 current cannot decide."""
    a = p["a_0"] / p["tau_m"]
    current = p["I_e"] * (1 + shift * MPF(EPS)) / p["C_m"]
    return a, -a * (p["v_rest"] + p["v_crit"]), a * p["v_rest"] * p["v_crit"] + current


def test_crossings_and_flows_of_the_quadratic_neuron():
    random, n = np.random.default_rng(5), 1500
    values, v = quadratic_cases(random, n)
    kernel = Kernel(QIF, values)
    found, _ = kernel.crossing([v])
    elapsed = np.where(np.isfinite(found), found * random.random(n), 10.0 ** random.uniform(-9, 6, n))
    moved = kernel.run("flow", [v], elapsed)[0]
    for k in range(n):
        p = {each: MPF(float(value[k])) for each, value in values.items()}
        start, time = MPF(float(v[k])), MPF(float(elapsed[k]))
        noise = 4 * EPS * abs(v[k])
        cases = [(coefficients(p, shift), start + move) for shift, move in ((0, 0), (20, noise), (-20, -noise))]
        truths = [quadratic_crossing(*each, at, p["V_th"]) for each, at in cases]
        if None in truths:
            if set(truths) != {None}:
                continue  # rounding decides whether there is a crossing, or below whether it has been
            assert found[k] == np.inf
        else:
            spread = max(abs(float(truth - truths[0])) for truth in truths)
            assert abs(float(truths[0] - MPF(float(found[k])))) < 1e-11 + spread, k
        if None not in truths and min(truths) <= time:
            continue
        after = [quadratic_flow(*each, at, time) for each, at in cases]
        spread = max(abs(float(each - after[0])) for each in after)
        error = abs(float(after[0] - MPF(float(moved[k]))))
        assert error < 8 * EPS * max(abs(v[k]), abs(float(after[0]))) + 2 * spread, k
    assert n / 5 < np.isfinite(found).sum() < 0.95 * n
    assert_safe(kernel, [v], found, random)


@pytest.mark.parametrize("driven", [(), ("I",)])
def test_a_quadratic_model_of_ones_own(driven):
    """All signs of q, a straight one (a = 0) and a downward one included."""
    k = np.array([1.0, 1.0, 1.0, 1e-9, 0.5, 2.0, 0.0, -1.0])
    b = np.array([0.0, 0.0, 0.0, 0.0, 2.0, -3.0, -0.5, 0.0])
    current = np.array([1.0, 0.0, -1e-12, 1e-9, 2.0, 4.0, 1.0, 4.0])
    v = np.array([-5.0, 0.25, 0.5, -3.0, -1.9, -1.0, 0.0, 0.0])
    special = {0.0: 2 * mpmath.log(2), -1.0: mpmath.atanh(MPF(1) / 2) / 2}
    kernel = Kernel(OWN_QUADRATIC, {"k": k, "b": b, "I": current}, driven)
    found, _ = kernel.crossing([v])
    for j in range(len(k)):
        truth = special.get(k[j]) or quadratic_crossing(*map(MPF, (k[j], b[j], current[j], v[j], 1.0)))
        assert abs(float(truth - MPF(float(found[j])))) < 1e-12 * max(1, float(truth)), j
    assert np.allclose(kernel.run("flow", [v], found)[0], 1.0, rtol=1e-12, atol=1e-12)


def test_beyond_infinity_the_quadratic_neuron_stays_above_its_threshold():
    kernel = Kernel(OWN_QUADRATIC, {"k": 1.0, "I": 1.0})
    after = kernel.run("flow", [np.zeros(3)], np.array([2.0, 3.0, 1e6]))[0]
    assert (after >= 1.0).all() and kernel.run("fires", [after])[0].all()


@pytest.mark.parametrize(
    "refused, term",
    [
        (hsnn.models.izhikevich(), r"0\.04\*v\*\*2"),
        (hsnn.models.lif_cond_exp(tau_syn=5.0, E_rev=0.0), r"v\*\(g_L \+ g_syn\)"),
        (model({"v": "-v + exp(v) - w", "w": "v - w"}, {}), r"exp\(v\)"),
        (model({"v": "v**3"}, {}), r"v\*\*3"),
        (model({"v": "1 - v"}, {}, "v**2 >= 1"), r"v\*\*2"),
        (model({"v": "1 - v"}, {}, "v >= I"), "an input that changes"),
    ],
)
def test_a_model_without_a_closed_form_is_refused_with_the_term(refused, term):
    with pytest.raises(hsnn.errors.MethodError, match=term):
        lower_exact(refused, ("I",))
