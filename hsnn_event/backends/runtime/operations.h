/* The operations of kernels that no language of C's family has, through the bits of a number; the head comes before. */

#if REAL_BITS == 64
#define MANTISSA_BITS 52
#define BIAS 1023
#else
#define MANTISSA_BITS 23
#define BIAS 127
#endif

/* x * 2**k. The result for a NaN is a NaN whatever k is taken for, but only numbers can be converted. */
FUNCTION REAL scale2(REAL x, REAL k) {
    const WHOLE exponent = isnan(k) ? 0 : (WHOLE)k;
    return x * real_of((BITS)(exponent + BIAS) << MANTISSA_BITS);
}

/* e of x = m * 2**e with 1 <= m < 2, for a normal x > 0. */
FUNCTION REAL exponent_of(REAL x) {
    return (REAL)((WHOLE)(bits_of(x) >> MANTISSA_BITS) - BIAS);
}

/* m of the same. */
FUNCTION REAL mantissa_of(REAL x) {
    const BITS below = ((BITS)1 << MANTISSA_BITS) - 1;
    return real_of((bits_of(x) & below) | ((BITS)BIAS << MANTISSA_BITS));
}
