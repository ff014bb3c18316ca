"""The code of rules by equations: the mathematics, in SymPy. `hyper_equations` is the way to it."""

from __future__ import annotations

from hsnn_event.errors import MethodError
from hsnn_event.lowering.exact import LIMIT, flow_section, no_crossing
from hsnn_event.lowering.host import Pool
from hsnn_event.lowering.hyper_equations import LoweredRule
from hsnn_event.lowering.hyper_ir import HyperKernel
from hsnn_event.lowering.ir import Section
from hsnn_event.lowering.kernels import fires_section, initial_code, renumbered, reset_section
from hsnn_event.lowering.linear import obstacle
from hsnn_event.lowering.step import Step
from hsnn_event.lowering.system import System, system_of
from hsnn_event.model.declare import WEIGHT, NeuronModel


def lower(model: NeuronModel) -> LoweredRule:
    """What `lower_rule` gives, and raises."""
    system = system_of(model, ())
    reason = "dynamics has white noise" if system.noise else obstacle(system)
    if reason is not None:
        raise MethodError(
            f"hyper.equations: {reason}. Between spikes states must have a closed form: give dynamics that are linear in "
            "the states.",
            reason=reason,
        )
    pool = Pool(system)
    written = {
        "flow": flow_section(no_crossing(system), pool, frozen=False),
        "arrive": _arrive(system, pool),
        "fires": fires_section(system, pool, LIMIT),
        "reset": reset_section(system, pool, LIMIT),
    }
    used, code = renumbered(list(written.values()))
    constants = pool.keep(used)
    kernel = HyperKernel(system.states, constants.names, **dict(zip(written, code, strict=True)))
    return LoweredRule(kernel, constants, *initial_code(model))


def _arrive(system: System, pool: Pool) -> Section:
    """States after one spike: all expressions read those before it."""
    step = Step(system, pool, LIMIT)
    amount = step.builder.load("arrival", 0)
    (action,) = system.receptors.values()
    after = {state: step.write(value, {**step.start, WEIGHT: amount}) for state, value in action.items()}
    return step.builder.section([{**step.start, **after}[state] for state in system.states])
