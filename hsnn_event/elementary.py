"""exp, log and the normal quantile of the project's own: branch-free, so that loops over them vectorise, and made of
single IEEE operations, so that they give the same bits everywhere.

Numba inlines them itself: left to LLVM, loops over them do not vectorise and cost five times as much.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

_LN2_HIGH = 6.93147180369123816490e-01  # the upper 33 bits of ln 2: k * _LN2_HIGH is exact
_LN2_LOW = 1.90821492927058770002e-10
_SQRT_HALF_BITS = np.int64(0x3FE6A09E667F3BCD)
_MANTISSA_BITS = np.int64(52)
_ROUNDER = 6755399441055744.0  # 1.5 * 2**52: adding and subtracting it rounds to a whole number, half to even


@nb.njit(inline="always", error_model="numpy")
def log64(x):
    """Natural logarithm of a normal float64 x > 0; error below 1 unit in the last place.

    The argument is split into 2**k * m with m in [sqrt(1/2), sqrt(2)); with s = (m - 1) / (m + 1),
    log m = 2 atanh(s), a minimax polynomial in s**2 (coefficients of FreeBSD's e_log.c).
    """
    bits = np.float64(x).view(np.int64)
    k = (bits - _SQRT_HALF_BITS) >> _MANTISSA_BITS
    m = np.int64(bits - (k << _MANTISSA_BITS)).view(np.float64)
    power = np.float64(k)
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    p = 1.531383769920937332e-01 + z * 1.479819860511658591e-01
    p = 1.818357216161805012e-01 + z * p
    p = 2.222219843214978396e-01 + z * p
    p = 2.857142874366239149e-01 + z * p
    p = 3.999999999940941908e-01 + z * p
    p = z * (6.666666666666735130e-01 + z * p)
    half = 0.5 * f * f
    return power * _LN2_HIGH - ((half - (s * (half + p) + power * _LN2_LOW)) - f)


@nb.njit(inline="always", error_model="numpy")
def exp64(x):
    """e**x, error below 1 unit in the last place or so; saturates at e**-708 and e**709.

    Outside [-708, 709] the argument is clamped, so that the result is always a normal number.
    """
    x = min(max(np.float64(x), -708.0), 709.0)
    k = (x * 1.44269504088896340736 + _ROUNDER) - _ROUNDER
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    p = 1.0 / 6227020800.0
    p = 1.0 / 479001600.0 + r * p
    p = 1.0 / 39916800.0 + r * p
    p = 1.0 / 3628800.0 + r * p
    p = 1.0 / 362880.0 + r * p
    p = 1.0 / 40320.0 + r * p
    p = 1.0 / 5040.0 + r * p
    p = 1.0 / 720.0 + r * p
    p = 1.0 / 120.0 + r * p
    p = 1.0 / 24.0 + r * p
    p = 1.0 / 6.0 + r * p
    p = 0.5 + r * p
    p = 1.0 + (r + r * r * p)
    return np.int64(np.float64(p).view(np.int64) + (np.int64(k) << _MANTISSA_BITS)).view(np.float64)


@nb.njit(inline="always", error_model="numpy")
def normal_quantile_body(u):
    """The quantile of the standard normal law for u in [1.4e-11, 1 - 1.4e-11]: Wichura (1988), algorithm AS 241,
    PPND16, relative error about 1e-16. Both of its branches are computed and one is chosen."""
    q = u - 0.5
    r = 0.180625 - q * q
    a = 3.3430575583588128105e4 + r * 2.5090809287301226727e3
    a = 6.7265770927008700853e4 + r * a
    a = 4.5921953931549871457e4 + r * a
    a = 1.3731693765509461125e4 + r * a
    a = 1.9715909503065514427e3 + r * a
    a = 1.3314166789178437745e2 + r * a
    a = 3.3871328727963666080e0 + r * a
    b = 2.8729085735721942674e4 + r * 5.2264952788528545610e3
    b = 3.9307895800092710610e4 + r * b
    b = 2.1213794301586595867e4 + r * b
    b = 5.3941960214247511077e3 + r * b
    b = 6.8718700749205790830e2 + r * b
    b = 4.2313330701600911252e1 + r * b
    b = 1.0 + r * b
    t = math.sqrt(-log64(u if u < 0.5 else 1.0 - u)) - 1.6
    c = 2.41780725177450611770e-1 + t * (2.27238449892691845833e-2 + t * 7.74545014278341407640e-4)
    c = 3.64784832476320460504e0 + t * (1.27045825245236838258e0 + t * c)
    c = 4.63033784615654529590e0 + t * (5.76949722146069140550e0 + t * c)
    c = 1.42343711074968357734e0 + t * c
    d = 1.51986665636164571966e-2 + t * (5.47593808499534494600e-4 + t * 1.05075007164441684324e-9)
    d = 6.89767334985100004550e-1 + t * (1.48103976427480074590e-1 + t * d)
    d = 2.05319162663775882187e0 + t * (1.67638483018380384940e0 + t * d)
    d = 1.0 + t * d
    central = abs(q) <= 0.425
    tail = c if q > 0.0 else -c
    return (q * a if central else tail) / (b if central else d)


@nb.njit(error_model="numpy")
def normal_quantile_far(u):
    """The same for u nearer to 0 or 1: the third region of AS 241."""
    t = math.sqrt(-log64(u if u < 0.5 else 1.0 - u)) - 5.0
    c = 2.71155556874348757815e-5 + t * 2.01033439929228813265e-7
    c = 1.24266094738807843860e-3 + t * c
    c = 2.65321895265761230930e-2 + t * c
    c = 2.96560571828504891230e-1 + t * c
    c = 1.78482653991729133580e0 + t * c
    c = 5.46378491116411436990e0 + t * c
    c = 6.65790464350110377720e0 + t * c
    d = 1.42151175831644588870e-7 + t * 2.04426310338993978564e-15
    d = 1.84631831751005468180e-5 + t * d
    d = 7.86869131145613259100e-4 + t * d
    d = 1.48753612908506148525e-2 + t * d
    d = 1.36929880922735805310e-1 + t * d
    d = 5.99832206555887937690e-1 + t * d
    d = 1.0 + t * d
    return c / d if u > 0.5 else -(c / d)


FAR_TAIL = 1.3887943864964021e-11  # exp(-25): where AS 241 changes region
