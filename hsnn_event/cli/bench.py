"""`hsnn-event bench`: how fast reference networks run here, each in a process of its own."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import hsnn_event as hsnn
from hsnn_event.cli import machine
from hsnn_event.cli.run import NETWORKS
from hsnn_event.errors import ValueRangeError

START_UP = "start-up"
USUAL = (START_UP, "microcircuit", "cuba", "coba", "brunel-c", "exact", "quiet")
IMPORT = "import hsnn_event"
FIRST_RESULT = """
import hsnn_event as hsnn
net = hsnn.Network(dt=0.1)
cells = net.population("cells", 100, hsnn.models.lif_exp(I_e=380.0))
net.connect(cells, cells, hsnn.connect.bernoulli(0.1), weight=10.0, delay=1.5)
net.record(cells, "spikes")
net.run(100.0)
"""
COLUMNS = ("work", "precision", "threads", "construct s", "compile s", "RTF median (min-max)", "peak GB", "bytes a synapse")
OF_NETWORKS = ("scale", "drive", "seed", "threads", "blocks", "precision", "weights", "backend")
OF_RUNS = ("time", "discard", "runs")


def add_command(commands: Any) -> None:
    """Add `bench` to the commands."""
    command = commands.add_parser(
        "bench",
        help="measure speed and memory",
        description="Run reference networks, each in a process of its own; print a table. The real-time factor (RTF) is "
        "wall time / model time, the median of --runs runs after one that is not counted. Construction is what happens "
        "up to the first step, apart from compiling. Measure on a quiet machine.",
    )
    add = command.add_argument
    add("works", nargs="*", metavar="WORK", help=f"of {', '.join((START_UP, *NETWORKS))} ({' '.join(USUAL)})")
    add("--scale", type=float, default=0.1, help="of the microcircuit, in (0, 1] (0.1)")
    add("--drive", choices=("dc", "poisson"), help="of the microcircuit (dc; poisson where the scale is too small for dc)")
    add("--time", type=float, default=1000.0, metavar="MS", help="of each run (1000)")
    add("--discard", type=float, default=500.0, metavar="MS", help="before the first run (500)")
    add("--runs", type=int, default=3, help="(3)")
    add("--seed", type=int, default=1, help="(1)")
    add("--threads", type=int, help="(chosen from machine and network)")
    add("--blocks", type=int, help="(chosen from machine and network)")
    add("--precision", choices=("double", "single"), default="double", help="(double)")
    add("--weights", choices=("auto", "float32", "float64"), default="auto", help="(auto: as the precision)")
    add("--backend", default="numba", help="(numba)")
    add("--record", action="store_true", help="record all spikes while timing")
    add("--cold", action="store_true", help="start-up also with an empty compile cache, which takes a minute")
    add("--json", action="store_true", help="measure one network in this process; print a line of JSON")
    command.set_defaults(command=bench)


def bench(options: argparse.Namespace) -> bool:
    """Print the table, or the line of JSON; False if a work failed."""
    works = options.works or USUAL
    if options.runs < 1:
        raise ValueRangeError(f"--runs is {options.runs}; at least 1 is needed.")
    for work in works:
        if work not in (START_UP, *NETWORKS):
            raise hsnn.errors.unknown_name("hsnn-event bench: work", work, (START_UP, *NETWORKS))
    if options.json:
        if len(works) != 1 or works[0] == START_UP:
            raise ValueRangeError("--json is for one network. Name one, such as cuba.")
        print(json.dumps(measure(works[0], options)))
        return True
    print("\n".join(machine.facts().values()), end="\n\n")
    rows = {work: in_a_process(work, options) for work in works if work != START_UP}
    if rows:
        print(machine.table([list(COLUMNS), *(cells(work, figures) for work, figures in rows.items())]))
    if START_UP in works:
        seconds = start_up(options.cold)
        print(machine.table([[START_UP, "s"], *([name, f"{value:.2f}"] for name, value in seconds.items())]))
    return all("failure" not in figures for figures in rows.values())


def measure(work: str, options: argparse.Namespace) -> dict[str, Any]:
    """Build the network, run it, and collect the figures."""
    warm_up = hsnn.Network(backend=options.backend)  # loads the libraries, which is no part of construction
    warm_up.population("cells", 1, hsnn.models.lif_exp())
    warm_up.run(warm_up.dt or 0.1)
    began = time.perf_counter()
    net = declare(work, options)
    first = net.run(net.dt or 0.1)
    compiling = first.timing.get("compile", 0.0)
    construct = time.perf_counter() - began - compiling
    net.run(options.discard)
    if options.record:
        for population in net.populations.values():
            net.record(population, "spikes")
    results = [net.run(options.time) for _ in range(options.runs + 1)][1:]
    factors, peak, info = [result.rtf for result in results], peak_memory(), results[0].info
    synapses = [each.n_synapses for each in net.projections.values()]
    memory = sum(n * each.bytes_per_synapse for n, each in zip(synapses, net.projections.values(), strict=True) if n)
    figures = {
        "simulator": "hsnn_event", "version": hsnn.__version__, "work": work, "precision": options.precision,
        "weights": info["weights"], "threads": info["threads"], "rtf": statistics.median(factors), "rtf_runs": factors,
        "construct_s": construct, "compile_s": compiling, "peak_gb": peak, "synapses": sum(synapses),
        "bytes_a_synapse": memory / max(1, sum(synapses)),
    }  # fmt: skip
    if options.record:
        figures["mean_rates"] = {name: spikes.rate() for name, spikes in results[-1].spikes.items()}
    return figures


def declare(work: str, options: argparse.Namespace) -> hsnn.Network:
    """The network that the options ask for; scale and drive are the microcircuit's."""
    arguments = {name: getattr(options, name) for name in OF_NETWORKS}
    scale, drive = arguments.pop("scale"), arguments.pop("drive")
    if work == "microcircuit":
        default_drive = import_module("hsnn_event.networks.pd14").default_drive
        arguments |= {"scale": scale, "drive": drive or default_drive(scale)}
    return hsnn.networks.NETWORKS[work](**arguments)


