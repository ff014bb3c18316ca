/* What operations.h and the kernels are written in, said in OpenCL C. REAL_BITS and WEIGHT_BITS are 64 or 32. */

#if REAL_BITS == 64 || WEIGHT_BITS == 64
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif
#pragma OPENCL FP_CONTRACT OFF

#define FUNCTION static inline
#define KERNEL __kernel
#define GLOBAL __global
/* One work item a neuron, or, where there are fewer, one for every so many. */
#define FOR_EACH_NEURON(i, n) for (int32_t i = (int32_t)get_global_id(0); i < (n); i += (int32_t)get_global_size(0))

typedef int int32_t;
typedef long int64_t;
typedef uchar uint8_t;
typedef uint uint32_t;

#if REAL_BITS == 64
typedef double REAL;
typedef long WHOLE;
typedef ulong BITS;
#define bits_of(x) as_ulong(x)
#define real_of(bits) as_double(bits)
#else
typedef float REAL;
typedef int WHOLE;
typedef uint BITS;
#define bits_of(x) as_uint(x)
#define real_of(bits) as_float(bits)
#endif
#if WEIGHT_BITS == 64
typedef double WEIGHT;
#else
typedef float WEIGHT;
#endif
