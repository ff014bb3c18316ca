"""exp, log, tanh, cosh of the project's own against mpmath, and the meaning of each operation, in both precisions."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hsnn_event.lowering import transcendental
from hsnn_event.lowering.arithmetic import Builder, evaluate
from hsnn_event.lowering.transcendental import LIMITS

TYPES = [np.float64, np.float32]


def section_of(function, dtype):
    builder = Builder()
    return builder.section([function(builder, builder.load("state", 0), LIMITS[np.dtype(dtype).name])])


def apply(function, x, dtype):
    result = evaluate(section_of(function, dtype), {"state": [np.asarray(x, dtype)]}, dtype=dtype)[0]
    assert result.dtype == dtype
    return result


def units_in_the_last_place(result, x, truth):
    """The largest error of `result` in spacings of its type."""
    errors = []
    for value, argument in zip(result, x, strict=True):
        exact = truth(mpmath.mpf(float(argument)))
        errors.append(float(abs(mpmath.mpf(float(value)) - exact) / float(np.spacing(np.abs(result.dtype.type(exact))))))
    return max(errors)


def arguments(dtype):
    random, limits = np.random.default_rng(5), LIMITS[np.dtype(dtype).name]
    small = 10.0 ** random.uniform(-12, 0, 200)
    return {
        "exp": np.concatenate([random.uniform(limits.low, limits.high, 500), small, -small]),
        "expm1": np.concatenate([random.uniform(-30, limits.high, 500), random.uniform(-2, 2, 300), small, -small]),
        "exprel": np.concatenate([random.uniform(-60, limits.high, 500), random.uniform(-2, 2, 300), small, -small]),
        "log": np.concatenate([np.exp(random.uniform(limits.low, limits.high, 500)), random.uniform(0.5, 2, 500)]),
        "tanh": np.concatenate([random.uniform(-25, 25, 500), random.uniform(-2, 2, 300), small, -small]),
        "cosh": np.concatenate([random.uniform(-80, 80, 500), small]),
    }


FUNCTIONS = [("exp", 1.0), ("expm1", 3.0), ("exprel", 4.0), ("log", 1.0), ("tanh", 4.0), ("cosh", 2.0)]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("name", "bound"), FUNCTIONS)
def test_functions_agree_with_mpmath(name, bound, dtype):
    x = arguments(dtype)[name].astype(dtype)
    result = apply(getattr(transcendental, name), x, dtype)
    with mpmath.workdps(40):
        truth = getattr(mpmath, name) if name != "exprel" else lambda z: mpmath.expm1(z) / z
        assert units_in_the_last_place(result, x, truth) < bound


@pytest.mark.parametrize("dtype", TYPES)
def test_exprel_is_1_at_0_and_has_the_limits_of_its_numbers(dtype):
    tiny = np.finfo(dtype).tiny
    result = apply(transcendental.exprel, [0.0, -0.0, tiny, -tiny, -np.inf, limits_of(dtype).high], dtype)
    assert result[:4].tolist() == [1.0] * 4
    assert result[4] == 0.0 and np.isfinite(result[5])


def limits_of(dtype):
    return LIMITS[np.dtype(dtype).name]


@pytest.mark.parametrize("name, bound", [("tan", 3.0), ("atan", 2.0)])
def test_angles_agree_with_mpmath(name, bound):
    random = np.random.default_rng(7)
    small, half = 10.0 ** random.uniform(-12, 0, 300), 1.5707963267948966
    x = np.concatenate([random.uniform(-half, half, 2000), small, -small, half - 10.0 ** random.uniform(-15, 0, 300)])
    if name == "atan":
        x = np.concatenate([random.uniform(-3, 3, 2000), small, 10.0 ** random.uniform(0, 300, 300)])
    result = apply(lambda b, x, _: getattr(transcendental, name)(b, x), x, np.float64)
    with mpmath.workdps(40):
        assert units_in_the_last_place(result, x, getattr(mpmath, name)) < bound


def test_angles_at_their_ends():
    tan, atan = (lambda b, x, _, name=name: getattr(transcendental, name)(b, x) for name in ("tan", "atan"))
    assert np.isnan(apply(tan, [np.nan], np.float64)).all() and np.isnan(apply(atan, [np.nan], np.float64)).all()
    assert apply(tan, [0.0, np.pi / 2], np.float64).tolist() == [0.0, 1.633123935319537e16]
    assert apply(atan, [0.0, np.inf, -np.inf, 1.0], np.float64).tolist() == [0.0, np.pi / 2, -np.pi / 2, np.pi / 4]


@pytest.mark.parametrize("dtype", TYPES)
def test_exp_saturates_at_its_limits_and_stays_normal(dtype):
    limits = LIMITS[np.dtype(dtype).name]
    result = apply(transcendental.exp, [-np.inf, -1e6, limits.low, limits.high, 1e6, np.inf, 0.0], dtype)
    assert result[0] == result[1] == result[2] >= np.finfo(dtype).tiny
    assert result[3] == result[4] == result[5] < np.inf
    assert result[6] == 1.0


@pytest.mark.parametrize("dtype", TYPES)
def test_log_saturates_at_the_smallest_normal_number(dtype):
    result = apply(transcendental.log, [0.0, -3.0, np.finfo(dtype).tiny, 1.0], dtype)
    assert result[0] == result[1] == result[2] == dtype(np.log(np.finfo(dtype).tiny))
    assert result[3] == 0.0


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("name", ["exp", "expm1", "exprel", "log", "tanh", "cosh"])
def test_nan_goes_in_and_comes_out(name, dtype):
    assert np.isnan(apply(getattr(transcendental, name), [np.nan], dtype)).all()


@pytest.mark.parametrize("dtype", TYPES)
def test_the_same_bits_for_one_number_and_for_many(dtype):
    x = np.random.default_rng(6).uniform(-20, 20, 101).astype(dtype)
    many = apply(transcendental.exp, x, dtype)
    assert [apply(transcendental.exp, each, dtype).item() for each in x] == many.tolist()


def reals(dtype):
    width = np.dtype(dtype).itemsize * 8
    elements = st.floats(width=width, allow_nan=False, allow_infinity=False, allow_subnormal=False)
    return hnp.arrays(dtype, 4, elements=elements)


def operation(op, dtype, *arrays):
    builder = Builder()
    number = builder.emit(op, *(builder.load("state", k) for k in range(len(arrays))))
    return evaluate(builder.section([number]), {"state": arrays}, dtype=dtype)[0]


@pytest.mark.parametrize("dtype", TYPES)
@given(data=st.data())
def test_exponent_and_mantissa_rebuild_the_number(dtype, data):
    x = np.abs(data.draw(reals(dtype))) + np.finfo(dtype).tiny
    e, m = operation("exponent", dtype, x), operation("mantissa", dtype, x)
    assert (m >= 1).all() and (m < 2).all()
    assert (operation("scale2", dtype, m, e) == x).all()


@pytest.mark.parametrize("dtype", TYPES)
def test_operations_mean_what_the_ir_says(dtype):
    x = np.array([-2.5, -0.5, 0.5, 1.5, 2.5, 1e-31], dtype)
    assert operation("rint", dtype, x).tolist() == [-2, 0, 0, 2, 2, 0]
    assert operation("floor", dtype, x).tolist() == [-3, -1, 0, 1, 2, 0]
    assert operation("min", dtype, x, -x).tolist() == [-2.5, -0.5, -0.5, -1.5, -2.5, -x[-1]]
    assert operation("max", dtype, x, -x).tolist() == [2.5, 0.5, 0.5, 1.5, 2.5, x[-1]]
    third = operation("div", dtype, np.ones(1, dtype), np.full(1, 3, dtype))
    assert third.dtype == dtype and third[0] == dtype(1) / dtype(3)


def test_literals_are_folded_and_equal_operations_written_once():
    b = Builder()
    x = b.load("state", 0)
    assert b.mul(b.literal(2.0), b.literal(3.0)) == b.literal(6.0)
    assert b.mul(x, b.literal(1.0)) == b.add(x, b.literal(0.0)) == b.div(x, b.literal(1.0)) == x
    assert b.mul(x, x) == b.power(x, 2)
    assert b.emit("sub", x, x) != b.literal(0.0)  # NaN and infinity must pass
    assert b.value_of(b.div(b.literal(1.0), b.literal(0.0))) is None


@pytest.mark.parametrize(("exponent", "n_products"), [(1, 0), (2, 1), (3, 2), (4, 2), (7, 4), (16, 4)])
def test_whole_powers_are_products(exponent, n_products):
    b = Builder()
    section = b.section([b.power(b.load("state", 0), exponent)])
    assert [each.op for each in section.code].count("mul") == n_products
    assert evaluate(section, {"state": [3.0]})[0] == 3.0**exponent
