"""Views of some neurons of a population, and groups of several: the way to their values."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import ArgumentTypeError, DeclarationError, ShapeError, ValueRangeError, shown, unknown_name
from hsnn_event.network import overview
from hsnn_event.network.fixed import Fixed, no_attribute, not_assigned
from hsnn_event.quantities import as_array, hashable, indices, is_array, real_or_array, whole
from hsnn_event.random import Distribution
from hsnn_event.rng import stream_key, uniforms
from hsnn_event.topology.positions import Space, unplaced

if TYPE_CHECKING:
    from hsnn_event.network.population import Population

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Value = float | FloatArray | Distribution  # one for all neurons, one each, or a law to draw one each from


class Assignment(NamedTuple):
    """`value` for a state or parameter of the neurons `ids` (None: all) of a population."""

    population: Population
    variable: str
    ids: IntArray | None
    value: Value


class View(Fixed):
    """Some neurons of one population, in an order of their own; ids stay those of the population.

    >>> import hsnn_event as hsnn
    >>> exc = hsnn.Network().population("exc", 10, hsnn.models.lif_delta())
    >>> exc[2:8][[0, 3]].ids.tolist()
    [2, 5]
    """

    population: Population
    selection: IntArray | None  # population ids; None: all neurons

    def __init__(self, population: Population, selection: IntArray | None) -> None:
        self.population = population
        self.selection = selection

    @property
    def name(self) -> str:
        """The population's name."""
        return self.population._name

    @property
    def size(self) -> int:
        """Number of neurons."""
        return self.population._size if self.selection is None else len(self.selection)

    @property
    def ids(self) -> IntArray:
        """Population ids of the neurons, in order of the view."""
        return np.arange(self.size) if self.selection is None else self.selection.copy()

    @property
    def space(self) -> Space | None:
        """Where the neurons lie, in order of the view; None where they have no positions."""
        whole_space = self.population._space
        return whole_space if self.selection is None or whole_space is None else whole_space.part(self.selection)

    @property
    def positions(self) -> FloatArray:
        """Positions in mm, shape (neurons, dimensions), read only. DeclarationError where there are none."""
        if self.population._space is None:
            raise unplaced(self.name)
        positions = self.population._space.positions
        return positions if self.selection is None else positions[self.selection]

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, which: int | slice | Sequence[int] | npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> View:
        return View(self.population, self.ids[_positions(which, self.size, self.name)])

    def labelled(self, labels: Sequence[Hashable]) -> View:
        """The neurons with these labels, in this order; they need not be in this view."""
        known = self.population.label_ids
        if isinstance(labels, str | bytes) or not is_array(labels):
            text = f"population {self.name!r}: labelled needs a list of labels, not {shown(labels)}."
            raise ArgumentTypeError(text, value=labels)
        for label in labels:
            if not hashable(label) or label not in known:
                raise unknown_name(f"population {self.name!r}: label", label, map(str, known))
        return View(self.population, _unique(np.array([known[label] for label in labels], dtype=np.int64), self.name))

    def sample(self, n: int) -> View:
        """`n` of these neurons, chosen by the network's seed, in ascending order of their places here."""
        n = whole(n, f"population {self.name!r}: sample size")
        if n > self.size:
            text = f"population {self.name!r}: there are {self.size} neurons, too few for a sample of {n}. Ask for fewer."
            raise ValueRangeError(text, n=n, size=self.size)
        order = np.argsort(uniforms(stream_key(self.population.network.seed, "population", self.name, "sample"), self.size))
        return self[np.sort(order[:n])]

    def set(self, *, at: float | None = None, **values: Value) -> None:
        """Give states or parameters values: a number, an array in order of the view, or a distribution.

        Before the first run they are kept in order; between runs they act at once. With `at` (ms, on the grid and not
        past) they act at the end of the step at that time; what is scheduled before the first run comes in every trial.
        Raises UnknownNameError, ShapeError, ValueRangeError, ArgumentTypeError, GridError, before anything is changed.
        """
        assign((self,), values, at)

    def get(self, variable: str) -> FloatArray:
        """A copy of a state or parameter of these neurons, float64, in order of the view."""
        self.population.check_variable(variable)
        values = self.population.network.value(self.population, variable)
        return values if self.selection is None else values[self.selection]

    def __add__(self, other: View | Group) -> Group:
        return Group((self, *parts(other)))

    def _way(self, name: str) -> str:
        return _way((self,), f"population {self.name!r}", self.name if self.selection is None else "view", name)

    def __reduce__(self) -> tuple[Any, ...]:
        return View, (self.population, self.selection)

    def _repr_html_(self) -> str:
        return overview.of_neurons(self)

    def __radd__(self, other: object) -> Group:
        """So that `sum` of views is a group."""
        if isinstance(other, int) and other == 0:
            return Group((self,))
        raise ArgumentTypeError(f"a population, view or group is needed, not {shown(other)}.", value=other)

    def __repr__(self) -> str:
        return f"<{self.size} neurons of {self.population!r}>"


