"""Rows of random graphs: the targets of one source after the other, as `Fill` of topology/drawing.py says."""

from __future__ import annotations

import numba as nb
import numpy as np

from hsnn_event.elementary import exp64, log64
from hsnn_event.rng import COMPILED, LANE_TARGET, fill_uniform


@nb.njit(**COMPILED)
def static_model_rows(start, stop, expected, power, by_rank, own, key, multapses, targets, used, counts):
    """The static model, rows `start` ... `stop` - 1: points of a Poisson process on [0, 1), an interval a rank."""
    n_targets = by_rank.size
    points = np.empty(256)
    for i in range(start, stop):
        begin, at, draw, last = used, 0.0, 0, -1
        batch = points[: min(256, np.int64(expected[i] + 4.0 * np.sqrt(expected[i])) + 8)]
        while at < 1.0 and expected[i] > 0.0 and n_targets > 0:
            if used + batch.size > targets.size:
                return i, begin
            fill_uniform(batch, key, i, LANE_TARGET, draw)
            for j in range(batch.size):
                batch[j] = -log64(batch[j]) / expected[i]
            for j in range(batch.size):
                at += batch[j]
                batch[j] = at
            for j in range(batch.size):
                batch[j] = exp64(power * log64(batch[j]))
            for j in range(batch.size):
                if batch[j] >= 1.0:
                    break
                rank = min(np.int64(batch[j] * n_targets), n_targets - 1)
                target = by_rank[rank]
                if target != own[i] and (multapses or rank != last):
                    targets[used] = target
                    used += 1
                last = rank
            draw += batch.size
        counts[i] = used - begin
    return stop, used


@nb.njit(**COMPILED)
def block_rows(start, stop, expected, blocks, hazards, ends, order, own, key, targets, used, counts):
    """Graphs of blocks, rows `start` ... `stop` - 1. A pair is connected if a Poisson process has a point in its interval
    of length -log(1 - p); exponential gaps lead from synapse to synapse, through all blocks."""
    logs = np.empty(256)
    for i in range(start, stop):
        begin, place, block, draw = used, 0, 0, 0
        batch = logs[: min(256, np.int64(expected[i] + 4.0 * np.sqrt(expected[i])) + 8)]
        while block < ends.size:
            if used + batch.size > targets.size:
                return i, begin
            fill_uniform(batch, key, i, LANE_TARGET, draw)
            for j in range(batch.size):
                batch[j] = -log64(batch[j])
            for j in range(batch.size):
                gap = batch[j]
                while block < ends.size:
                    hazard, left = hazards[blocks[i], block], ends[block] - place
                    if left > 0 and hazard > 0.0 and gap < left * hazard:
                        break
                    gap -= left * hazard if left > 0 else 0.0
                    place = ends[block]
                    block += 1
                if block == ends.size:
                    break
                place += min(np.int64(gap / hazard), left - 1)
                target = order[place]
                place += 1
                if target != own[i]:
                    targets[used] = target
                    used += 1
            draw += batch.size
        counts[i] = used - begin
    return stop, used


@nb.njit(**COMPILED)
def block_weights(start, stop, indptr, targets, source_blocks, target_blocks, between, within, weights):
    """One weight for synapses within a block and one for those between blocks."""
    for i in range(start, stop):
        for e in range(indptr[i], indptr[i + 1]):
            weights[e] = within if source_blocks[i] == target_blocks[targets[e]] else between
