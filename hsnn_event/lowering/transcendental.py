"""exp, log, tan, atan and what follows from them, written as single IEEE operations: the same bits on every backend.

The same lines serve float32 and float64: the polynomials are good enough for float64, and ln 2 is split so that
k * LN2_HIGH is exact in float32. NaN goes in and comes out.
"""

from __future__ import annotations

from dataclasses import dataclass

from hsnn_event.lowering.arithmetic import Builder

_LN2_HIGH = 0.693359375  # 9 significant bits
_LN2_LOW = -0.00021219444005469057
_LOG2_E = 1.4426950408889634
_SQRT_2 = 1.4142135623730951
_QUARTER = 0.7853981633974483       # pi/4 in two parts
_QUARTER_LOW = 3.061616997868383e-17

# (e**r - 1 - r)/r**2 on |r| <= ln(2)/2: Chebyshev fit of degree 9; e**r has a relative error of 1.6e-17
_EXP = (
    0.5000000000000001, 0.16666666666666669, 0.04166666666662413, 0.008333333333330062, 0.0013888888917213717,
    0.00019841269863053618, 2.4801521295954376e-05, 2.7557268459997064e-06, 2.7620088445409746e-07,
    2.510038549551032e-08,
)  # fmt: skip
# (log((1+s)/(1-s)) - 2*s)/s as a polynomial in s**2 without its constant: coefficients of FreeBSD's e_log.c
_LOG = (
    6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01,
    1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01,
)  # fmt: skip

# (tan(x)/x - 1)/x**2 on |x| <= pi/4 and (atan(x)/x - 1)/x**2 on |x| <= 0.66, in x**2: numerators and denominators of
# Cephes (Moshier), tan.c and atan.c
_TAN = (
    (-17956525.197648488, 1153516.6483858742, -13093.693918138379),
    (-53869575.592945464, 25008380.18233579, -1320892.3444021097, 13681.296347069295, 1.0),
)
_ATAN = (
    (-64.85021904942025, -122.88666844901361, -75.00855792314705, -16.157537187333652, -0.8750608600031904),
    (194.5506571482614, 485.3903996359137, 432.88106049129027, 165.02700983169885, 24.858464901423062, 1.0),
)
_NEAR_ONE = 0.66


@dataclass(frozen=True)
class Limits:
    """Where the functions saturate in a number type: exp at e**low and e**high, log below `tiny`."""

    low: float
    high: float
    tiny: float


LIMITS = {
    "float64": Limits(-708.0, 709.0, 2.2250738585072014e-308),
    "float32": Limits(-87.0, 88.0, 1.1754943508222875e-38),
}


def _polynomial(b: Builder, x: int, coefficients: tuple[float, ...]) -> int:
    """c0 + c1 x + c2 x**2 + ..., by Estrin's scheme: neighbours first, so that a processor works on several terms at a time.

    By Horner's rule each operation waits for the one before: networks without a clock were 5 to 7 % slower.
    """
    terms = [b.literal(each) for each in coefficients]
    while len(terms) > 1:
        pairs = [b.add(terms[k], b.mul(x, terms[k + 1])) for k in range(0, len(terms) - 1, 2)]
        terms = pairs + terms[2 * len(pairs) :]
        x = b.mul(x, x)
    return terms[0]


def _reduced(b: Builder, x: int, limits: Limits) -> tuple[int, int]:
    """k and e**r - 1, where x = k*ln(2) + r, |r| <= ln(2)/2, and x is clamped to where e**x is a normal number."""
    x = b.smaller(b.literal(limits.high), b.larger(b.literal(limits.low), x))
    k = b.emit("rint", b.mul(x, b.literal(_LOG2_E)))
    r = b.sub(b.sub(x, b.mul(k, b.literal(_LN2_HIGH))), b.mul(k, b.literal(_LN2_LOW)))
    return k, b.add(r, b.mul(b.mul(r, r), _polynomial(b, r, _EXP)))


def exp(b: Builder, x: int, limits: Limits) -> int:
    """e**x, saturating at e**limits.low and e**limits.high; error below 1 unit in the last place."""
    k, growth = _reduced(b, x, limits)
    return b.emit("scale2", b.add(b.literal(1.0), growth), k)


def expm1(b: Builder, x: int, limits: Limits) -> int:
    """e**x - 1 without cancellation; error below 3 units in the last place. Saturates as exp does."""
    k, growth = _reduced(b, x, limits)
    scale = b.emit("scale2", b.literal(1.0), k)
    return b.add(b.mul(scale, growth), b.sub(scale, b.literal(1.0)))


def exprel(b: Builder, x: int, limits: Limits) -> int:
    """(e**x - 1)/x, and 1 at x = 0: the mean of e**s over s from 0 to x; error below 4 units in the last place.

    It is the function phi1 of exponential integrators. The exponential is that of exp and expm1, and shared with them.
    """
    at_zero = b.emit("eq", x, b.literal(0.0))
    safe = b.emit("select", at_zero, b.literal(1.0), x)
    return b.emit("select", at_zero, b.literal(1.0), b.div(expm1(b, x, limits), safe))


