"""Directed scale-free graphs: the static model of Goh, Kahng and Kim (2001), with a law of its own for each direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import ShapeError
from hsnn_event.quantities import flag, real
from hsnn_event.rng import LANE_SOURCE, uniforms
from hsnn_event.topology.compiled.rows import static_model_rows
from hsnn_event.topology.drawing import drawn_rows, n_threads, own_places, require_room
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
            done: tuple[int, int] = static_model_rows(
                start, stop, expected, power, by_rank, own, key, multapses, targets, used, counts
            )
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
    neuron of rank r = 0 ... n - 1 has the share ((r + 1)/n)**(1 - a) - (r/n)**(1 - a) of all synapses. The number of
    synapses from a source with share s to a target with share t is Poisson with mean k * n_sources * s * t; with
    `multapses=False` they are one at most, so that a pair is connected with probability 1 - exp(-k * n_sources * s * t).
    Ranks are random, and independent for the two directions unless `correlated`: then what has many targets has many
    sources.

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
    least = float(np.nextafter(2.0, 3.0))
    out_law = real(gamma_out, "scale_free: gamma_out", least, infinite=True)
    in_law = real(gamma_in, "scale_free: gamma_in", least, infinite=True)
    return ScaleFree(mean, out_law, in_law, flag(correlated, "correlated"), switches(autapses, multapses))


def _share_power(gamma: float) -> float:
    return 1.0 - 1.0 / (gamma - 1.0)


def _shares(n: int, gamma: float) -> npt.NDArray[np.float64]:
    """The share of each rank; they add up to 1."""
    return np.diff((np.arange(n + 1) / max(n, 1)) ** _share_power(gamma))


def _in_random_order(n: int, key: int, row: int) -> npt.NDArray[np.int32]:
    return np.argsort(uniforms(key, n, row, LANE_SOURCE), kind="stable").astype(np.int32)
