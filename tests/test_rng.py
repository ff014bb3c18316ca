"""Random numbers against known answers, and the elementary functions that turn them into draws against exact ones."""

import mpmath
import numba as nb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from hsnn_event.distributions import quantile
from hsnn_event.elementary import FAR_TAIL, exp64, log64
from hsnn_event.rng import fill_uniform, philox_words, stream_key, to_uniform, uniform_at, uniforms

WORD = 2**32 - 1

# philox4x32-10 of Random123's kat_vectors: counter, key, answer.
KNOWN_ANSWERS = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


def words(text):
    return [np.uint64(int(word, 16)) for word in text.split()]


@nb.vectorize(["float64(float64)"])
def exp_of(x):
    return exp64(x)


@nb.vectorize(["float64(float64)"])
def log_of(x):
    return log64(x)


@pytest.mark.parametrize("counter, key, answer", KNOWN_ANSWERS)
def test_philox_gives_the_known_answers(counter, key, answer):
    assert [int(word) for word in philox_words(*words(counter), *words(key))] == [int(word) for word in words(answer)]


def test_a_uniform_number_is_made_of_the_upper_52_bits_and_is_never_0_or_1():
    smallest, largest = (float(to_uniform(np.uint64(word), np.uint64(word))) for word in (0, WORD))
    assert (smallest, largest) == (2.0**-53, 1.0 - 2.0**-53)
    assert float(to_uniform(np.uint64(1 << 31), np.uint64(0))) == 0.5 + 2.0**-53


@settings(deadline=None)
@given(
    key=st.integers(0, 2**64 - 1),
    row=st.integers(0, WORD),
    lane=st.integers(0, 4),
    start=st.integers(0, 2**33 - 1),
    size=st.integers(0, 9),
)
def test_a_number_does_not_depend_on_what_is_drawn_with_it(key, row, lane, start, size):
    out = np.empty(size)
    fill_uniform(out, np.uint64(key), row, lane, start)
    assert out.tolist() == [uniform_at(np.uint64(key), row, lane, start + j, 0) for j in range(size)]


def test_numbers_come_from_the_documented_counters():
    key = stream_key(3, "projection", "exc->inh")
    for index in (0, 1, 6, 7):
        counter = index // 2, 5, 2, 9  # pair, row, lane, retry
        four = [np.uint64(word) for word in philox_words(*map(np.uint64, (*counter, key & WORD, key >> 32)))]
        assert uniform_at(np.uint64(key), 5, 2, index, 9) == to_uniform(*four[2 * (index % 2) :][:2])


def test_every_part_of_a_counter_matters():
    first = [uniform_at(np.uint64(1), 0, 0, 0, 0)]
    others = [uniform_at(np.uint64(1), *(int(place == k) for k in range(4))) for place in range(4)]
    assert len({*first, *others, uniform_at(np.uint64(2), 0, 0, 0, 0)}) == 6


def test_streams_are_uniform_and_independent_of_their_neighbours():
    # p-values of 100 streams, tested again for uniformity: by chance alone below 1e-3 in one run of a thousand.
    draws = [uniforms(stream_key(seed, "test"), 2000) for seed in range(101)]
    uniform = [stats.kstest(u, "uniform").pvalue for u in draws]
    lagged = [stats.pearsonr(u[1:], u[:-1]).pvalue for u in draws]
    between = [stats.pearsonr(one, other).pvalue for one, other in zip(draws[1:], draws[:-1], strict=True)]
    for p_values in (uniform, lagged, between):
        assert stats.kstest(p_values, "uniform").pvalue > 1e-3


def tails():
    """Uniform numbers in all three regions of the quantile, down to the smallest that the generator gives."""
    small = 10.0 ** np.linspace(-15.9, -0.31, 4000)
    central = np.linspace(0.07, 0.93, 4001)
    return np.concatenate([small, central, 1.0 - small, [2.0**-53, 1.0 - 2.0**-53, FAR_TAIL, 0.075, 0.925]])


def test_the_normal_quantile_is_that_of_scipy():
    # 2e-15: what AS 241 (1e-16), SciPy's ndtri and some ten roundings leave. Near 1/2 the quantile passes through 0,
    # where q = u - 1/2 is exact and so is the relative error's bound.
    u = tails()
    exact = special.ndtri(u)
    drawn = quantile("normal", 0.0, 1.0, u)
    assert np.all(np.abs(drawn - exact) <= 2e-15 * np.abs(exact) + 1e-300)


def test_a_far_draw_does_not_change_its_neighbours():
    u = np.array([0.3, 0.9, 0.06])
    alone = quantile("normal", 1.0, 2.0, u)
    assert np.array_equal(quantile("normal", 1.0, 2.0, np.append(u, 1e-14))[:3], alone)


def units_in_the_last_place(values, arguments, truth):
    """The largest error in spacings of float64."""
    with mpmath.workdps(40):
        errors = [
            abs(mpmath.mpf(float(value)) - truth(mpmath.mpf(float(x)))) / float(np.spacing(abs(value)))
            for value, x in zip(values, arguments, strict=True)
        ]
    return float(max(errors))


def test_exp_is_right_to_the_last_place():
    random = np.random.default_rng(1)
    x = np.concatenate([random.uniform(-708, 709, 1500), random.uniform(-2, 2, 500), [0.0, -708.0, 709.0, 1e-300]])
    assert units_in_the_last_place(exp_of(x), x, mpmath.exp) < 1.0
    assert exp_of(np.array([-1e9, -np.inf])).tolist() == [exp_of(-708.0)] * 2
    assert exp_of(np.array([1e9, np.inf])).tolist() == [exp_of(709.0)] * 2


def test_log_is_right_to_the_last_place():
    random = np.random.default_rng(2)
    near_one = 1.0 + 10.0 ** random.uniform(-15, -1, 500) * random.choice([-1.0, 1.0], 500)
    x = np.concatenate([10.0 ** random.uniform(-307, 308, 1500), near_one, [np.finfo(float).tiny, 0.5, 2.0, 2.0**-53]])
    assert units_in_the_last_place(log_of(x), x, mpmath.log) < 1.0
    assert log_of(1.0) == 0.0
