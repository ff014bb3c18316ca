"""An ordered collection of named objects, reached by name or by number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from hsnn_event.errors import ArgumentTypeError, DeclarationError, ValueRangeError, shown, unknown_name

T = TypeVar("T")


class Catalog(Mapping[str, T]):
    """What a network holds of one kind, in order of declaration."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._items: dict[str, T] = {}

    def __getitem__(self, key: str | int) -> T:
        if isinstance(key, str):
            if key not in self._items:
                raise unknown_name(self.kind, key, self._items)
            return self._items[key]
        if isinstance(key, bool) or not isinstance(key, int):
            raise ArgumentTypeError(f"a {self.kind} is found by its name or number, not by {shown(key)}.", key=key)
        if not -len(self) <= key < len(self):
            text = f"{self.kind} number {shown(key)} does not exist; there are {len(self)}, counted from 0."
            raise ValueRangeError(text, key=key)
        return list(self._items.values())[key]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._items

    def get(self, key: str, default: T | None = None) -> T | None:  # type: ignore[override]
        """The item of that name, or `default`."""
        return self._items.get(key, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def add(self, name: str, item: T) -> None:
        """Append `item`; a name that is taken is an error."""
        if name in self._items:
            raise DeclarationError(f"a {self.kind} named {name!r} exists already; choose another name.", name=name)
        self._items[name] = item

    def withdraw(self, name: str) -> None:
        """Take the last item back, whose declaration has failed further on."""
        del self._items[name]

    def free_name(self, name: str) -> str:
        """`name` itself or, for a namesake, `name#2`, `name#3`, ..."""
        if name not in self._items:
            return name
        number = 2
        while f"{name}#{number}" in self._items:
            number += 1
        return f"{name}#{number}"

    def __repr__(self) -> str:
        return f"<{len(self)} {self.kind}s: {', '.join(self._items)}>"


def member(owner: object, catalog: str, name: str) -> Any:
    """An entry of one of an object's catalogs: a copy of it is that of the object's copy, found when that is whole."""
    return getattr(owner, catalog)[name]
