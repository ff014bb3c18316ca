"""Izhikevich's model in physical units, and the cells of his book: numbers, and what some of them change in the
equations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hsnn_event.errors import unknown_name
from hsnn_event.model.declare import NeuronModel

_NAMES = ("C", "k", "v_r", "v_t", "v_peak", "a", "b", "c", "d")
_UNITS = {"v": "mV", "u": "pA", "I": "pA", "weight": "mV", "C": "pF", "k": "nS/mV", "v_r": "mV", "v_t": "mV",
          "v_peak": "mV", "a": "1/ms", "b": "nS", "c": "mV", "d": "pA"}  # fmt: skip


@dataclass(frozen=True)
class _Cell:
    """`values` in the order of _NAMES; the texts are those of the plain model unless the cell has its own."""

    values: tuple[float, ...]
    recovery: str = "b*(v - v_r)"  # what u tends to
    threshold: str = "v >= v_peak"
    reset: Mapping[str, str] = field(default_factory=lambda: {"v": "c", "u": "u + d"})
    units: Mapping[str, str] = field(default_factory=dict)


# Izhikevich (2007), Dynamical Systems in Neuroscience, chapter 8: figures 8.12, 8.19, 8.23, 8.25, 8.27, 8.31, 8.32.
_CELLS = {
    "RS": _Cell((100.0, 0.7, -60.0, -40.0, 35.0, 0.03, -2.0, -50.0, 100.0)),
    "IB": _Cell((150.0, 1.2, -75.0, -45.0, 50.0, 0.01, 5.0, -56.0, 130.0)),
    "CH": _Cell((50.0, 1.5, -60.0, -40.0, 25.0, 0.03, 1.0, -40.0, 150.0)),
    "LTS": _Cell(
        (100.0, 1.0, -56.0, -42.0, 40.0, 0.03, 8.0, -53.0, 20.0),
        threshold="v >= v_peak - 0.1*u", reset={"v": "c + 0.04*u", "u": "min(u + d, 670)"},
    ),
    "FS": _Cell(
        (20.0, 1.0, -55.0, -40.0, 25.0, 0.2, 0.025, -45.0, 0.0),
        # v is cut at its peak: what lies beyond, within the step of a spike, would count with its third power.
        recovery="b*(clip(v, v_r, v_peak) - v_r)**3", units={"b": "nS/mV**2"},
    ),
    "TC": _Cell(
        (200.0, 1.6, -60.0, -50.0, 35.0, 0.01, 15.0, -60.0, 10.0),
        recovery="where(v > -65, 0, b)*(v - v_r)", threshold="v >= v_peak + 0.1*u", reset={"v": "c - 0.1*u", "u": "u + d"},
    ),
    "RTN": _Cell(
        (40.0, 0.25, -65.0, -45.0, 0.0, 0.015, 10.0, -55.0, 50.0), recovery="where(v > -65, 2, b)*(v - v_r)"
    ),
}  # fmt: skip


def izhikevich2007(
    cell: str = "RS",
    *,
    C: object = None,
    k: object = None,
    v_r: object = None,
    v_t: object = None,
    v_peak: object = None,
    a: object = None,
    b: object = None,
    c: object = None,
    d: object = None,
) -> NeuronModel:
    """Izhikevich (2007), Dynamical Systems in Neuroscience, chapter 8: C dv/dt = k (v - v_r) (v - v_t) - u + I.

    du/dt = a (b (v - v_r) - u); at v >= v_peak: v = c, u = u + d. An event moves v by its weight (mV). C in pF, k in
    nS/mV, v_r, v_t, v_peak and c in mV, a in 1/ms, b in nS, d and the input I in pA. `cell` is one of the book's, and a
    value that is left out (None) is that of the cell:

    - "RS" regular spiking, "IB" intrinsically bursting, "CH" chattering pyramidal cells;
    - "LTS" low-threshold spiking interneuron: fires at v_peak - 0.1 u, reset to c + 0.04 u, u at most 670;
    - "FS" fast spiking interneuron: u tends to b (v - v_r)^3 above v_r and to 0 below, b in nS/mV^2;
    - "TC" thalamocortical relay cell: b is 0 above -65 mV, fires at v_peak + 0.1 u, reset to c - 0.1 u;
    - "RTN" cell of the reticular nucleus: b is 2 nS above -65 mV.

    v begins at v_r, u at 0. Defaults: the regular spiking cell. Raises UnknownNameError for another cell, ValueRangeError
    for C or k <= 0.

    >>> izhikevich2007("CH", C=60.0).parameters["C"], izhikevich2007("CH").parameters["k"]
    (60.0, 1.5)
    """
    if not isinstance(cell, str) or cell not in _CELLS:
        raise unknown_name("izhikevich2007: cell", cell, _CELLS)
    held, given = _CELLS[cell], (C, k, v_r, v_t, v_peak, a, b, c, d)
    parameters = {
        name: own if value is None else value for name, own, value in zip(_NAMES, held.values, given, strict=True)
    }
    return NeuronModel(
        name="izhikevich2007",
        parameters=parameters,
        states={"v": "v_r", "u": 0.0},
        dynamics={"v": "(k*(v - v_r)*(v - v_t) - u + I)/C", "u": f"a*({held.recovery} - u)"},
        inputs={"I": 0.0},
        receptors={"default": {"v": "v + weight"}},
        threshold=held.threshold,
        reset=held.reset,
        units={**_UNITS, **held.units},
        positive=["C", "k"],
    )