class Group(Fixed):
    """Several populations or views, one after the other."""

    members: tuple[View, ...]

    def __init__(self, members: tuple[View, ...]) -> None:
        strange = [member for member in members if member.population.network is not members[0].population.network]
        if strange:
            text = f"population {strange[0].name!r} belongs to another network than {members[0].name!r}; group those of one."
            raise DeclarationError(text, name=strange[0].name)
        self.members = members

    @property
    def size(self) -> int:
        """Number of neurons."""
        return sum(member.size for member in self.members)

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[View]:
        return iter(self.members)

    def __add__(self, other: View | Group) -> Group:
        return Group((*self.members, *parts(other)))

    def set(self, *, at: float | None = None, **values: Value) -> None:
        """As `View.set`; an array holds the values of the members one after the other."""
        assign(self.members, values, at)

    def get(self, variable: str) -> FloatArray:
        """As `View.get`, the members one after the other."""
        return np.concatenate([member.get(variable) for member in self.members])

    def _way(self, name: str) -> str:
        return _way(self.members, f"group {' + '.join(member.name for member in self.members)}", "group", name)

    def _repr_html_(self) -> str:
        return overview.of_group(self)

    def __repr__(self) -> str:
        return f"<group: {' + '.join(map(repr, self.members))}>"


def parts(neurons: object) -> tuple[View, ...]:
    """The views that a population, view or group is made of."""
    if isinstance(neurons, Group):
        return neurons.members
    if isinstance(neurons, View):
        return (neurons,)
    hint = f"; give net[{shown(neurons)}]" if isinstance(neurons, str) else ""
    raise ArgumentTypeError(f"a population, view or group is needed, not {shown(neurons)}{hint}.", value=neurons)


def _way(members: tuple[View, ...], what: str, short: str, name: str) -> str:
    """The words for someone who assigns to an attribute of neurons."""
    models = [member.population.model for member in members]
    settable = [each for each in (*models[0].states, *models[0].parameters)
                if all(each in model.states or each in model.parameters for model in models)]  # fmt: skip
    if name in settable:
        return not_assigned(what, name, f"{short}.set({name}=...)")
    return no_attribute(what, name, f"{short}.set(...) sets {', '.join(settable) or 'nothing here'}")


def assign(members: tuple[View, ...], values: dict[str, Value], at: float | None = None) -> None:
    """Give the variables of all members values, after all of them are checked."""
    assignments = [each for name, value in values.items() for each in _assignments(members, name, value)]
    network = members[0].population.network
    if at is None:
        network.assign(assignments)
    else:
        network.schedule(at, assignments)


def _assignments(members: tuple[View, ...], variable: str, value: Value) -> list[Assignment]:
    for member in members:
        member.population.check_variable(variable)
    sizes = [member.size for member in members]
    pieces: list[Value] = [value] * len(members)
    if not isinstance(value, Distribution):
        states = members[0].population.model.states
        what = f"{' + '.join(member.name for member in members)}: {variable}"
        checked = real_or_array(value, sum(sizes), what, infinite=variable not in states, unit=_unit(members, variable))
        pieces = [checked] * len(members)
        for member in members:
            member.population.model.check_range(variable, checked, what)
        if isinstance(checked, np.ndarray):
            pieces = list(np.split(checked, np.cumsum(sizes)[:-1]))
    return [
        Assignment(member.population, variable, member.selection, piece)
        for member, piece in zip(members, pieces, strict=True)
    ]


def _unit(members: tuple[View, ...], variable: str) -> str | None:
    """The unit that the models of all members give a variable."""
    units = {member.population.model.units.get(variable) for member in members}
    return units.pop() if len(units) == 1 else None


def _positions(which: object, size: int, name: str) -> IntArray:
    what = f"population {name!r}: index"
    if isinstance(which, slice):
        try:
            return np.arange(size)[which]
        except (TypeError, ValueError) as error:
            raise ArgumentTypeError(f"{what}: {shown(which)} is no slice of whole numbers.", value=which) from error
    if isinstance(which, int | np.integer) and not isinstance(which, bool):
        return indices([which + size if -size <= which < 0 else which], size, what)
    if not is_array(which):
        raise ArgumentTypeError(f"{what} must be a number, slice, mask or array of ids, not {shown(which)}.", value=which)
    array = as_array(which, what, "give ids or a mask")
    if array.dtype == bool:
        if array.shape != (size,):
            raise ShapeError(
                f"{what}: a mask of shape {array.shape} does not fit {size} neurons; give one boolean a neuron.",
                shape=array.shape, size=size,
            )
        return np.flatnonzero(array)
    if array.dtype.kind == "i":
        array[(array < 0) & (array >= -size)] += size  # -1 is the last one
    return _unique(indices(array, size, what), name)


def _unique(ids: IntArray, name: str) -> IntArray:
    if len(np.unique(ids)) != len(ids):
        first = int(next(each for each in ids if (ids == each).sum() > 1))
        raise ValueRangeError(f"population {name!r}: neuron {first} stands in a view twice; name each once.", ids=ids)
    return ids
