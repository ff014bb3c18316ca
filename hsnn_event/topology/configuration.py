"""The configuration model: a random graph in which every neuron has the degrees that it is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hsnn_event.errors import ShapeError, ValueRangeError, unknown_name
from hsnn_event.quantities import UNBOUNDED, indices
from hsnn_event.topology.compiled.stubs import count, exchange, scatter, shuffle
from hsnn_event.topology.drawing import Targets, in_parts, n_threads, own_places, require_room
from hsnn_event.topology.matrices import matrix_rule
from hsnn_event.topology.pattern import End, Labels, Pattern, Wanted
from hsnn_event.topology.rules import IntArray, Rule, switches

EXCESS = ("redraw", "erase")
STUBS_A_PART = 1 << 20
STUBS_A_BUCKET = 1 << 15  # that are shuffled within a processor's cache
MOST_SYNAPSES = 1 << 53  # beyond, sums are no longer whole
EXCHANGES = 20_000  # tried for one synapse


@dataclass(frozen=True, eq=False)
class Configuration(Pattern):
    """Stubs of sources and targets, matched at random."""

    out_degrees: IntArray
    in_degrees: IntArray
    excess: str
    flags: dict[str, Any]
    kind = "configuration_model"

    def rule(self, source: End, target: End, wanted: Wanted) -> tuple[Rule, Labels | None, Labels | None]:
        """The rows of all sources."""
        for name, degrees, end in (("out_degrees", self.out_degrees, source), ("in_degrees", self.in_degrees, target)):
            if len(degrees) != len(end.ids):
                raise ShapeError(
                    f"{wanted.where}: configuration_model: {len(degrees)} {name} for the {len(end.ids)} neurons of "
                    f"{end.population!r}; give one each.", n_degrees=len(degrees), size=len(end.ids),
                )  # fmt: skip
        indptr = np.concatenate(([0], np.cumsum(self.out_degrees)))
        require_room(2.0 * float(indptr[-1]), self.kind, wanted.where)  # the stubs twice while they are shuffled
        stubs = np.repeat(np.arange(len(target.ids), dtype=np.int32), self.in_degrees)
        targets = shuffled(stubs, wanted.key, n_threads(wanted))
        flags = self.flags
        if self.excess == "redraw" and not (flags["autapses"] and flags["multapses"]):
            own = own_places(source, target, flags["autapses"])
            distinct, key = not flags["multapses"], np.uint64(wanted.key)
            left = exchange(indptr, targets, own, len(target.ids), key, distinct, EXCHANGES)
            if left >= 0:
                raise ValueRangeError(
                    f"{wanted.where}: configuration_model finds no graph with these degrees, autapses={flags['autapses']} "
                    f"and multapses={flags['multapses']}: it stops at source {left}. Allow them, or take excess='erase'.",
                    source=int(left),
                )  # fmt: skip
            flags = switches(True, True)
        return matrix_rule(indptr, targets, (len(source.ids), len(target.ids)), None, flags), None, None


def configuration_model(
    out_degrees: Any, in_degrees: Any, *, autapses: bool = True, multapses: bool = True, excess: str = "redraw"
) -> Configuration:
    """Source i has `out_degrees[i]` synapses and target j has `in_degrees[j]`; which belong together is left to chance.

    Stubs of sources are matched with stubs of targets, all matchings equally likely (Newman, Strogatz and Watts 2001, doi
    10.1103/PhysRevE.64.026118). `autapses=False` and `multapses=False` are kept in one of two ways. "redraw": a synapse that
    may not be exchanges its target with a synapse chosen at random, where both are then allowed; degrees stay what they are,
    and graphs are nearly, not exactly, equally likely. "erase": it is left out, so that large degrees become smaller.

    Raises ArgumentTypeError, ShapeError, ValueRangeError (sums that differ; degrees that no graph has), UnknownNameError.

    >>> import hsnn_event as hsnn
    >>> net = hsnn.Network(seed=1)
    >>> cells = net.population("cells", 4, hsnn.models.lif_delta())
    >>> rule = configuration_model([3, 1, 1, 1], [0, 2, 2, 2], autapses=False, multapses=False)
    >>> made = net.connect(cells, cells, rule, weight=0.1, delay=1.0).edges()
    >>> sorted(made.targets[made.sources == 0].tolist())
    [1, 2, 3]
    """
    outgoing = indices(out_degrees, UNBOUNDED, "configuration_model: out_degrees")
    incoming = indices(in_degrees, UNBOUNDED, "configuration_model: in_degrees")
    sums = [int(each.sum(dtype=np.float64)) for each in (outgoing, incoming)]
    if sums[0] != sums[1]:
        raise ValueRangeError(
            f"configuration_model: out_degrees add up to {sums[0]}, in_degrees to {sums[1]}; every synapse leaves one "
            "neuron and reaches one, so that the sums are equal.", n_out=sums[0], n_in=sums[1],
        )  # fmt: skip
    if not isinstance(excess, str) or excess not in EXCESS:
        raise unknown_name("configuration_model: excess", excess, EXCESS)
    if sums[0] > MOST_SYNAPSES:
        raise ValueRangeError(f"configuration_model: out_degrees add up to {sums[0]:.3g}; ask for fewer.", n=sums[0])
    flags = switches(autapses, multapses)
    if not flags["multapses"] and excess == "redraw":
        _check_graphical(outgoing, incoming)
    return Configuration(outgoing, incoming, excess, flags)


def _check_graphical(out_degrees: IntArray, in_degrees: IntArray) -> None:
    """Is there a graph without multapses? Gale and Ryser (1957): the r largest out-degrees find enough targets."""
    wanted = np.cumsum(np.sort(out_degrees)[::-1])
    rising, rows = np.sort(in_degrees), np.arange(1, len(out_degrees) + 1)
    below = np.searchsorted(rising, rows)
    found = np.concatenate(([0], np.cumsum(rising)))[below] + rows * (len(rising) - below)
    if (wanted > found).any():
        r = int(np.argmax(wanted > found))
        raise ValueRangeError(
            f"configuration_model: no graph without multapses has these degrees: the {r + 1} largest out_degrees ask for "
            f"{wanted[r]} targets and find {found[r]}. Allow multapses, or take excess='erase'.",
            wanted=int(wanted[r]), found=int(found[r]),
        )  # fmt: skip


def shuffled(stubs: Targets, key: int, threads: int) -> Targets:
    """The same in random order, all orders equally likely, for any number of threads: each stub goes into a random
    bucket, and each bucket is shuffled (Sanders 1998, doi 10.1016/S0020-0190(98)00127-6)."""
    n, word = len(stubs), np.uint64(key)
    n_buckets, n_parts = n // STUBS_A_BUCKET + 1, n // STUBS_A_PART + 1
    counts = np.zeros((n_parts, n_buckets), np.int64)
    ends = np.linspace(0, n, n_parts + 1).astype(np.int64)
    in_parts(
        lambda start, stop: [count(ends[k], ends[k + 1], word, counts[k]) for k in range(start, stop)], n_parts, threads
    )
    # A bucket holds the stubs of part after part.
    places = np.cumsum(np.concatenate(([0], counts.T.ravel())))
    firsts = np.ascontiguousarray(places[:-1].reshape(n_buckets, n_parts).T)
    bucket_ends = np.append(places[:-1:n_parts], n)
    mixed = np.empty_like(stubs)
    in_parts(
        lambda start, stop: [scatter(stubs, ends[k], ends[k + 1], word, firsts[k], mixed) for k in range(start, stop)],
        n_parts, threads,
    )  # fmt: skip
    in_parts(lambda start, stop: shuffle(mixed, bucket_ends, start, stop, word), n_buckets, threads)
    return mixed
