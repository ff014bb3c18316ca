"""HDF5 files of named arrays beside one text: written whole or not at all, and read without trust.

A file holds the attributes `format`, `version` and `digest`, the dataset `text` (UTF-8) and the group `arrays` with the
datasets 0, 1, 2, ...: plain numbers in one piece, neither compressed nor linked to elsewhere.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import h5py
import numpy as np
import numpy.typing as npt

from hsnn_event.errors import FileAccessError, FileFormatError

Array = npt.NDArray[Any]
FAILURES = (OSError, RuntimeError, ValueError, KeyError, TypeError)  # what h5py raises for files it cannot write or read
PLAIN = "biuf"  # kinds of numbers


def write(path: str | os.PathLike[str], form: str, version: int, text: str, arrays: Sequence[Array]) -> None:
    """Put a file in the place of what was there, after all of it is on the disk.

    Raises FileAccessError where the file cannot be written; what was there is then untouched.
    """
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        words = np.frombuffer(text.encode(), np.uint8)
        file.attrs["format"], file.attrs["version"], file.attrs["digest"] = form, version, digest([words, *arrays])
        file.create_dataset("text", data=words)
        group = file.create_group("arrays")
        for number, array in enumerate(arrays):
            group.create_dataset(str(number), data=array)


def read(path: str | os.PathLike[str], form: str, version: int) -> tuple[str, list[Array]]:
    """The text and the arrays of a file that `write` made.

    Raises FileAccessError where there is no file to read, FileFormatError where it is damaged, of another format or of
    a newer version.
    """
    where = os.fspath(path)
    try:
        with open(path, "rb"):
            pass
    except OSError as error:
        text = f"{where}: {error.strerror or error}. Give the path of a file that can be read."
        raise FileAccessError(text, path=where) from error
    try:
        with h5py.File(path, "r") as file:
            _check_kind(file, where, form, version)
            words = _numbers(file, "text")
            group = file["arrays"]
            arrays = [_numbers(group, str(number)) for number in range(len(group))]
            if file.attrs["digest"] != digest([words, *arrays]):
                raise FileFormatError(f"{where} is damaged: its content is not what was written. Take a copy.", path=where)
            return words.tobytes().decode(), arrays
    except FileFormatError:
        raise
    except (*FAILURES, MemoryError) as error:
        raise FileFormatError(f"{where} is damaged, or no file of the format {form!r}: {error}.", path=where) from error


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary file beside `path` to be written in the block, and to take its place after it."""
    goal = Path(os.path.realpath(path))  # a link stays one
    temporary = goal.with_name(f".{goal.name}.{uuid4().hex}.tmp")
    try:
        temporary.open("xb").close()
        yield temporary
        with open(temporary, "rb+") as written:
            os.fsync(written.fileno())
        temporary.replace(goal)
    except FAILURES as error:
        reason = getattr(error, "strerror", None) or error
        raise FileAccessError(
            f"{goal} cannot be written: {reason}. Make room or choose another place; what was there is untouched.",
            path=os.fspath(path),
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def digest(arrays: Sequence[Array]) -> str:
    """Of types, shapes and bytes.

    >>> digest([np.zeros(2)]) != digest([np.zeros(2, np.int64)])
    True
    """
    sums = hashlib.blake2b(digest_size=16)
    for array in arrays:
        sums.update(f"{array.dtype.str} {array.shape} ".encode())
        sums.update(np.ascontiguousarray(array).data)
    return sums.hexdigest()


def _check_kind(file: h5py.File, where: str, form: str, version: int) -> None:
    if file.attrs.get("format") != form:
        found = file.attrs.get("format", "none")
        raise FileFormatError(f"{where} is no file of the format {form!r}; its format is {found!r}.", path=where)
    if int(file.attrs["version"]) > version:
        raise FileFormatError(
            f"{where} has version {int(file.attrs['version'])} of the format {form!r}; this package reads up to {version}. "
            "Install a newer hsnn_event.",
            path=where,
            version=int(file.attrs["version"]),
        )


def _numbers(group: h5py.Group, name: str) -> Array:
    """A dataset that lies in the file itself, as long as it says."""
    if not isinstance(group.get(name, getlink=True), h5py.HardLink) or not isinstance(group[name], h5py.Dataset):
        raise ValueError(f"{name} is no dataset of its own")
    dataset = group[name]
    plain = dataset.dtype.kind in PLAIN and dataset.shape is not None and not dataset.is_virtual and not dataset.external
    if not plain or dataset.id.get_storage_size() != dataset.size * dataset.dtype.itemsize:
        raise ValueError(f"{name} does not hold plain numbers, as many as it says")
    values: Array = dataset[()]
    return np.asarray(values)
