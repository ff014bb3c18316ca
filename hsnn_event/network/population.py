"""Populations: neurons of one model, under one name."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from operator import getitem
from typing import TYPE_CHECKING, Any

from hsnn_event.errors import DeclarationError, unknown_name
from hsnn_event.grid import Continuum, Time
from hsnn_event.model.declare import NeuronModel
from hsnn_event.network import overview
from hsnn_event.network.views import Assignment, View
from hsnn_event.quantities import distinct_labels, real_or_array
from hsnn_event.random import Distribution
from hsnn_event.topology.positions import Shape, Space

if TYPE_CHECKING:
    from hsnn_event.network.network import Network


class Population(View):
    """Neurons of one model, numbered from 0; made by `Network.population`."""

    network: Network
    model: NeuronModel
    method: str
    schedule: str    # "clock" or "exact"
    time_grid: Time  # that its stimuli and delays are given on
    assignments: list[Assignment]
    node_data: dict[str, dict[int, Any]]
    """Attribute -> id -> value: what a graph says of neurons beside their labels, parameters and states."""

    def __init__(
        self,
        network: Network,
        name: str,
        size: int,
        model: NeuronModel,
        method: str,
        labels: Sequence[Hashable] | None,
        schedule: str = "clock",
        space: Space | None = None,
    ) -> None:
        super().__init__(self, None)
        self.network = network
        self.model = model
        self.method = method
        self.schedule = schedule
        self.time_grid = Continuum() if schedule == "exact" else network.grid
        self.assignments = []
        self.node_data = {}
        self._name = name
        self._size = size
        self._space = space
        self._shape: Shape | None = space  # what it was declared with: other positions where another seed scatters them
        self._labels = None if labels is None else distinct_labels(labels, size, f"population {name!r}", "neurons")
        for parameter, value in model.parameters.items():
            if not isinstance(value, Distribution):
                real_or_array(value, size, f"population {name!r}: parameter {parameter!r}", infinite=True)

    @property
    def exact(self) -> bool:
        """Does it run without a clock?"""
        return self.schedule == "exact"

    @property
    def label_ids(self) -> Mapping[Hashable, int]:
        """The id of each label; ids are their own labels where none were given."""
        return self._labels if self._labels is not None else {neuron: neuron for neuron in range(self._size)}

    @property
    def own_labels(self) -> tuple[Hashable, ...] | None:
        """The labels that were given, if any."""
        return None if self._labels is None else tuple(self._labels)

    @property
    def labels(self) -> tuple[Hashable, ...]:
        """The label of each neuron, by id; ids where no labels were given."""
        return tuple(self.label_ids)

    @property
    def given_labels(self) -> Mapping[Hashable, int] | None:
        """The id of each label, None where no labels were given."""
        return self._labels

    def take_labels(self, labels: Sequence[Hashable] | None) -> None:
        """Take over the labels of a graph, one a neuron by id; None changes nothing."""
        if labels is not None:
            self._labels = distinct_labels(labels, self._size, f"population {self._name!r}", "neurons")

    def restore_labels(self, labels: Mapping[Hashable, int] | None) -> None:
        """Go back to these labels, given before (None: to none)."""
        self._labels = None if labels is None else dict(labels)

    def check_variable(self, variable: str) -> None:
        """Refuse a name that is neither a state nor a parameter of the model."""
        known = (*self.model.states, *self.model.parameters)
        if not isinstance(variable, str) or variable not in known:
            raise unknown_name(f"population {self._name!r}: state or parameter", variable, known)

    def receptor(self, receptor: str | None, where: str) -> str:
        """The receptor named, or the only one there is."""
        return self._named("receptor", receptor, tuple(self.model.receptors), where, "no spike", "name a receptor")

    def weight_unit(self, receptor: str) -> str | None:
        """The unit of a weight: that of the state that it is added to, or what the model's units say of "weight"."""
        units = self.model.units
        (state, text), *more = self.model.receptors[receptor].items()
        added = text.replace(" ", "") in (f"{state}+weight", f"weight+{state}")
        return units.get(state) if added and not more else units.get("weight")

    def input(self, name: str | None, where: str) -> str:
        """The continuous input named, or the only one there is."""
        return self._named("input", name, tuple(self.model.inputs), where, "no current", "name an input with input=")

    def _named(self, kind: str, name: str | None, known: tuple[str, ...], where: str, barred: str, wanted: str) -> str:
        if name is not None and (not isinstance(name, str) or (known and name not in known)):
            raise unknown_name(f"{where}: {kind}", name, known)
        if not known:
            raise DeclarationError(
                f"{where}: {self.model.name} has no {kind}, so {barred} can reach it. Give the model {kind}s=.",
                known=known,
            )
        if name is not None or len(known) == 1:
            return known[0] if name is None else name
        raise DeclarationError(f"{where}: {wanted}; {self.model.name} has: {', '.join(known)}.", known=known)

    def __reduce__(self) -> tuple[Any, ...]:
        return getitem, (self.network, self._name)  # a copy belongs to the copy of its network

    def _repr_html_(self) -> str:
        return overview.of_population(self)

    def __repr__(self) -> str:
        return f"<population {self._name!r}: {self._size} x {self.model.name}>"
