"""Delays that distance makes, and what two populations need to have distances between them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsnn_event.errors import ShapeError, ValueRangeError
from hsnn_event.quantities import real
from hsnn_event.topology.positions import Space, unplaced

if TYPE_CHECKING:
    from hsnn_event.topology.pattern import End


@dataclass(frozen=True)
class DistanceDelay:
    """The delay of a synapse in ms: offset (ms) + distance (mm) / velocity (mm/ms). Made by `hsnn.distance_delay`."""

    velocity: float
    offset: float = 0.0

    def __post_init__(self) -> None:
        speed = real(self.velocity, "distance_delay: velocity", low=0.0, unit="mm/ms")
        if speed == 0.0:
            raise ValueRangeError("distance_delay: velocity is 0 mm/ms; give a speed above 0.", velocity=speed)
        object.__setattr__(self, "velocity", speed)
        object.__setattr__(self, "offset", real(self.offset, "distance_delay: offset", low=0.0, unit="ms"))

    def longest(self, source: Space, target: Space) -> float:
        """No synapse between these has a longer delay (ms)."""
        spans = [
            length / 2 if math.isfinite(length) else max(a[1], b[1]) - min(a[0], b[0])
            for length, a, b in zip(source.period, source.extent, target.extent, strict=True)
        ]
        return self.offset + math.hypot(*spans) / self.velocity


def distance_delay(velocity: float, offset: float = 0.0) -> DistanceDelay:
    """A delay of offset + distance / velocity, for `Network.connect(..., delay=)`.

    `velocity` in mm/ms, which is m/s; `offset`, such as that of the synapse itself, in ms. It goes with any rule between
    populations that have positions. A distance is that to the nearest image. On a clock delays are rounded to whole steps,
    one at least, and `projection.delay_rounding` says by how much; without one they are real numbers.

    Raises ArgumentTypeError, ValueRangeError; in `connect` DeclarationError (no positions), ShapeError, ValueRangeError.

    >>> import hsnn_event as hsnn
    >>> net = hsnn.Network(dt=0.1, seed=1)
    >>> line = net.population("line", hsnn.lattice(4, spacing=0.3), hsnn.models.lif_delta())
    >>> made = net.connect(line[:1], line, hsnn.connect.all_to_all(), weight=0.1, delay=distance_delay(0.5, offset=0.2))
    >>> made.edges().delays.tolist()
    [0.2, 0.8, 1.4, 2.0]
    """
    return DistanceDelay(velocity, offset)


def one_space(what: str, source: End, target: End, where: str) -> tuple[Space, Space]:
    """Positions of sources and targets, between which there are distances."""
    spaces: list[Space] = []
    for end in (source, target):
        if end.space is None:
            raise unplaced(end.population, f"{where}: {what} needs positions")
        spaces.append(end.space)
    check_one_space(what, spaces[0], spaces[1], where)
    return spaces[0], spaces[1]


def check_one_space(what: str, source: Space, target: Space, where: str) -> None:
    """Refuse two spaces of different dimension or period."""
    if source.n_dimensions != target.n_dimensions:
        raise ShapeError(
            f"{where}: {what} needs positions of as many dimensions, not {source.n_dimensions} of the sources and "
            f"{target.n_dimensions} of the targets.", n_dimensions=(source.n_dimensions, target.n_dimensions),
        )  # fmt: skip
    if source.period != target.period:
        raise ValueRangeError(
            f"{where}: {what} needs one space, but the period of the sources is {source.period} mm and that of the targets "
            f"{target.period} mm; give both populations the same.", periods=(source.period, target.period),
        )  # fmt: skip
