"""Directed scale-free graphs: the static model of Goh, Kahng and Kim (2001), with a law of its own for each direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

from hsnn_event.elementary import exp64, log64
from hsnn_event.errors import ShapeError
from hsnn_event.quantities import flag, real
from hsnn_event.rng import LANE_SOURCE, LANE_TARGET, fill_uniform, uniforms
from hsnn_event.topology.drawing import COMPILED, drawn_rows, n_threads, own_places, require_room
from hsnn_event.topology.matrices import matrix_rule
from hsnn_event.topology.pattern import End, Labels, Pattern, Wanted
from hsnn_event.topology.rules import Rule, switches


@dataclass(frozen=True, eq=False)
class ScaleFree(Pattern):
    """Every neuron has a rank as source and one as target; the lower, the more synapses it expects."""

    k: float
    gamma_out: float
    gamma_in: float
    correlated: bool
    flags: dict[str, Any]
    kind = "scale_free"

    def rule(self, source: End, target: End, wanted: Wanted) -> tuple[Rule, Labels | None, Labels | None]:
        """The rows of all sources."""
        n_sources, n_targets = len(source.ids), len(target.ids)
        if self.correlated and n_sources != n_targets:
            raise ShapeError(
                f"{wanted.where}: scale_free(correlated=True) needs as many sources as targets, not {n_sources} and "
                f"{n_targets}: each neuron has one rank for both.", n_sources=n_sources, n_targets=n_targets,
            )  # fmt: skip
        require_room(self.k * n_sources, "scale_free", wanted.where)
        by_rank = _in_random_order(n_targets, wanted.key, 0)
        sources = by_rank if self.correlated else _in_random_order(n_sources, wanted.key, 1)
        expected = np.empty(n_sources)
        expected[sources] = self.k * n_sources * _shares(n_sources, self.gamma_out)
        own = own_places(source, target, self.flags["autapses"])
        power, multapses, key = 1.0 / _share_power(self.gamma_in), self.flags["multapses"], np.uint64(wanted.key)

        def fill(start: int, stop: int, targets: Any, used: int, counts: Any) -> tuple[int, int]:
            done: tuple[int, int] = _fill(start, stop, expected, power, by_rank, own, key, multapses, targets, used, counts)
            return done

        indptr, targets = drawn_rows(fill, np.minimum(expected, np.inf if multapses else n_targets), n_threads(wanted))
        return matrix_rule(indptr, targets, (n_sources, n_targets), None, switches(True, True)), None, None


def scale_free(
    k: float,
    gamma_out: float = 3.0,
    gamma_in: float = 3.0,
    *,
    correlated: bool = False,
    autapses: bool = False,
    multapses: bool = False,
) -> ScaleFree:
    """Out- and in-degrees with tails that fall as degree**-gamma, `k` synapses a source on average.

    The static model (Goh, Kahng and Kim 2001, doi 10.1103/PhysRevLett.87.278701), directed: with a = 1/(gamma - 1), the
    neuron of rank r = 0 ... n - 1 has the share ((r + 1)/n)**(1 - a) - (r/n)**(1 - a) of all synapses. The number of synapses
    from a source with share s to a target with share t is Poisson with mean k * n_sources * s * t; with `multapses=False`
    they are one at most, so that a pair is connected with probability 1 - exp(-k * n_sources * s * t). Ranks are random,
    and independent for the two directions unless `correlated`: then what has many targets has many sources.

    Preferential attachment (Barabasi and Albert 1999) has one exponent, 3, and an age for every neuron, and is drawn one
    neuron after the other; here exponents are free and rows are independent. `gamma` lies above 2, where the mean exists;
    infinity gives every neuron the same share. Hubs that would reach a target twice lose those synapses with
    `multapses=False`: the mean degree is then somewhat below `k`, the more so the nearer gamma is to 2.

    Raises ArgumentTypeError, ValueRangeError; ShapeError in `connect`.

    >>> import hsnn_event as hsnn
    >>> net = hsnn.Network(seed=1)
    >>> cells = net.population("cells", 2000, hsnn.models.lif_delta())
    >>> hubs = net.connect(cells, cells, scale_free(10, gamma_out=2.5), weight=0.1, delay=1.0).to_scipy()
    >>> degrees = (hubs.toarray() > 0).sum(axis=1)
    >>> bool(degrees.max() > 20 * degrees.mean())
    True
    """
    mean = real(k, "scale_free: k", low=0.0)
    exponents = [real(gamma, f"scale_free: {name}", low=np.nextafter(2.0, 3.0), infinite=True)
                 for name, gamma in (("gamma_out", gamma_out), ("gamma_in", gamma_in))]  # fmt: skip
    return ScaleFree(mean, *exponents, flag(correlated, "correlated"), switches(autapses, multapses))


def _share_power(gamma: float) -> float:
    return 1.0 - 1.0 / (gamma - 1.0)


def _shares(n: int, gamma: float) -> npt.NDArray[np.float64]:
    """The share of each rank; they add up to 1."""
    return np.diff((np.arange(n + 1) / max(n, 1)) ** _share_power(gamma))


def _in_random_order(n: int, key: int, row: int) -> npt.NDArray[np.int32]:
    return np.argsort(uniforms(key, n, row, LANE_SOURCE), kind="stable").astype(np.int32)


@nb.njit(**COMPILED)
def _fill(start, stop, expected, power, by_rank, own, key, multapses, targets, used, counts):
    """Rows `start` ... `stop` - 1: points of a Poisson process on [0, 1), of which each rank has an interval."""
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
