"""HDF5 files under a seal: the digest of all bytes stands in front and is checked before the HDF5 library reads any.

The first 512 bytes are HDF5's user block, which its readers skip: any HDF5 tool opens the file. In it stand one line of
text, `hsnn_event <kind> <version> <digest>`, and zeros; the digest is BLAKE2b (32 bytes, hexadecimal) of all that
follows. So a damaged file is refused as a whole, and libraries that are not made for hostile bytes never see them. The
arrays are plain: fixed layout, no filters, links, references or objects; nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import ArgumentTypeError, FileAccessError, FileFormatError, shown
from hsnn_event.files.replacing import reason, replacing

if TYPE_CHECKING:
    import h5py

USER_BLOCK = 512
PIECE = 1 << 20
HEADER = "header"
Array = npt.NDArray[Any]


def write_sealed(path: Path, kind: str, version: int, fill: Callable[[h5py.File], None]) -> None:
    """Write a file of this kind; `fill` puts the contents into an open HDF5 file.

    Raises FileAccessError where it cannot be written; an older file at `path` then stays as it is.
    """
    import h5py

    with replacing(path) as part:
        try:
            with h5py.File(part, "x", userblock_size=USER_BLOCK, libver="earliest") as file:
                fill(file)
        except RuntimeError as error:  # the library's own, when closing a file fails
            raise OSError(str(error)) from error
        with open(part, "rb+") as raw:
            raw.write(f"hsnn_event {kind} {version} {_digest(part)}\n".encode("ascii"))


@contextmanager
def open_sealed(path: Path, kind: str, version: int) -> Iterator[h5py.File]:
    """The contents of a file of this kind, once its seal has been checked.

    Raises FileAccessError where it cannot be read, and FileFormatError where it is another kind of file, was cut or
    changed, or holds what files of this kind do not hold; both name file and reason.
    """
    import h5py

    try:
        _check_seal(path, kind, version)
    except OSError as error:
        raise FileAccessError(
            f"{path} cannot be read: {reason(error)}. Look at its name and permissions.",
            path=str(path), reason=reason(error),
        ) from error
    try:
        with h5py.File(path, "r") as file:
            yield file
    except Exception as error:  # whatever the contents make their reader stumble over
        raise refused(path, f"it holds no {kind} ({type(error).__name__}: {error})") from error


def refused(path: Path, why: str) -> FileFormatError:
    """The error for a file that is not what it should be."""
    return FileFormatError(f"{path} was not loaded: {why}.", path=str(path), reason=why)


def write_header(file: h5py.File, header: dict[str, Any]) -> None:
    """Store names and numbers as one JSON text; floats read back to the bit."""
    file[HEADER] = np.bytes_(json.dumps(header, default=_plain).encode("ascii"))


def read_header(file: h5py.File) -> dict[str, Any]:
    """What `write_header` stored."""
    dataset = _dataset(file, HEADER)
    if dataset.dtype.kind != "S" or dataset.shape != ():
        raise ValueError("the header is no text")
    header = json.loads(bytes(dataset[()]).decode("ascii"))
    if not isinstance(header, dict):
        raise ValueError("the header is no mapping")
    return header


def write_array(file: h5py.File, name: str, values: Array) -> None:
    """Store an array of numbers, little-endian."""
    values = np.asarray(values, order="C")
    file.create_dataset(name, data=values.astype(values.dtype.newbyteorder("<"), copy=False))


def read_array(file: h5py.File, name: str, kinds: str) -> Array:
    """An array of numbers of one of the `kinds` (NumPy's letters), in native byte order."""
    dataset = _dataset(file, name)
    if dataset.dtype.kind not in kinds:
        raise ValueError(f"{name} holds {dataset.dtype}")
    values: Array = dataset[()]
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def _dataset(file: h5py.File, name: str) -> h5py.Dataset:
    """A dataset whose bytes all lie in this file and are as many as it claims; anything else is refused unread."""
    import h5py

    group: Any = file
    for part in name.split("/"):
        if not isinstance(group, h5py.Group) or not isinstance(group.get(part, getlink=True), h5py.HardLink):
            raise ValueError(f"{name} is missing or leads out of the file")
        group = group[part]
    if not isinstance(group, h5py.Dataset) or group.is_virtual or group.external or group.chunks:
        raise ValueError(f"{name} is no plain array")
    if group.dtype.kind not in "fiubS" or group.id.get_storage_size() < group.nbytes:
        raise ValueError(f"{name} is no plain array of numbers")
    return group


def _check_seal(path: Path, kind: str, version: int) -> None:
    with open(path, "rb") as raw:
        block = raw.read(USER_BLOCK)
    words = block.rstrip(b"\0").split()
    if len(block) < USER_BLOCK or len(words) != 4 or words[0] != b"hsnn_event":
        raise refused(path, f"it is not a {kind} that hsnn_event saved, or its beginning is missing")
    if words[1] != kind.encode("ascii"):
        raise refused(path, f"it holds a {words[1].decode('ascii', 'replace')}, not a {kind}")
    if words[2] != str(version).encode("ascii"):
        found = words[2].decode("ascii", "replace")
        raise refused(
            path,
            f"it has version {found} of the format, and this hsnn_event reads version {version}; use the version of "
            "hsnn_event that made it",
        )
    if words[3] != _digest(path).encode("ascii"):
        raise refused(
            path,
            "it was damaged, cut or changed after it was saved; its digest is another. Save it again, or take a copy",
        )


def _digest(path: Path) -> str:
    digest = hashlib.blake2b(digest_size=32)
    with open(path, "rb") as file:
        file.seek(USER_BLOCK)
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _plain(value: object) -> object:
    """A number of NumPy's as one of Python's."""
    if isinstance(value, np.generic):
        return value.item()
    raise ArgumentTypeError(
        f"{shown(value)} ({type(value).__name__}) cannot be saved; a file holds numbers, text, lists and mappings.",
        value=value,
    )
