"""What two populations need to have distances between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsnn_event.errors import ShapeError, ValueRangeError
from hsnn_event.topology.positions import Space, unplaced

if TYPE_CHECKING:
    from hsnn_event.topology.pattern import End



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
