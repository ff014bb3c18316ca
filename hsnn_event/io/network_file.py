"""Networks in files and in pickles: the same plain values, from which the network is declared anew."""

from __future__ import annotations

import os
from typing import Any

import numpy.typing as npt

from hsnn_event import __version__
from hsnn_event.errors import FileFormatError
from hsnn_event.io import hdf5, tree
from hsnn_event.io.declarations import Plain, network_of, plain_network
from hsnn_event.io.running import plain_running, resume
from hsnn_event.network import Network

FORMAT, VERSION = "hsnn_event network", 1
Arrays = list[npt.NDArray[Any]]


def save(network: Network, path: str | os.PathLike[str]) -> None:
    """As `Network.save`."""
    plain, arrays = pickled(network)
    hdf5.write(path, FORMAT, VERSION, tree.text_of(plain), arrays)


def load(path: str | os.PathLike[str], **options: Any) -> Network:
    """As `Network.load`."""
    Network(**{name: value for name, value in options.items() if value is not None})  # a wrong option is no damaged file
    text, arrays = hdf5.read(path, FORMAT, VERSION)
    try:
        return _network(tree.from_text(text), arrays, options)
    except Exception as error:  # whatever a file may hold, it is the file that is wrong
        where = os.fspath(path)
        raise FileFormatError(f"{where} holds no network that can be declared: {error}", path=where) from error


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
    def read(value: Any) -> Any:
        return tree.read(value, arrays)

    network = network_of(plain["declarations"], read, options)
    if plain["running"] is not None:
        resume(network, plain["running"], read)
    return network
