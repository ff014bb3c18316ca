"""The twenty firing patterns of Izhikevich (2004), IEEE Trans. Neural Netw. 15:1063, figure 1, as data.

Numbers and currents are those of the script that draws the published figure (figure1.m, on the author's page), which changes
the equations for three panels. Its scheme, one Euler step of v and then one of u with the new v, belongs to them: under an
exact solution spike latency, bistability, the depolarizing after-potential and inhibition-induced bursting are others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hsnn_event.errors import unknown_name
from hsnn_event.model.declare import NeuronModel
from hsnn_event.model.library.quadratic import izhikevich
from hsnn_event.timecourse import Steps, steps

_LATER = np.inf


@dataclass(frozen=True, eq=False)
class Pattern:
    """A neuron and the experiment that shows its pattern: `current` into the input I for `duration` ms, steps of `dt` ms.

    `method` is the scheme of the published figure. Made by `models.izhikevich_pattern`.
    """

    name: str
    model: NeuronModel
    current: Steps
    dt: float
    duration: float
    method: str = "izhikevich2004"


@dataclass(frozen=True)
class _Panel:
    """a, b, c, d; where v begins; the step and length of the run, ms; the current: a base, what is added to it between two
    times (amount, begin, end), and what grows from one time to another (slope, begin, end)."""

    values: tuple[float, float, float, float]
    v: float
    dt: float
    duration: float
    pulses: tuple[tuple[float, float, float], ...] = ()
    base: float = 0.0
    ramps: tuple[tuple[float, float, float], ...] = ()
    dv: str = "0.04*v**2 + 5*v + 140 - u + I"
    du: str = "a*(b*v - u)"
    u: float | str = "b*v"


_FLATTER = "0.04*v**2 + 4.1*v + 108 - u + I"
_PANELS = {
    "tonic_spiking": _Panel((0.02, 0.2, -65, 6), -70, 0.25, 100, ((14, 10, _LATER),)),
    "phasic_spiking": _Panel((0.02, 0.25, -65, 6), -64, 0.25, 200, ((0.5, 20, _LATER),)),
    "tonic_bursting": _Panel((0.02, 0.2, -50, 2), -70, 0.25, 220, ((15, 22, _LATER),)),
    "phasic_bursting": _Panel((0.02, 0.25, -55, 0.05), -64, 0.2, 200, ((0.6, 20, _LATER),)),
    "mixed_mode": _Panel((0.02, 0.2, -55, 4), -70, 0.25, 160, ((10, 16, _LATER),)),
    "spike_frequency_adaptation": _Panel((0.01, 0.2, -65, 8), -70, 0.25, 85, ((30, 8.5, _LATER),)),
    "class_1_excitable": _Panel((0.02, -0.1, -55, 6), -60, 0.25, 300, ramps=((0.075, 30, _LATER),), dv=_FLATTER),
    "class_2_excitable": _Panel((0.2, 0.26, -65, 0), -64, 0.25, 300, base=-0.5, ramps=((0.015, 30, _LATER),)),
    "spike_latency": _Panel((0.02, 0.2, -65, 6), -70, 0.2, 100, ((7.04, 10, 13),)),
    "subthreshold_oscillations": _Panel((0.05, 0.26, -60, 0), -62, 0.25, 200, ((2, 20, 25),)),
    "resonator": _Panel(
        (0.1, 0.26, -60, -1), -62, 0.25, 400, ((0.65, 40, 44), (0.65, 60, 64), (0.65, 280, 284), (0.65, 320, 324))
    ),
    "integrator": _Panel(
        (0.02, -0.1, -55, 6), -60, 0.25, 100, ((9, 100 / 11, 122 / 11), (9, 155 / 11, 177 / 11), (9, 70, 72), (9, 80, 82)),
        dv=_FLATTER,
    ),
    "rebound_spike": _Panel((0.03, 0.25, -60, 4), -64, 0.2, 200, ((-15, 20, 25),)),
    "rebound_burst": _Panel((0.03, 0.25, -52, 0), -64, 0.2, 200, ((-15, 20, 25),)),
    "threshold_variability": _Panel((0.03, 0.25, -60, 4), -64, 0.25, 100, ((1, 10, 15), (-6, 70, 75), (1, 80, 85))),
    "bistability": _Panel((0.1, 0.26, -60, 0), -61, 0.25, 300, ((1, 37.5, 42.5), (1, 216, 221)), base=0.24),
    "depolarizing_after_potential": _Panel((1, 0.2, -60, -21), -70, 0.1, 50, ((20, 9, 11),)),
    "accommodation": _Panel(
        (0.02, 1, -55, 4), -65, 0.5, 400, ramps=((1 / 25, 0, 200), (4 / 12.5, 300, 312.5)), du="a*b*(v + 65)", u=-16.0
    ),
    "inhibition_induced_spiking": _Panel((-0.02, -1, -60, 8), -63.8, 0.5, 350, ((-5, 49.5, 250.5),), base=80),
    "inhibition_induced_bursting": _Panel((-0.026, -1, -45, -2), -63.8, 0.5, 350, ((-5, 49.5, 250.5),), base=80),
}  # fmt: skip
IZHIKEVICH_PATTERNS = tuple(_PANELS)  # in the order of the figure's panels, A to T


def izhikevich_pattern(name: str) -> Pattern:
    """One of the twenty firing patterns of Izhikevich (2004), IEEE Trans. Neural Netw. 15:1063: a model, the current that
    shows the pattern, the step, the duration and the method of the published figure.

    The names are those of `models.IZHIKEVICH_PATTERNS`. Class 1 and integrator have 4.1 v + 108 for 5 v + 140,
    accommodation has du/dt = a b (v + 65), as in the script of the figure. Raises UnknownNameError, which suggests the
    nearest name.

    >>> pattern = izhikevich_pattern("rebound_spike")
    >>> pattern.model.parameters["d"], pattern.dt, pattern.current.values.tolist()
    (4.0, 0.2, [0.0, -15.0, 0.0])
    """
    if not isinstance(name, str) or name not in _PANELS:
        raise unknown_name("izhikevich_pattern: name", name, _PANELS)
    panel = _PANELS[name]
    a, b, c, d = map(float, panel.values)
    model = replace(
        izhikevich(a=a, b=b, c=c, d=d), states={"v": float(panel.v), "u": panel.u}, dynamics={"v": panel.dv, "u": panel.du}
    )
    return Pattern(name, model, _current(panel), float(panel.dt), float(panel.duration))


def _current(panel: _Panel) -> Steps:
    """The current of each step, as the script computes it: that of the time at which the step begins."""
    times = panel.dt * np.arange(round(panel.duration / panel.dt))

    def between(begin: float, end: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        return (times > begin + 1e-9) & (times < end - 1e-9)  # neither end belongs to it

    values = np.full(times.size, float(panel.base))
    for amount, begin, end in panel.pulses:
        values += amount * between(begin, end)
    for slope, begin, end in panel.ramps:
        values += slope * (times - begin) * between(begin, end)
    changes = np.flatnonzero(np.diff(values, prepend=np.nan) != 0.0)
    return steps(times[changes], values[changes])
