"""Coupled kernels as backends that keep them in memory have them: hidden and published values are states like others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hsnn_event.lowering.ir import Instruction, Kernel, Section

HIDDEN = "(hidden)"


def hidden(name: str) -> str:
    """The name, among widened states, of a hidden value."""
    return f"{HIDDEN} {name}"


def published(name: str) -> str:
    """The name, among widened states, of what couplings read."""
    return f"(published) {name}"


def widened(kernel: Kernel) -> Kernel:
    """A coupled kernel with hidden and published values as states; `update` leaves them as they are."""
    stages = kernel.stages
    if stages is None:
        return kernel
    states = (*kernel.states, *map(hidden, stages.hidden), *map(published, stages.published))
    return replace(
        kernel,
        states=states,
        update=_complete(kernel.update, range(len(kernel.states)), len(states)),
        reset=_complete(kernel.reset, range(len(kernel.states)), len(states)),
    )


def stage_kernels(kernel: Kernel) -> list[Kernel]:
    """Widened kernels whose `update` is a stage, in order, and one that publishes; none where nothing is coupled."""
    stages, wide = kernel.stages, widened(kernel)
    if stages is None:
        return []
    n, n_hidden, n_all = len(kernel.states), len(stages.hidden), len(wide.states)
    shown = range(n + n_hidden, n_all)
    places = [[*range(n, n + n_hidden), *shown] for _ in stages.sections[:-1]] + [[*range(n), *shown], [*shown]]
    sections = (*stages.sections, stages.publish)
    return [
        replace(wide, update=_complete(section, place, n_all)) for section, place in zip(sections, places, strict=True)
    ]


def _complete(section: Section, places: Iterable[int], n: int) -> Section:
    """A section whose outputs belong to the states at `places`, with all others of `n` states as they are."""
    code, outputs = list(section.code), dict(zip(places, section.outputs, strict=True))
    for place in (each for each in range(n) if each not in outputs):
        outputs[place] = len(code)
        code.append(Instruction("state", (), place))
    return Section(tuple(code), tuple(outputs[place] for place in range(n)))
