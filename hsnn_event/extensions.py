"""Models and backends of other packages: declared as entry points, loaded when they are asked for (docs/extending.md)."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from hsnn_event.errors import AmbiguousError, ExtensionError, unknown_name

MODELS, BACKENDS = "models", "backends"  # kinds: the group of entry points is hsnn_event.<kind>


def names(kind: str) -> list[str]:
    """What installed packages declare of a kind.

    >>> names("nothing")
    []
    """
    return sorted({point.name for point in entry_points(group=f"hsnn_event.{kind}")})


def load(kind: str, name: str) -> Callable[..., Any]:
    """What a package declares under that name, imported now.

    Raises UnknownNameError where none does, AmbiguousError where several do, ExtensionError where it cannot be imported.
    """
    group = f"hsnn_event.{kind}"
    points = list(entry_points(group=group, name=name))
    if not points:
        raise unknown_name(f"{group}: name", name, names(kind))
    packages = sorted({_package(point) for point in points})
    if len(packages) > 1:
        text = f"{group}: {name!r} is declared by {', '.join(packages)}. Uninstall all but one of them."
        raise AmbiguousError(text, name=name, packages=packages)
    what = f"{group}: {name!r} ({points[0].value}) of package {packages[0]}"
    try:
        found = points[0].load()
    except Exception as error:
        raise ExtensionError(f"{what} cannot be loaded: {error}. Repair or uninstall that package.", name=name) from error
    if not callable(found):
        raise ExtensionError(f"{what} must be a function or a class. Repair or uninstall that package.", name=name)
    loaded: Callable[..., Any] = found
    return loaded


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "?"
