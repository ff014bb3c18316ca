"""The command line: `hsnn-event run microcircuit --scale 0.1 --time 1000 --plot raster.png`, `doctor`, `bench`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import hsnn_event as hsnn
from hsnn_event.cli import bench, doctor, run
from hsnn_event.errors import HsnnError

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments (None: those of the process) say and return the exit code.

    0: done; 1: an error, told in one line on stderr, or a check that failed; 2: arguments that make no sense; 130: Ctrl-C.
    """
    try:
        options = parser().parse_args(arguments)
    except SystemExit as end:  # argparse has told what is wrong, or printed help
        return end.code if isinstance(end.code, int) else USAGE
    try:
        done: bool = options.command(options)
    except KeyboardInterrupt:
        print("hsnn-event: interrupted", file=sys.stderr)
        return INTERRUPTED
    except (HsnnError, OSError, MemoryError) as error:
        print(f"hsnn-event: {' '.join(str(error).split()) or type(error).__name__}", file=sys.stderr)
        return FAILED
    return OK if done else FAILED


def parser() -> argparse.ArgumentParser:
    """Of the whole command; each command adds its own, with a function of the options that returns whether all is well."""
    result = argparse.ArgumentParser(
        prog="hsnn-event", description="Event-driven simulation of large sparse spiking networks."
    )
    result.add_argument("--version", action="version", version=f"hsnn-event {hsnn.__version__}")
    commands = result.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for each in (run, doctor, bench):
        each.add_command(commands)
    return result
