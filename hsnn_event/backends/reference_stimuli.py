"""Stimuli and sources of spikes as docs/semantics.md defines them, neuron by neuron: for the reference backend."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from hsnn_event.distributions import quantile
from hsnn_event.elementary import log64
from hsnn_event.lowering.ir import EventsPlan, FloatArray, IntArray, ListedSource, NoisePlan, Number, PoissonPlan
from hsnn_event.lowering.poisson import SOURCES_A_CHAIN, chain_exponent, poisson_parts, poisson_table
from hsnn_event.rng import philox_words, to_uniform, uniform_at


def poisson_counts(plan: PoissonPlan, key: int, ids: IntArray, step: int) -> IntArray:
    """The count that each of the neurons `ids` draws at emission step `step`."""
    counts, means = np.zeros(len(ids), np.int64), np.broadcast_to(plan.expected.at(step), ids.shape)
    for place, (mean, neuron) in enumerate(zip(means.tolist(), ids.tolist(), strict=True)):
        parts = poisson_parts(mean)
        for part in range(parts):
            counts[place] += (_table(mean / parts) <= _word(key, neuron, step, part)).sum()
    return counts


def events_at(plan: EventsPlan, step: int) -> slice:
    """Which of the listed events arrive in a step."""
    return slice(*np.searchsorted(plan.steps, [step, step + 1]))


def noise_at(plan: NoisePlan, key: int, ids: IntArray, step: int) -> FloatArray:
    """What is added to the input of each of the neurons `ids` in the step that ends at `step`."""
    draw = (step - 1) // plan.every
    u = [uniform_at(np.uint64(key), draw & 0xFFFFFFFF, draw >> 32, neuron, 0) for neuron in ids.tolist()]
    return np.asarray(plan.sigma.at(step) * quantile(plan.law, plan.mean, 1.0, np.array(u)))


def poisson_source(probability: Number, key: int, size: int, step: int) -> list[int]:
    """The neurons of a Poisson source that fire in a step, in ascending order: one chain of candidates a chunk of ids."""
    each = np.broadcast_to(probability, size)
    chunks = range(-(-size // SOURCES_A_CHAIN))
    return [neuron for chunk in chunks for neuron in _chain(each, key, step, chunk)]


def listed_source(plan: ListedSource, step: int) -> list[int]:
    """The neurons of a list that fire in a step."""
    found: list[int] = plan.ids[slice(*np.searchsorted(plan.steps, [step, step + 1]))].tolist()
    return found


def _chain(probability: FloatArray, key: int, step: int, chunk: int) -> list[int]:
    first, end = chunk * SOURCES_A_CHAIN, min((chunk + 1) * SOURCES_A_CHAIN, len(probability))
    largest = float(probability[first:end].max())
    if largest == 0.0:
        return []
    bound = 2.0 ** chain_exponent(largest)
    log_of_no = math.log1p(-bound) if bound < 1.0 else -math.inf
    fired: list[int] = []
    place, draw = -1, 0
    while True:
        counter = draw, step & 0xFFFFFFFF, step >> 32, chunk, key & 0xFFFFFFFF, key >> 32
        words = [np.uint64(word) for word in philox_words(*(np.uint64(word) for word in counter))]
        skipped = log64(to_uniform(words[0], words[1])) / log_of_no
        if skipped >= SOURCES_A_CHAIN or (place := place + 1 + int(skipped)) >= end - first:
            return fired
        if to_uniform(words[2], words[3]) * bound < probability[first + place]:
            fired.append(first + place)
        draw += 1


_table = lru_cache(maxsize=4096)(poisson_table)


def _word(key: int, neuron: int, step: int, part: int) -> int:
    """The random 32-bit word of a neuron: four neurons, 64 apart, share one call of the generator."""
    counter = neuron >> 8 << 6 | neuron & 63, step & 0xFFFFFFFF, step >> 32, part, key & 0xFFFFFFFF, key >> 32
    return int(philox_words(*(np.uint64(word) for word in counter))[neuron >> 6 & 3])
