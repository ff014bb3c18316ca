"""What becomes a rule only when it is known what it connects: a graph with its labels, a function of ids."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from hsnn_event.topology.positions import Space
from hsnn_event.topology.rules import IntArray, Rule

Labels = tuple[Hashable, ...]


class End(NamedTuple):
    """The sources or the targets of a projection."""

    population: str
    ids: IntArray                          # population ids, in order
    whole: bool                            # all neurons of the population, in order of their ids
    labels: Mapping[Hashable, int] | None  # those that the population has been given, with ids
    space: Space | None = None             # where they lie, in order


@dataclass(frozen=True)
class Wanted:
    """What a rule is asked for: under which name, for which receptor, with which values of its own."""

    where: str
    receptor: str
    weight: bool
    delay: bool
    weight_unit: str | None  # of the receptor
    key: int  # of the projection's random stream
    threads: int | None = None  # the network's; None: as many as there are cores


class Pattern(ABC):
    """Made by a function of `hsnn.connect`; `Network.connect` turns it into a rule."""

    kind: str
    random: bool = True  # does what it gives follow from the key of the stream?

    @abstractmethod
    def rule(self, source: End, target: End, wanted: Wanted) -> tuple[Rule, Labels | None, Labels | None]:
        """The rule, and the labels that the source and target populations take from it (None: they keep theirs)."""

    def receptors(self, known: tuple[str, ...]) -> tuple[str, ...] | None:
        """The receptors among `known` that the pattern itself names; None: it names none."""
        return None

    def __str__(self) -> str:
        return self.kind