def peak_memory() -> float:
    """Largest resident memory of this process so far, in GB; NaN where the system does not tell (Windows)."""
    try:
        resource = import_module("resource")
    except ImportError:
        return float("nan")
    unit = 1.0 if sys.platform == "darwin" else 1024.0  # bytes there, KiB elsewhere
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * unit / 1e9


def in_a_process(work: str, options: argparse.Namespace) -> dict[str, Any]:
    """What `measure` gives in a new process; what went wrong there stands under "failure"."""
    print(f"{work} ...", file=sys.stderr)
    given = {name: getattr(options, name) for name in (*OF_NETWORKS, *OF_RUNS)}
    arguments = [f"--{name}={value}" for name, value in given.items() if value is not None]
    try:
        return command_line(["bench", work, "--json", *arguments, *["--record"] * options.record])
    except subprocess.CalledProcessError as error:
        return {"failure": (error.stderr.strip() or str(error)).splitlines()[-1]}


def command_line(arguments: Sequence[str]) -> dict[str, Any]:
    """The JSON that `hsnn-event` prints with these arguments, in a process of its own."""
    command = [sys.executable, "-m", "hsnn_event", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def cells(work: str, figures: Mapping[str, Any]) -> list[str]:
    """The line of a network in the table."""
    if "failure" in figures:
        return [work, figures["failure"], *[""] * (len(COLUMNS) - 2)]
    factors = figures["rtf_runs"]
    mixed = (figures["precision"], figures["weights"]) == ("double", "float32")
    return [
        work, figures["precision"] + ", float32 weights" * mixed, str(figures["threads"]), f"{figures['construct_s']:.2f}",
        f"{figures['compile_s']:.2f}", f"{figures['rtf']:.4f} ({min(factors):.4f}-{max(factors):.4f})",
        f"{figures['peak_gb']:.2f}", f"{figures['bytes_a_synapse']:.1f}",
    ]  # fmt: skip


def start_up(cold: bool) -> dict[str, float]:
    """Seconds from the start of a process: of the import alone, and to the first result of 100 neurons."""
    seconds = {}
    if cold:
        with tempfile.TemporaryDirectory() as folder:
            seconds["first result, cold"] = process_seconds(FIRST_RESULT, {"HSNN_EVENT_CACHE": folder})
    process_seconds(FIRST_RESULT, {})  # compiles what is not there
    seconds["import"] = min(process_seconds(IMPORT, {}) for _ in range(3))
    seconds["first result, warm"] = min(process_seconds(FIRST_RESULT, {}) for _ in range(3))
    return seconds


def process_seconds(code: str, variables: Mapping[str, str]) -> float:
    """Of a Python process that runs `code`, with these environment variables changed."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, **variables})
    return time.perf_counter() - began
