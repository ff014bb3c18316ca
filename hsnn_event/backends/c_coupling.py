"""What couplings add to inputs, as text in the languages of C's family."""

from __future__ import annotations

from hsnn_event.backends.c_family import Argument, defined, found, indented, values
from hsnn_event.lowering.ir import CouplePlan


def arguments(plan: CouplePlan) -> tuple[Argument, ...]:
    """What the function takes, in order.

    The pairs of neuron i are `starts[i]` ... `starts[i + 1]` - 1 (int64; n + 1 of them), in order of the partner's id, as
    `junctions.incoming` has them. For each pair `partners` is that id (uint32) and `conductance` a number of the head's
    type of weights; if it is constant, one for all. "before" is the input without what this coupling adds and "after" the
    one with it; they may be one array. "pre" and "post" are what the partners and the neurons publish, by `name`.

    >>> from hsnn_event.backends.c_family import Argument
    >>> Argument("conductance", "", False).declaration, Argument("pre", "v", True).declaration
    ('const WEIGHT conductance', 'GLOBAL const REAL *restrict pre_v')
    """
    return (
        Argument("n", "", False),
        Argument("starts", "", True),
        Argument("partners", "", True),
        Argument("conductance", "", plan.edges.weight.kind != "constant"),
        Argument("before", "", True),
        Argument("after", "", True),
        *(Argument("pre", name, True) for name in plan.pre),
        *(Argument("post", name, True) for name in plan.post),
    )


def function(plan: CouplePlan, real: str, name: str) -> str:
    """The text of a function of that name, which takes `arguments`: what a coupling adds to an input of n neurons."""
    taken = arguments(plan)
    by_role = found(taken)

    def load(op: str, place: int) -> str:
        if op == "pre":
            return f"{by_role['pre', plan.pre[place]].variable}[partners[e]]"
        return f"{by_role['post', plan.post[place]].variable}[i]"

    conductance = "conductance[e]" if by_role["conductance", ""].is_array else "conductance"
    (output,) = plan.function.outputs
    number = "starts[i + 1] > starts[i] ? starts[i + 1] - starts[i] : 1"
    body = [
        "REAL total = 0;",
        "for (int64_t e = starts[i]; e < starts[i + 1]; e++) {",
        *indented(4, values(plan.function, real, "f", plan.function.outputs, load)),
        f"    total += (REAL){conductance} * f{output};",
        "}",
        *([f"total = total / (REAL)({number});"] if plan.averaged else []),
        "after[i] = before[i] + total;",
    ]
    return defined(name, taken, body)
