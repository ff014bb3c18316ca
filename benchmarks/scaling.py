"""How construction, speed and memory of a network change with threads, blocks, or size; prints a table.

    python benchmarks/scaling.py threads 1 2 4 --scale 0.5
    python benchmarks/scaling.py blocks 2 4 8 16 --threads 2
    python benchmarks/scaling.py scale 0.01 0.03 0.1 0.3 1.0 --precision single

Every row is a process of its own, `hsnn-event bench WORK --json`; other arguments are given on to it.
"""

from __future__ import annotations

import argparse

from hsnn_event.cli import bench, machine

COLUMNS = ("construct s", "million synapses a second", "RTF", "first RTF / this", "peak GB", "bytes a synapse")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("over", choices=("threads", "blocks", "scale"))
    parser.add_argument("values", nargs="+", help="of it, a row each")
    parser.add_argument("--work", default="microcircuit", help="the network (microcircuit)")
    options, others = parser.parse_known_args()
    lines, first = [[options.over, "synapses", *COLUMNS]], None
    for value in options.values:
        row = bench.command_line(["bench", options.work, "--json", f"--{options.over}={value}", *others])
        first = first or row["rtf"]
        lines.append([
            value, f"{row['synapses']:,}", f"{row['construct_s']:.2f}", f"{row['synapses'] / row['construct_s'] / 1e6:.1f}",
            f"{row['rtf']:.4f}", f"{first / row['rtf']:.2f}", f"{row['peak_gb']:.2f}", f"{row['bytes_a_synapse']:.1f}",
        ])  # fmt: skip
    print("; ".join(machine.facts().values()))
    print(f"{options.work} {' '.join(others)}\n\n{machine.table(lines)}")


if __name__ == "__main__":
    main()
