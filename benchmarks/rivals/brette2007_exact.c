/* Benchmark 4 of Brette et al. (2007) as one would write it by hand in C, one thread: what a general simulator is up against.

       gcc -O3 -march=native -o /tmp/brette_exact brette2007_exact.c -lm && /tmp/brette_exact 10000

   Prints one line of JSON, as the other scripts here do; the argument is the model time in ms, after 500 ms that are not
   counted. 4,000 neurons whose potentials jump by 0.25 and -2.25 mV, exactly integrated between arrivals; E_L lies above the
   threshold, so that they cross it between arrivals, too. All delays are equal: the arrivals of one window are the spikes of
   the window before, sorted by time. The one thing that it leaves out: arrivals at one instant act one by one. */

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { N_EXC = 3200, N_INH = 800, N = N_EXC + N_INH, MOST_SPIKES = 65536 };
static const double TAU = 20.0, E_L = -49.0, V_TH = -50.0, V_RESET = -60.0, T_REF = 5.0, DELAY = 0.125, P = 0.02;

typedef struct { double time; int neuron; } Spike;
typedef struct { double v, since, until; } Neuron; /* potential at `since`; refractory until `until` */

static Neuron neurons[N];
static double soonest[N]; /* no crossing before */
static int *rows[N], length[N];
static Spike spikes[2][MOST_SPIKES];
static int n_spikes[2];
static long n_deliveries, n_all_spikes;

static uint64_t state = 88172645463325252ULL;
static double uniform(void) { /* xorshift64 */
    state ^= state << 13; state ^= state >> 7; state ^= state << 17;
    return (double)(state >> 11) * 0x1p-53;
}

static void foresee(int i) { /* E_L - v decays, so that v rises ever more slowly: a straight line is the soonest */
    Neuron *n = neurons + i;
    soonest[i] = n->since + TAU * (V_TH - n->v) / (E_L - n->v);
}

static void fire(int i, double t, int turn) {
    Neuron *n = neurons + i;
    spikes[turn][n_spikes[turn]++] = (Spike){t, i};
    n->v = V_RESET;
    n->since = n->until = t + T_REF;
    foresee(i);
}

static void cross(int i, double limit, int turn) { /* the crossings up to `limit` */
    while (soonest[i] <= limit) {
        Neuron *n = neurons + i;
        double t = n->since + TAU * log((E_L - n->v) / (E_L - V_TH));
        if (t > limit) { soonest[i] = t; return; }
        fire(i, t, turn);
    }
}

static void window(double end, int turn) {
    const Spike *due = spikes[1 - turn];
    n_spikes[turn] = 0;
    for (int k = 0; k < n_spikes[1 - turn]; k++) {
        double t = due[k].time + DELAY, weight = due[k].neuron < N_EXC ? 0.25 : -2.25;
        const int *row = rows[due[k].neuron];
        int m = length[due[k].neuron];
        n_deliveries += m;
        for (int j = 0; j < m; j++) {
            int i = row[j];
            Neuron *n = neurons + i;
            if (soonest[i] <= t) cross(i, t, turn);
            if (t <= n->until) continue;
            n->v = E_L + (n->v - E_L) * exp((n->since - t) / TAU) + weight;
            n->since = t;
            if (n->v >= V_TH) fire(i, t, turn); else foresee(i);
        }
    }
    for (int i = 0; i < N; i++) if (soonest[i] <= end) cross(i, end, turn);
    Spike *s = spikes[turn]; /* few: sorted by insertion */
    for (int k = 1; k < n_spikes[turn]; k++) {
        Spike one = s[k]; int j = k;
        for (; j > 0 && (s[j - 1].time > one.time || (s[j - 1].time == one.time && s[j - 1].neuron > one.neuron)); j--)
            s[j] = s[j - 1];
        s[j] = one;
    }
    n_all_spikes += n_spikes[turn];
}

int main(int argc, char **argv) {
    double duration = argc > 1 ? atof(argv[1]) : 10000.0;
    for (int i = 0; i < N; i++) {
        rows[i] = malloc(sizeof(int) * N);
        for (int j = 0; j < N; j++) if (uniform() < P) rows[i][length[i]++] = j;
        rows[i] = realloc(rows[i], sizeof(int) * (length[i] ? length[i] : 1));
        neurons[i] = (Neuron){V_RESET + (V_TH - V_RESET) * uniform(), 0.0, -1.0};
        foresee(i);
    }
    long step = 0, settled = lround(500.0 / DELAY), all = settled + lround(duration / DELAY);
    struct timespec begin, end;
    for (; step < all; step++) {
        if (step == settled) { n_deliveries = n_all_spikes = 0; clock_gettime(CLOCK_MONOTONIC, &begin); }
        window((step + 1) * DELAY, step & 1);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    double seconds = (end.tv_sec - begin.tv_sec) + 1e-9 * (end.tv_nsec - begin.tv_nsec);
    printf("{\"simulator\": \"plain C\", \"version\": \"%s\", \"network\": \"exact\", \"precision\": \"double\", \"threads\": 1, "
           "\"time_ms\": %g, \"rtf\": %.5f, \"mean_rate\": %.3f, \"ns_a_delivery\": %.1f}\n",
           __VERSION__, duration, 1e3 * seconds / duration, 1e3 * n_all_spikes / N / duration, 1e9 * seconds / n_deliveries);
    return 0;
}
