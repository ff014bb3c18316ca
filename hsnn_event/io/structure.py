"""Ports and parts of a network as plain values, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hsnn_event.errors import FileFormatError
from hsnn_event.io.tree import Writer
from hsnn_event.network.network import Network
from hsnn_event.network.part import KINDS, Part
from hsnn_event.network.views import Group, parts
from hsnn_event.quantities import label


def plain_structure(network: Network, writer: Writer) -> dict[str, Any]:
    """What `add_structure` reads."""
    return {
        "ports": [
            {
                "name": name,
                "group": isinstance(neurons, Group),
                "views": [[view.name, writer.write(view.selection, f"port {name!r}")] for view in parts(neurons)],
            }
            for name, neurons in network.ports.items()
        ],
        "parts": [{"prefix": part.prefix, "names": part._names} for part in network.parts.values()],
    }


def add_structure(network: Network, plain: dict[str, Any], read: Callable[[Any], Any]) -> None:
    """Ports and parts of a file; those of older versions have none."""
    for each in plain.get("ports", []):
        views = tuple(
            network.populations[name] if ids is None else network.populations[name][read(ids)] for name, ids in each["views"]
        )
        network.port(each["name"], Group(views) if each["group"] else views[0])
    for each in plain.get("parts", []):
        prefix, names = label(each["prefix"], "part"), each["names"]
        if set(names) != {*KINDS, "records"}:
            raise FileFormatError(f"part {prefix!r} does not name what it holds.", name=prefix)
        network.parts.add(prefix, Part(network, prefix, {kind: dict(held) for kind, held in names.items()}))
    for part in network.parts.values():
        for kind in KINDS:
            part._held(kind)  # refuses what is not there
