"""Parts of a network: what stands in it of another one, found under the names that it had there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hsnn_event.network import overview
from hsnn_event.network.catalog import Catalog, member
from hsnn_event.network.fixed import Fixed, no_attribute
from hsnn_event.recording import Record

if TYPE_CHECKING:
    from hsnn_event.network.coupling import Coupling
    from hsnn_event.network.drive import Drive
    from hsnn_event.network.network import Network
    from hsnn_event.network.population import Population
    from hsnn_event.network.projection import Projection
    from hsnn_event.network.views import Group, View

KINDS = ("populations", "projections", "couplings", "drives", "ports", "parts")  # catalogs of a network
Names = dict[str, dict[str, str]]  # kind -> name in the subnetwork -> name in the network


class Part(Fixed):
    """A subnetwork within a network, made by `Network.add`: `part["exc"]` is the population "<prefix>_exc".

    `populations`, `projections`, `couplings`, `drives`, `records`, `ports` and `parts` hold what has come of the
    subnetwork's own, under the names that they had there.
    """

    network: Network
    prefix: str

    def __init__(self, network: Network, prefix: str, names: Names) -> None:
        self.network = network
        self.prefix = prefix
        self._names = names

    @property
    def name(self) -> str:
        """Its prefix."""
        return self.prefix

    @property
    def populations(self) -> Mapping[str, Population]:
        """The populations, without those that later calls have added to the network."""
        return self._held("populations")

    @property
    def projections(self) -> Mapping[str, Projection]:
        """The projections within the part."""
        return self._held("projections")

    @property
    def couplings(self) -> Mapping[str, Coupling]:
        """The couplings within the part."""
        return self._held("couplings")

    @property
    def drives(self) -> Mapping[str, Drive]:
        """The drives of its neurons."""
        return self._held("drives")

    @property
    def records(self) -> Mapping[str, Record]:
        """The records of its neurons that are still listed in `Network.records`: `result[part.records["exc.spikes"]]`."""
        listed = {record.name: record for record in self.network.records}
        found: Catalog[Record] = Catalog(f"part {self.prefix!r}: record")
        for inner, outer in self._names["records"].items():
            if outer in listed:
                found.add(inner, listed[outer])
        return found

    @property
    def ports(self) -> Mapping[str, View | Group]:
        """The neurons that others connect to, by the names that `Network.port` gave them."""
        return self._held("ports")

    @property
    def parts(self) -> Mapping[str, Part]:
        """The parts of the part."""
        return self._held("parts")

    @property
    def size(self) -> int:
        """Number of neurons."""
        return sum(population.size for population in self.populations.values())

    def __getitem__(self, name: str) -> Population:
        return self.populations[name]

    def _held(self, kind: str) -> Catalog[Any]:
        found: Catalog[Any] = Catalog(f"part {self.prefix!r}: {kind.removesuffix('s')}")
        for inner, outer in self._names[kind].items():
            found.add(inner, getattr(self.network, kind)[outer])
        return found

    def _way(self, name: str) -> str:
        return no_attribute(f"part {self.prefix!r}", name, "set values of its populations, part['exc'].set(...)")

    def __reduce__(self) -> tuple[Any, ...]:
        return member, (self.network, "parts", self.prefix)

    def _repr_html_(self) -> str:
        return overview.of_part(self)

    def __repr__(self) -> str:
        names = self._names
        return (
            f"<part {self.prefix!r}: {len(names['populations'])} populations with {self.size} neurons, "
            f"{len(names['projections'])} projections, ports: {', '.join(names['ports']) or 'none'}>"
        )


@contextmanager
def all_or_nothing(network: Network) -> Iterator[None]:
    """Whatever is added to the network within goes again where an error comes out."""
    catalogs: list[Catalog[Any]] = [getattr(network, kind) for kind in KINDS]
    before = [set(catalog) for catalog in catalogs]
    lengths = len(network.records), len(network.changes)
    assigned = {name: len(population.assignments) for name, population in network.populations.items()}
    labels = {name: population.given_labels for name, population in network.populations.items()}
    try:
        yield
    except BaseException:
        for catalog, names in zip(catalogs, before, strict=True):
            for added in [each for each in catalog if each not in names]:
                catalog.withdraw(added)
        del network.records[lengths[0] :], network.changes[lengths[1] :]
        for name, population in network.populations.items():
            del population.assignments[assigned[name] :]
            population.restore_labels(labels[name])
        raise