def inverse_exprel(b: Builder, x: int, limits: Limits) -> int:
    """x/(e**x - 1), and 1 at 0: the rate of a gate, with one division."""
    at_zero = b.emit("eq", x, b.literal(0.0))
    growth = b.emit("select", at_zero, b.literal(1.0), expm1(b, x, limits))
    return b.div(b.emit("select", at_zero, b.literal(1.0), x), growth)


def log(b: Builder, x: int, limits: Limits) -> int:
    """The natural logarithm; error below 1 unit in the last place. It is log(limits.tiny) for every x below that, 0 and
    negative numbers included, and NaN for infinity."""
    normal = b.larger(b.literal(limits.tiny), x)
    e, m = b.emit("exponent", normal), b.emit("mantissa", normal)
    high = b.emit("gt", m, b.literal(_SQRT_2))
    e = b.emit("select", high, b.add(e, b.literal(1.0)), e)
    m = b.emit("select", high, b.mul(m, b.literal(0.5)), m)
    f = b.sub(m, b.literal(1.0))
    s = b.div(f, b.add(b.literal(2.0), f))
    z = b.mul(s, s)
    tail = b.mul(z, _polynomial(b, z, _LOG))
    half = b.mul(b.mul(b.literal(0.5), f), f)
    low = b.add(b.mul(s, b.add(half, tail)), b.mul(e, b.literal(_LN2_LOW)))
    result = b.sub(b.mul(e, b.literal(_LN2_HIGH)), b.sub(b.sub(half, low), f))
    return b.add(result, b.sub(x, x))  # x - x is 0, but NaN where x is NaN or infinite, which the bits above hide


def mean_inverse(b: Builder, w: int, limits: Limits) -> int:
    """log(w)/(w - 1), and 1 at w = 1: the mean of 1/x between 1 and w."""
    apart = b.emit("ne", w, b.literal(1.0))
    beyond = b.emit("select", apart, b.sub(w, b.literal(1.0)), b.literal(1.0))
    return b.emit("select", apart, b.div(log(b, w, limits), beyond), b.literal(1.0))


def power(b: Builder, x: int, y: int, limits: Limits) -> int:
    """x**y = e**(y log x) for x > 0; the relative error grows as |y log x| units in the last place."""
    return exp(b, b.mul(y, log(b, x, limits)), limits)


def tanh(b: Builder, x: int, limits: Limits) -> int:
    """(e**2x - 1)/(e**2x + 1); error of a few units in the last place."""
    growth = expm1(b, b.mul(b.literal(2.0), x), limits)
    return b.div(growth, b.add(growth, b.literal(2.0)))


def cosh(b: Builder, x: int, limits: Limits) -> int:
    """(e**|x| + e**-|x|)/2; saturates where exp does."""
    grown = exp(b, b.emit("abs", x), limits)
    return b.mul(b.literal(0.5), b.add(grown, b.div(b.literal(1.0), grown)))


def _rational(b: Builder, x: int, parts: tuple[tuple[float, ...], tuple[float, ...]]) -> int:
    """x + x**3 numerator(x**2)/denominator(x**2)."""
    z = b.mul(x, x)
    above, below = (_polynomial(b, z, part) for part in parts)
    return b.add(x, b.mul(x, b.div(b.mul(z, above), below)))


def tan(b: Builder, x: int) -> int:
    """The tangent of -pi/2 ... pi/2, and no more; error below 4 units in the last place, of x near pi/2 as it is."""
    size = b.emit("abs", x)
    steep = b.emit("gt", size, b.literal(_QUARTER))
    left = b.add(b.sub(b.literal(2 * _QUARTER), size), b.literal(2 * _QUARTER_LOW))
    flat = _rational(b, b.emit("select", steep, left, size), _TAN)
    result = b.emit("select", steep, b.div(b.literal(1.0), flat), flat)
    return b.emit("select", b.emit("lt", x, b.literal(0.0)), b.emit("neg", result), result)


def atan(b: Builder, x: int) -> int:
    """The arc tangent; error below 2 units in the last place."""
    size, one = b.emit("abs", x), b.literal(1.0)
    large = b.emit("gt", size, one)
    inner = b.emit("select", large, b.div(one, size), size)
    near = b.emit("gt", inner, b.literal(_NEAR_ONE))
    part = b.emit("select", near, b.div(b.sub(inner, one), b.add(inner, one)), inner)
    angle = _rational(b, part, _ATAN)
    angle = b.emit("select", near, b.add(b.literal(_QUARTER), b.add(angle, b.literal(_QUARTER_LOW))), angle)
    rest = b.add(b.sub(b.literal(2 * _QUARTER), angle), b.literal(2 * _QUARTER_LOW))
    result = b.emit("select", large, rest, angle)
    return b.emit("select", b.emit("lt", x, b.literal(0.0)), b.emit("neg", result), result)
