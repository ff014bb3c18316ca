"""Networks in files and in pickles: the same plain values, from which the network is declared anew."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import h5py
import numpy.typing as npt

from hsnn_event import __version__
from hsnn_event.files.replacing import checked_path
from hsnn_event.files.sealed import open_sealed, read_array, read_header, refused, write_array, write_header, write_sealed
from hsnn_event.io import tree
from hsnn_event.io.declarations import Plain, network_of, plain_network
from hsnn_event.io.running import plain_running, resume
from hsnn_event.network.network import Network

KIND, VERSION = "network", 1
NUMBERS = "biuf"  # kinds of arrays
Arrays = list[npt.NDArray[Any]]


def save(network: Network, path: str | os.PathLike[str]) -> None:
    """As `Network.save`."""
    plain, arrays = pickled(network)
    write(checked_path(path, "Network.save"), plain, arrays)


def load(path: str | os.PathLike[str], **options: Any) -> Network:
    """As `Network.load`."""
    Network(**{name: value for name, value in options.items() if value is not None})  # a wrong option is no damaged file
    where = checked_path(path, "Network.load")
    plain, arrays = read(where)
    try:
        return _network(plain, arrays, options)
    except Exception as error:  # whatever a file may hold, it is the file that is wrong
        raise refused(where, f"it holds no network that can be declared: {error}") from error


def write(path: Path, plain: Plain, arrays: Arrays) -> None:
    """A sealed file of plain values and arrays."""

    def fill(file: h5py.File) -> None:
        write_header(file, plain)
        for number, array in enumerate(arrays):
            write_array(file, f"arrays/{number}", array)

    write_sealed(path, KIND, VERSION, fill)


def read(path: Path) -> tuple[Plain, Arrays]:
    """What `write` was given."""
    with open_sealed(path, KIND, VERSION) as file:
        return read_header(file), [read_array(file, f"arrays/{n}", NUMBERS) for n in range(len(file.get("arrays", ())))]


def pickled(network: Network) -> tuple[Plain, Arrays]:
    """A network as plain values and arrays."""
    writer = tree.Writer()
    plain: Plain = {"made_by": __version__, "declarations": plain_network(network, writer), "running": None}
    if network._simulation is not None:
        plain["running"] = plain_running(network._simulation, writer)
    return plain, writer.arrays


def unpickled(plain: Plain, arrays: Arrays) -> Network:
    """The network that `pickled` was given."""
    return _network(plain, arrays, {})


def _network(plain: Plain, arrays: Arrays, options: dict[str, Any]) -> Network:
    def value_of(value: Any) -> Any:
        return tree.read(value, arrays)

    network = network_of(plain["declarations"], value_of, options)
    if plain["running"] is not None:
        resume(network, plain["running"], value_of)
    return network
