/* What operations.h and the kernels are written in, said in C99. REAL_BITS and WEIGHT_BITS are 64 or 32. */

#include <float.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <tgmath.h>

#if defined(__FAST_MATH__) || FLT_EVAL_METHOD != 0
#error "Every operation is to be rounded once, to its own type: leave out -ffast-math; on a 32-bit x86 add -msse2 -mfpmath=sse."
#endif
#if !defined(__GNUC__) || defined(__clang__) /* gcc has only the option for it, -ffp-contract=off, and implies it by -std=c99 */
#pragma STDC FP_CONTRACT OFF
#endif

#if defined(__GNUC__)
#define FUNCTION static inline __attribute__((unused))
#else
#define FUNCTION static inline
#endif
#if defined(_WIN32)
#define KERNEL __declspec(dllexport)
#else
#define KERNEL
#endif
#define GLOBAL
#define FOR_EACH_NEURON(i, n) for (int32_t i = 0; i < (n); i++)

#if REAL_BITS == 64
typedef double REAL;
typedef int64_t WHOLE;
typedef uint64_t BITS;
#else
typedef float REAL;
typedef int32_t WHOLE;
typedef uint32_t BITS;
#endif
#if WEIGHT_BITS == 64
typedef double WEIGHT;
#else
typedef float WEIGHT;
#endif

FUNCTION BITS bits_of(REAL x) {
    BITS bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

FUNCTION REAL real_of(BITS bits) {
    REAL x;
    memcpy(&x, &bits, sizeof x);
    return x;
}
