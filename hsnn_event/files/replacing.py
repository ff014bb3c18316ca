"""Writing a file so that it is there whole or not at all, and an older one stays until then."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hsnn_event.errors import ArgumentTypeError, FileAccessError, shown


def checked_path(path: object, what: str, argument: str = "path") -> Path:
    """`path` as a Path; ArgumentTypeError, which names the `argument`, for anything that cannot be the name of a file.

    >>> checked_path("spikes.csv", "SpikeData.to_csv").name
    'spikes.csv'
    """
    where = f"{what}: {argument}"
    if not isinstance(path, str | os.PathLike) or not isinstance(os.fspath(path), str) or not os.fspath(path):
        raise ArgumentTypeError(f"{where} must be the name of a file, such as 'run.h5', not {shown(path)}.", path=path)
    if "\0" in os.fspath(path):
        raise ArgumentTypeError(f"{where} {shown(path)} holds a null character; choose another name.", path=path)
    return Path(path)


def reason(error: OSError) -> str:
    """What the system says, without the words of the library in between.

    >>> reason(FileNotFoundError(2, "..."))
    'No such file or directory'
    """
    return os.strerror(error.errno) if error.errno else str(error)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A new name beside `path` to write to; it takes the place of `path` when the block has ended well.

    Raises FileAccessError, which names file and reason, where it cannot be written; what stood at `path` is untouched.
    """
    target = Path(os.path.realpath(path))  # of a link the target is replaced
    if os.path.exists(target) and not os.path.isfile(target):
        raise FileAccessError(f"{path} is not a regular file, so nothing was written. Choose another name.", path=str(path))
    part = target.with_name(f".{target.name[:80]}.{secrets.token_hex(4)}.part")
    try:
        yield part
        with open(part, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(part, target)
    except OSError as error:
        raise FileAccessError(
            f"{path} cannot be written: {reason(error)}. Look at folder, free space and permissions; "
            "what stood there before is unchanged.",
            path=str(path),
            reason=reason(error),
        ) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
