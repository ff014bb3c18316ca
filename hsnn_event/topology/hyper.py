"""When a hyperedge is activated: rules over the spikes of its sources, as data. docs/hypergraphs.md says what they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from hsnn_event.errors import ArgumentTypeError, DeclarationError, ShapeError, ValueRangeError, shown
from hsnn_event.model.declare import NeuronModel
from hsnn_event.quantities import UNBOUNDED, as_array, flag, indices, is_array, real, real_or_array, whole
from hsnn_event.topology.hyper_rule import Each, Gate, HyperRule, IntArray, Openings, RealArray


def any() -> HyperRule:
    """Each spike of a source activates the hyperedge: it reaches every target, as if each pair were connected.

    >>> str(any())
    'any'
    """
    return HyperRule("any")


def threshold(
    k: int | Sequence[int] = 2,
    window: float | Sequence[float] = 5.0,
    *,
    distinct: bool = True,
    consume: bool = True,
    refractory: float = 0.0,
) -> HyperRule:
    """At least `k` sources (`distinct`) or spikes of them in (t - window, t], judged once after all spikes of instant t.

    An activation clears the evidence (`consume`), and no other follows within `refractory` ms; what arrives meanwhile
    counts. A window of 0 is the instant itself. `k` and `window` (ms) are one for all hyperedges, or one each.
    Raises ValueRangeError, ArgumentTypeError.

    >>> threshold(k=2, window=5.0).least
    2
    """
    several: Sequence[Any] = list(k) if is_array(k) else [k]  # type: ignore[arg-type]
    each = [whole(one, "threshold: k", low=1) for one in several]
    least = np.array(each, np.int64) if is_array(k) else each[0]
    return HyperRule(
        "threshold", least, _each(window, "threshold: window"), flag(distinct, "threshold: distinct"),
        flag(consume, "threshold: consume"), real(refractory, "threshold: refractory", low=0.0, unit="ms"),
    )  # fmt: skip


def all_of(window: float | Sequence[float] = 5.0, *, consume: bool = True, refractory: float = 0.0) -> HyperRule:
    """Every source has fired in (t - window, t]: `threshold` with k the number of sources of each hyperedge.

    >>> all_of(window=3.0).least is None
    True
    """
    return HyperRule(
        "threshold", None, _each(window, "all_of: window"), True, flag(consume, "all_of: consume"),
        real(refractory, "all_of: refractory", low=0.0, unit="ms"),
    )  # fmt: skip


def weighted(
    threshold: float | Sequence[float],
    tau: float | Sequence[float],
    *,
    consume: bool = True,
    refractory: float = 0.0,
) -> HyperRule:
    """A sum that grows by the source's weight with each spike and decays with time constant `tau` (ms) reaches `threshold`.

    Source weights are those of the hypergraph (1 where it has none). An activation sets the sum to 0 (`consume`).

    >>> weighted(1.5, tau=10.0).tau
    10.0
    """
    return HyperRule(
        "weighted", threshold=_each(threshold, "weighted: threshold", 0.0, None), tau=_each(tau, "weighted: tau", 1e-300),
        consume=flag(consume, "weighted: consume"),
        refractory=real(refractory, "weighted: refractory", low=0.0, unit="ms"),
    )  # fmt: skip


def sequence(gaps: float | Sequence[float], *, consume: bool = True, refractory: float = 0.0) -> HyperRule:
    """The sources fire in the order in which the hyperedge lists them, each less than a gap (ms) after the one before.

    One gap for all, or one a step. Two spikes of one instant are in no order. An activation forgets all beginnings
    (`consume`).

    >>> sequence(4.0).gaps
    (4.0,)
    """
    listed: Sequence[Any] = list(gaps) if is_array(gaps) else [gaps]  # type: ignore[arg-type]
    checked = tuple(real(each, "sequence: gaps", low=0.0, unit="ms") for each in listed)
    if not checked:
        raise ArgumentTypeError("sequence: gaps is a number of ms, or several, not an empty list.", value=gaps)
    return HyperRule(
        "sequence", gaps=checked, consume=flag(consume, "sequence: consume"),
        refractory=real(refractory, "sequence: refractory", low=0.0, unit="ms"),
    )  # fmt: skip


def equations(
    *,
    states: Mapping[str, float | str],
    spike: Mapping[str, str],
    condition: str,
    dynamics: Mapping[str, str] | None = None,
    parameters: Mapping[str, object] | None = None,
    reset: Mapping[str, str] | None = None,
    refractory: float = 0.0,
) -> HyperRule:
    """A rule of one's own: each hyperedge has `states`, which follow `dynamics` (dx/dt, in ms) between spikes.

    `spike` maps states to what they are after a spike of a source, one after the other; `weight` in it is the source's
    weight (1 where the hypergraph has none). After all spikes of an instant `condition` is judged; where it holds the
    hyperedge is activated, and `reset` maps states to what they are then (left out: they stay as they are). The texts are
    those of `NeuronModel`. `parameters` are numbers, or arrays of one a hyperedge. dx/dt must be linear in the states.

    Raises ModelError, ExpressionError, UnknownNameError; `connect_hyper` raises MethodError for what is not linear.

    Sources that push in both directions, where a hyperedge waits for either end:

    >>> rule = equations(
    ...     parameters={"tau": 10.0, "theta": 2.0}, states={"s": 0.0}, dynamics={"s": "-s/tau"},
    ...     spike={"s": "clip(s + weight, -3, 3)"}, condition="abs(s) >= theta", reset={"s": "0"},
    ... )
    >>> str(rule)
    'equations'
    """
    if not isinstance(spike, Mapping) or not spike:
        text = f"equations: spike says what a spike does to states, such as {{'s': 's + weight'}}, not {shown(spike)}."
        raise ArgumentTypeError(text, value=spike)
    if not isinstance(states, Mapping) or not states:
        text = f"equations: states maps at least one state to its initial value, such as {{'s': 0.0}}, not {shown(states)}."
        raise ArgumentTypeError(text, value=states)
    if not isinstance(condition, str):
        raise ArgumentTypeError(f"equations: condition is a text such as 's >= 2', not {shown(condition)}.", value=condition)
    if reset is not None and not isinstance(reset, Mapping):
        text = f"equations: reset maps states to what they are after activation, such as {{'s': '0'}}, not {shown(reset)}."
        raise ArgumentTypeError(text, value=reset)
    model = NeuronModel(
        name="equations", parameters={} if parameters is None else parameters, states=states,
        dynamics={} if dynamics is None else dynamics, receptors={"spike": spike}, threshold=condition,
        reset=reset or {state: state for state in states},
    )  # fmt: skip
    return HyperRule("equations", refractory=real(refractory, "equations: refractory", low=0.0, unit="ms"), model=model)


def gate(
    rule: HyperRule | None = None,
    *,
    intervals: Sequence[Any] | None = None,
    by: Any = None,
    each: Sequence[Sequence[int]] | None = None,
    k: int = 1,
    window: float = 5.0,
    closes: bool = False,
) -> HyperRule:
    """Hyperedges that listen only while they are open: a spike that comes while they are closed is no evidence.

    `rule` is what they do while open (left out: `any`, each spike of a source activates them). They are open in the
    `intervals` (start, end] (ms): a list of pairs for all of them, or a list of such lists, one a hyperedge. `by` is a
    population, view or group of the network that opens them: at least `k` spikes of it in (t - window, t], those of the
    instant itself included; `each` lists for each hyperedge the neurons of `by` that count, None: all for all. With both
    they are open where both say so. `closes=True` turns `by` around: its activity closes hyperedges that else are open.

    Raises ArgumentTypeError, DeclarationError, ValueRangeError, ShapeError.

    >>> temporal = gate(intervals=[(0.0, 100.0), (200.0, 300.0)])
    >>> temporal.openings.times.tolist()
    [0.0, 100.0, 200.0, 300.0]
    """
    inner = HyperRule("any") if rule is None else rule
    if not isinstance(inner, HyperRule):
        raise ArgumentTypeError(f"gate: rule is a rule of hsnn.hyper, such as threshold(2), not {shown(rule)}.", value=rule)
    if inner.gated:
        raise DeclarationError("gate: the rule has a gate already; give intervals and by to one gate.")
    if intervals is None and by is None:
        raise DeclarationError("gate: nothing opens it; give intervals=, by=, or both.")
    if by is None and each is not None:
        raise DeclarationError("gate: each= lists neurons of by=, which is not given.")
    switch = None
    if by is not None:
        several = None if each is None else tuple(_ids(one, edge) for edge, one in enumerate(_listed(each)))
        switch = Gate(by, several, whole(k, "gate: k", low=1), real(window, "gate: window", low=0.0, unit="ms"))
    opened = None if intervals is None else _openings(intervals)
    return replace(inner, openings=opened, gate=switch, closes=flag(closes, "gate: closes"))


def _listed(each: Any) -> Sequence[Any]:
    if not is_array(each):
        raise ArgumentTypeError(f"gate: each is a list of lists of ids, one a hyperedge, not {shown(each)}.", value=each)
    return list(each)


def _ids(listed: Any, edge: int) -> IntArray:
    found = indices(listed, UNBOUNDED, f"gate: each[{edge}]")
    if not len(found):
        raise ValueRangeError(f"gate: each[{edge}] is empty, so hyperedge {edge} never opens. Give it a neuron.", edge=edge)
    return np.unique(found)


def _openings(intervals: Any) -> Openings:
    """Pairs for all hyperedges, or such lists, one a hyperedge."""
    if not is_array(intervals):
        text = f"gate: intervals is a list of pairs (start, end), not {shown(intervals)}."
        raise ArgumentTypeError(text, value=intervals)
    listed = list(intervals)
    nested = [is_array(one) and all(is_array(pair) for pair in one) for one in listed]
    if not nested or not all(nested):
        return Openings(_boundaries(listed, "gate: intervals"))
    several = [_boundaries(list(one), f"gate: intervals[{edge}]") for edge, one in enumerate(listed)]
    starts = np.concatenate(([0], np.cumsum([len(one) for one in several]))).astype(np.int64)
    return Openings(np.concatenate(several), starts)


def _boundaries(pairs: Sequence[Any], what: str) -> RealArray:
    """Starts and ends by turns."""
    if not pairs:
        return np.empty(0)
    for pair in pairs:
        if not is_array(pair) or len(pair) != 2:
            raise ShapeError(f"{what} holds {shown(pair)}; give pairs (start, end) in ms.")
    times = np.array([real(time, what, unit="ms") for pair in pairs for time in pair])
    wrong = np.flatnonzero(np.diff(times) < 0)
    if len(wrong):
        first = times[wrong[0]], times[wrong[0] + 1]
        raise ValueRangeError(
            f"{what}: {first[1]:g} ms comes after {first[0]:g} ms. Give intervals (start, end) in order of time, none of "
            "which overlap.",
            times=first,
        )
    return times


def _each(value: Any, what: str, low: float = 0.0, unit: str | None = "ms") -> Each:
    if not is_array(value):
        return real(value, what, low=low, unit=unit)
    array = as_array(value, what, "give one number, or one a hyperedge")
    return np.asarray(real_or_array(array, len(array), what, low=low, unit=unit), np.float64)
