"""Binary units: neurons that are active or not, by the sum of what the active ones sent in the last step."""

from __future__ import annotations

from hsnn_event.model.declare import NeuronModel


def binary(*, theta: object = 0.0) -> NeuronModel:
    """McCulloch and Pitts (1943), Bull. Math. Biophys. 5:115: active in a step where the weights that arrive, and the
    input I, exceed theta.

    A unit fires in each step in which it is active, so x_i(t + dt) = 1 if sum_j w_ij x_j(t) + I_i > theta_i, else 0, with
    a delay of one step everywhere; h is that sum. On the clock: without one the units have no common time. States s = 2 x
    - 1 of +1 and -1 (Hopfield 1982, Proc. Natl. Acad. Sci. 79:2554) need the weights 2 w and theta_i = sum_j w_ij, since
    then sum_j 2 w_ij x_j - theta_i = sum_j w_ij s_j. A current of one step sets the first pattern. No dimension.
    Defaults: theta 0, as Hopfield has it for +1 and -1.

    >>> binary(theta=1.5).threshold
    'h + I > theta'
    """
    return NeuronModel(
        name="binary",
        parameters={"theta": theta},
        states={"h": 0.0},
        dynamics={"h": "-h/1e-6"},  # far shorter than any step: nothing of a sum is left in the next one
        inputs={"I": 0.0},
        receptors={"default": {"h": "h + weight"}},
        threshold="h + I > theta",
        reset={"h": "h"},
        units=dict.fromkeys(("h", "theta", "I", "weight"), "1"),
    )
