"""From membrane, synapses and what else moves to the `NeuronModel` of an integrate-and-fire neuron."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hsnn_event.model.declare import NeuronModel
from hsnn_event.model.library.membrane import REFRACTORY, RESET, THRESHOLD, UNITS, per_receptor, suffix
from hsnn_event.model.library.synapses import Synapses, same_receptors

# Of conductance-based models: NEST's iaf_cond_exp, iaf_cond_alpha and aeif_cond_exp.
TAU_SYN = {"exc": 0.2, "inh": 2.0}  # ms
E_REV = {"exc": 0.0, "inh": -85.0}  # mV


def neuron(
    name: str,
    dv: str,
    parameters: Mapping[str, object],
    synapses: Synapses,
    *,
    states: Mapping[str, float | str] | None = None,
    dynamics: Mapping[str, str] | None = None,
    expressions: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    not_negative: Sequence[str] = (),
    threshold: str | None = THRESHOLD,
    hazard: str | None = None,
    reset: Mapping[str, str] | None = None,
) -> NeuronModel:
    """The neuron with dv/dt = `dv`, at rest at E_L, reset to V_reset for t_ref; further states besides those of synapses.

    Time constants, C_m, Delta_T and Delta_V must be above 0, t_ref, g_L and `not_negative` 0 or more.
    """
    everything = {**parameters, **synapses.parameters}
    known = {**UNITS, **{each: "ms" for each in everything if each.startswith("tau")}, **synapses.units, **(units or {})}
    moving = {**(dynamics or {}), **synapses.dynamics}
    named = {*everything, *(states or {}), *synapses.states, *(expressions or {}), "v", "I", "weight"}
    return NeuronModel(
        name=name,
        parameters=everything,
        states={"v": "E_L", **(states or {}), **synapses.states},
        dynamics={"v": dv, **moving},
        expressions=expressions or {},
        inputs={"I": 0.0},
        receptors=synapses.receptors,
        units={each: unit for each, unit in known.items() if each in named},
        positive=[each for each in everything if each in ("C_m", "Delta_T", "Delta_V") or each.startswith("tau")],
        not_negative=[each for each in everything if each in ("t_ref", "g_L", *not_negative)],
        threshold=threshold,
        hazard=hazard,
        reset={**RESET, **(reset or {})},
        refractory=REFRACTORY,
    )


def with_reversals(place: str, tau: str, synapses: Synapses, E_rev: object) -> tuple[dict[str, object], str, str]:
    """The parameters E_rev_<name> of conductances, the sum of g*E_rev, and the sum of g.

    A current less the total conductance times v has a tenth fewer operations than a sum of g*(E_rev - v). `tau` is the
    argument that named the receptors.
    """
    reversals = per_receptor(place, "E_rev", E_rev)
    same_receptors(place, **{tau: synapses.receptors, "E_rev": reversals})
    parameters = {f"E_rev{suffix(each, synapses.receptors)}": reversals[each] for each in synapses.receptors}
    products = [f"{name}*{reversal}" for name, reversal in zip(synapses.names, parameters, strict=True)]
    return parameters, " + ".join(products), " + ".join(synapses.names)
