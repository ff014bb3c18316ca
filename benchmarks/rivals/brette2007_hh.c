/* Benchmark 3 of Brette et al. (2007), HH, as one would write it by hand in C, one thread: what a general simulator is up against.

       gcc -O3 -march=native -o /tmp/brette_hh brette2007_hh.c -lm && /tmp/brette_hh 1000

   With -ffast-math besides, gcc calls the exponentials of libmvec, several neurons at once. Prints one line of JSON, as the
   other scripts here do; the argument is the model time in ms, after 500 ms that are not counted. 4,000 cells with the channels
   of Traub and Miles in steps of 0.1 ms by exponential Euler: each equation is linear in its own state, and is solved exactly
   for what the others are at the beginning of the step. A spike is an upward crossing of -20 mV; it arrives one step later. */

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { N_EXC = 3200, N_INH = 800, N = N_EXC + N_INH };
static const double DT = 0.1, P = 0.02, C_M = 200.0, V_T = -63.0, V_TH = -20.0; /* ms, pF, mV */
static const double G_L = 10.0, G_NA = 20000.0, G_K = 6000.0, W_EXC = 6.0, W_INH = 67.0; /* nS */
static const double E_L = -60.0, E_NA = 50.0, E_K = -90.0, E_EXC = 0.0, E_INH = -80.0; /* mV */
static const double TAU_EXC = 5.0, TAU_INH = 10.0; /* ms */

static double v[N], m[N], h[N], n[N], g_exc[N], g_inh[N];
static unsigned char crossed[N];
static int *rows[N], length[N], spikes[N], n_spikes;
static long n_all_spikes;

static uint64_t state = 88172645463325252ULL;
static double uniform(void) { /* xorshift64 */
    state ^= state << 13; state ^= state >> 7; state ^= state << 17;
    return (double)(state >> 11) * 0x1p-53;
}

static double normal(double mean, double deviation) { /* Box and Muller */
    return mean + deviation * sqrt(-2.0 * log(1.0 - uniform())) * cos(2.0 * M_PI * uniform());
}

static double positive(double mean, double deviation) {
    double x;
    do x = normal(mean, deviation); while (x < 0.0);
    return x;
}

static inline double over_exprel(double x) { /* x / (exp(x) - 1) */
    return fabs(x) < 1e-5 ? 1.0 - 0.5 * x : x / (exp(x) - 1.0);
}

typedef struct { double m, h, n; } Rates; /* 1/ms */

static inline Rates opening(double u) {
    return (Rates){1.28 * over_exprel((13.0 - u) / 4.0), 0.128 * exp((17.0 - u) / 18.0), 0.16 * over_exprel((15.0 - u) / 5.0)};
}

static inline Rates closing(double u) {
    return (Rates){1.4 * over_exprel((u - 40.0) / 5.0), 4.0 / (1.0 + exp((40.0 - u) / 5.0)), 0.5 * exp((10.0 - u) / 40.0)};
}

static inline double gate(double x, double alpha, double beta) {
    double steady = alpha / (alpha + beta);
    return steady + (x - steady) * exp(-DT * (alpha + beta));
}

static void advance(void) {
    const double decay_exc = exp(-DT / TAU_EXC), decay_inh = exp(-DT / TAU_INH);
    for (int i = 0; i < N; i++) {
        double na = G_NA * m[i] * m[i] * m[i] * h[i], k = G_K * n[i] * n[i] * n[i] * n[i];
        double total = G_L + na + k + g_exc[i] + g_inh[i];
        double steady = (G_L * E_L + na * E_NA + k * E_K + g_exc[i] * E_EXC + g_inh[i] * E_INH) / total;
        double old = v[i], u = old - V_T;
        Rates alpha = opening(u), beta = closing(u);
        v[i] = steady + (old - steady) * exp(-DT * total / C_M);
        m[i] = gate(m[i], alpha.m, beta.m);
        h[i] = gate(h[i], alpha.h, beta.h);
        n[i] = gate(n[i], alpha.n, beta.n);
        g_exc[i] *= decay_exc;
        g_inh[i] *= decay_inh;
        crossed[i] = (old < V_TH) & (v[i] >= V_TH);
    }
}

static void deliver(void) { /* the spikes of the step before */
    for (int k = 0; k < n_spikes; k++) {
        const int *row = rows[spikes[k]];
        double *g = spikes[k] < N_EXC ? g_exc : g_inh, weight = spikes[k] < N_EXC ? W_EXC : W_INH;
        for (int j = 0; j < length[spikes[k]]; j++) g[row[j]] += weight;
    }
}

static void collect(void) {
    n_spikes = 0;
    for (int i = 0; i < N; i += 8) {
        uint64_t any;
        memcpy(&any, crossed + i, sizeof any);
        if (any) for (int j = i; j < i + 8; j++) if (crossed[j]) spikes[n_spikes++] = j;
    }
    n_all_spikes += n_spikes;
}

static void start(int i) {
    rows[i] = malloc(sizeof(int) * N);
    for (int j = 0; j < N; j++) if (uniform() < P) rows[i][length[i]++] = j;
    rows[i] = realloc(rows[i], sizeof(int) * (length[i] ? length[i] : 1));
    v[i] = normal(-65.0, 5.0);
    g_exc[i] = positive(40.0, 15.0);
    g_inh[i] = positive(200.0, 120.0);
    Rates alpha = opening(v[i] - V_T), beta = closing(v[i] - V_T);
    m[i] = alpha.m / (alpha.m + beta.m);
    h[i] = alpha.h / (alpha.h + beta.h);
    n[i] = alpha.n / (alpha.n + beta.n);
}

int main(int argc, char **argv) {
    double duration = argc > 1 ? atof(argv[1]) : 1000.0;
    for (int i = 0; i < N; i++) start(i);
    long settled = lround(500.0 / DT), all = settled + lround(duration / DT);
    struct timespec begin, end;
    for (long step = 0; step < all; step++) {
        if (step == settled) { n_all_spikes = 0; clock_gettime(CLOCK_MONOTONIC, &begin); }
        advance();
        deliver();
        collect();
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    double seconds = (end.tv_sec - begin.tv_sec) + 1e-9 * (end.tv_nsec - begin.tv_nsec);
    printf("{\"simulator\": \"plain C\", \"version\": \"%s\", \"network\": \"hh\", \"precision\": \"double\", \"threads\": 1, "
           "\"time_ms\": %g, \"rtf\": %.4f, \"mean_rate\": %.3f, \"ns_a_neuron_and_step\": %.1f}\n",
           __VERSION__, duration, 1e3 * seconds / duration, 1e3 * n_all_spikes / N / duration,
           1e9 * seconds / N / (all - settled));
    return 0;
}
