"""Rules that list their synapses: what the switches leave out of a list."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from hsnn_event.topology.rules import LISTS, IntArray, Rule

Mask = npt.NDArray[np.bool_]


def kept(rule: Rule, source_ids: IntArray, target_ids: IntArray, same_population: bool) -> Mask | None:
    """Which synapses of a list the switches leave; None: all, or the rule draws its synapses.

    Of several synapses of one pair the first stays where multapses are excluded.
    """
    thins = not rule.multapses or (not rule.autapses and same_population)
    if rule.kind not in LISTS or not thins or rule.targets is None:
        return None
    sources, targets = _sources(rule), rule.targets
    stays = np.ones(len(targets), np.bool_)
    if not rule.autapses and same_population:
        stays &= source_ids[sources] != target_ids[targets]
    if not rule.multapses:
        _, first = np.unique(sources.astype(np.int64) * len(target_ids) + targets, return_index=True)
        firsts = np.zeros(len(targets), np.bool_)
        firsts[first] = True
        stays &= firsts
    return stays


def thinned(rule: Rule, mask: Mask) -> Rule:
    """The list with only the synapses in the mask, numbered anew."""
    assert rule.targets is not None
    targets, count = rule.targets[mask], int(mask.sum())
    if rule.indptr is None:
        return replace(rule, count=count, sources=None if rule.sources is None else rule.sources[mask], targets=targets)
    indptr = np.concatenate(([0], np.cumsum(mask)))[rule.indptr]
    return replace(rule, count=count, indptr=indptr, targets=targets)


def _sources(rule: Rule) -> IntArray:
    if rule.sources is not None:
        return rule.sources
    assert rule.indptr is not None
    return np.repeat(np.arange(len(rule.indptr) - 1), np.diff(rule.indptr))
