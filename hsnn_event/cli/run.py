"""`hsnn-event run`: a reference network, its rates beside the published ones, and a picture."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hsnn_event as hsnn
from hsnn_event.errors import ValueRangeError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Those of hsnn.networks.NETWORKS, which is loaded by a run only.
NETWORKS = (
    *("microcircuit", "cuba", "coba", "hh", "brunel-a", "brunel-b", "brunel-c", "brunel-d", "izhikevich"),
    *("gap-lattice", "multi-area"),
    *("exact", "quiet"),  # without a clock
)
# Arguments of `run` that only the microcircuit understands.
MICROCIRCUIT_OPTIONS = ("scale", "drive")


def add_command(commands: Any) -> None:
    """Add `run` to the commands."""
    command = commands.add_parser(
        "run",
        help="run a reference network",
        description="Run a reference network; print a table of rates and timings.",
    )
    command.set_defaults(command=run)
    _add_arguments(command)


def _add_arguments(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("network", choices=NETWORKS)
    add("--time", type=float, default=1000.0, metavar="MS", help="ms measured (1000)")
    add("--discard", type=float, default=500.0, metavar="MS", help="ms before, left out (500)")
    add("--scale", type=float, help="of the microcircuit, in (0, 1] (1.0)")
    add(
        "--drive",
        choices=("dc", "poisson"),
        help="of the microcircuit (dc; poisson where the scale is too small for dc)",
    )
    add("--seed", type=int, default=1, help="of structure, initial values and noise (1)")
    add("--threads", type=int, help="(chosen from the machine)")
    add("--precision", choices=("double", "single"), default="double", help="(double)")
    add("--backend", default="numba", help="(numba)")
    add("--plot", type=Path, metavar="FILE", help="write the picture, such as raster.png")
    add("--no-progress", action="store_true", help="no bar, even on a terminal")


def run(options: argparse.Namespace) -> bool:
    """Build, run, print the table, save the picture; what can go wrong early is looked at first."""
    if options.time <= 0:
        raise ValueRangeError(f"--time {options.time:g} is not positive. Give ms, such as 1000.")
    if options.discard < 0:
        raise ValueRangeError(f"--discard {options.discard:g} is negative. Give ms, such as 500.")
    arguments = _network_arguments(options)
    figure = None if options.plot is None else _figure_for(options.plot)

    net = hsnn.networks.NETWORKS[options.network](**arguments)
    for population in net.populations.values():
        net.record(population, "spikes")
    progress = sys.stderr.isatty() and not options.no_progress
    warm_up = net.run(options.discard, progress=progress)
    result = net.run(options.time, progress=progress)

    reference = hsnn.networks.reference_rates(options.network, arguments.get("scale", 1.0))
    title = _title(options, arguments)
    print(title, _rates_table(result, reference), sep="\n\n", end="\n\n")
    print(_timings(warm_up, result))
    if figure is not None:
        _save_picture(figure, options.plot, result, reference, title)
        print(f"picture: {options.plot}")
    return True


def _network_arguments(options: argparse.Namespace) -> dict[str, Any]:
    from hsnn_event.networks.pd14 import default_drive

    arguments = {name: getattr(options, name) for name in ("seed", "threads", "precision", "backend")}
    if options.network == "microcircuit":
        scale = 1.0 if options.scale is None else options.scale
        return {**arguments, "scale": scale, "drive": options.drive or default_drive(scale)}
    for name in MICROCIRCUIT_OPTIONS:
        given = getattr(options, name)
        if given is not None:
            raise ValueRangeError(
                f"--{name} {given} has no meaning for {options.network}; only microcircuit has it.",
                value=given,
            )
    return arguments


def _title(options: argparse.Namespace, arguments: Mapping[str, Any]) -> str:
    scaled = f", scale {arguments['scale']:g}, {arguments['drive']} drive" if "scale" in arguments else ""
    discarded = f" after {options.discard:g} ms" if options.discard else ""
    return f"{options.network}{scaled}, seed {options.seed}: {options.time:g} ms{discarded}"


def _rates_table(result: hsnn.Result, reference: Mapping[str, float]) -> str:
    """A row a population, and one for all neurons together."""
    import numpy as np

    every = list(result.spikes.items())
    n_neurons = sum(spikes.n_neurons for _, spikes in every)
    cvs = {name: spikes.cv() for name, spikes in every}
    rows = [(name, spikes.n_neurons, spikes.rate(), cvs[name]) for name, spikes in every]
    mean = sum(spikes.rate() * spikes.n_neurons for _, spikes in every) / n_neurons
    rows.append(("all", n_neurons, mean, np.concatenate(list(cvs.values()))))

    lines = [f"{'population':<12}{'neurons':>9}{'rate (Hz)':>11}{'reference':>11}{'ISI CV':>8}"]
    for name, size, rate, cv in rows:
        expected = f"{reference[name]:.3f}" if name in reference else "-"
        irregularity = f"{np.nanmean(cv):.2f}" if np.any(np.isfinite(cv)) else "-"
        lines.append(f"{name:<12}{size:>9,}{rate:>11.3f}{expected:>11}{irregularity:>8}")
    return "\n".join(lines)


def _timings(warm_up: hsnn.Result, result: hsnn.Result) -> str:
    """What came before the measured run counts to it, except for simulating."""
    timing = dict(result.timing)
    for phase, seconds in warm_up.timing.items():
        if phase != "simulate":
            timing[phase] = timing.get(phase, 0.0) + seconds
    info = result.info
    threads = info.get("threads")
    how = [str(info[key]) for key in ("precision", "backend") if key in info]
    if threads is not None:
        how.insert(1, f"{threads} thread{'s' * (threads != 1)}")
    return (
        ", ".join(f"{phase} {seconds:.2f} s" for phase, seconds in timing.items())
        + f"\nreal-time factor {result.rtf:.3f} ({', '.join(how)})"
    )


def _figure_for(path: Path) -> Figure:
    """An empty figure that can be written to `path`, without a window."""
    from hsnn_event.analysis import plots

    figure = plots.figure()
    known = figure.canvas.get_supported_filetypes()
    if path.suffix[1:].lower() not in known:
        raise ValueRangeError(
            f"--plot {path}: a picture ends in one of {', '.join(sorted(known))}.", value=str(path)
        )
    if not path.resolve().parent.is_dir():
        raise ValueRangeError(
            f"--plot {path}: there is no folder {path.resolve().parent}.", value=str(path)
        )
    return figure


def _save_picture(
    figure: Figure, path: Path, result: hsnn.Result, reference: Mapping[str, float], title: str
) -> None:
    from hsnn_event.analysis import plots

    plots.layered_raster(result.spikes, figure, reference=reference, title=title)
    figure.savefig(path, dpi=150)
