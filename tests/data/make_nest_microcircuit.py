"""Make ``nest_microcircuit_scale01.npz``: what NEST says about the microcircuit at 10 % scale.

Runs ``benchmarks/rivals/nest_microcircuit.py`` once for each seed (0.5 s discarded, 10 s kept) and
stores, for each population and seed, the distributions that ``tests/microcircuit_statistics.py``
defines. ``<population>.<kind>.<number of the seed>`` holds integers: spike counts for ``rate``,
multiples of 1e-4 for ``cv`` and ``correlation``; ``load`` there turns them into numbers. Beside them
lie ``populations``, ``seeds``, ``duration_ms``, ``mean_rates`` (seed x population, Hz) and ``source``
(the line that NEST's script printed for each seed).

The drive is Poisson by default: with constant drive the network falls silent at this scale.

Prints the distances between NEST's own seeds, median and maximum of the pairs. ``--check 4`` runs
as many further seeds, which are not stored, and prints their ``tolerance_ratio`` to the stored ones:
what a correct simulator gets.

    python make_nest_microcircuit.py --check 4
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import microcircuit_statistics as statistics  # noqa: E402

SCRIPT = HERE.parents[1] / "benchmarks" / "rivals" / "nest_microcircuit.py"
PRESIM, DURATION = 500.0, 10_000.0  # ms


def simulate(seed, scale, drive, folder):
    """Return what NEST printed, and the distributions of each population."""
    spikes = Path(folder) / f"{seed}.npz"
    options = {
        "--scale": scale,
        "--drive": drive,
        "--presim": PRESIM,
        "--time": DURATION,
        "--seed": seed,
    }
    words = [str(word) for option in {**options, "--spikes": spikes}.items() for word in option]
    run = subprocess.run([sys.executable, SCRIPT, *words], check=True, stdout=subprocess.PIPE, text=True)
    line = json.loads(run.stdout.splitlines()[-1])
    print(json.dumps(line), flush=True)
    with np.load(spikes) as stored:
        return line, {
            name: statistics.distributions(
                stored[f"{name}.times"],
                stored[f"{name}.ids"],
                line["sizes"][name],
                PRESIM,
                PRESIM + DURATION,
            )
            for name in line["mean_rates"]
        }


def pack(lines, samples):
    """Return the arrays of the file."""
    names = list(samples[0])
    arrays = {
        "populations": np.array(names),
        "seeds": np.array([line["seed"] for line in lines]),
        "duration_ms": np.array(DURATION),
        "mean_rates": np.array([[line["mean_rates"][name] for name in names] for line in lines]),
        "source": np.array([json.dumps(line) for line in lines]),
    }
    steps = {"rate": 1000.0 / DURATION, "cv": 1e-4, "correlation": 1e-4}
    for number, sample in enumerate(samples):
        for name in names:
            for kind, step in steps.items():
                values = np.round(sample[name][kind] / step)
                arrays[f"{name}.{kind}.{number}"] = values.astype(np.int16 if kind == "correlation" else np.int32)
    return arrays


def report(reference, fresh):
    """Print distances among the stored seeds, and of fresh seeds to them."""
    print("population kind         median  max     ratio of fresh seeds")
    for name, kinds in reference.items():
        for kind, theirs in kinds.items():
            among = statistics.among(theirs)
            line = f"{name:10} {kind:12} {np.median(among):.4f}  {among.max():.4f}"
            if fresh:
                ours = [sample[name][kind] for sample in fresh]
                line += f"  {statistics.tolerance_ratio(ours, theirs):.2f}"
            print(line)


def main():
    """Run, store, report."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--check", type=int, default=0, help="further seeds, not stored")
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--drive", choices=("dc", "poisson"), default="poisson")
    parser.add_argument("--output", type=Path, default=HERE / "nest_microcircuit_scale01.npz")
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        numbers = range(1, args.seeds + args.check + 1)
        runs = [simulate(seed, args.scale, args.drive, folder) for seed in numbers]
    lines, samples = zip(*runs, strict=True)
    np.savez_compressed(args.output, **pack(lines[: args.seeds], samples[: args.seeds]))
    print(args.output.name, args.output.stat().st_size, "bytes")
    report(statistics.load(args.output), samples[args.seeds :])


if __name__ == "__main__":
    main()
