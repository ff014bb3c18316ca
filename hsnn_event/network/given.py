"""What calls of a network are given, checked: names among those that are known, and rules."""

from __future__ import annotations

from collections.abc import Mapping

from hsnn_event.errors import ArgumentTypeError, shown, unknown_name
from hsnn_event.quantities import is_array
from hsnn_event.topology import connect
from hsnn_event.topology.functions import from_function
from hsnn_event.topology.pattern import Pattern
from hsnn_event.topology.rules import Rule


def given_rule(rule: object) -> Rule | Pattern:
    """What `connect` is given in the place of a rule."""
    if isinstance(rule, Rule | Pattern):
        return rule
    ours = getattr(rule, "__module__", None) == connect.__name__
    if callable(rule) and not ours and not isinstance(rule, type):
        return from_function(rule)
    if hasattr(rule, "adjacency"):
        hint = "; for a graph use from_networkx(G)"
    elif hasattr(rule, "tocoo"):
        hint = "; for a sparse array use from_scipy(W)"
    elif is_array(rule) and not isinstance(rule, Mapping):
        hint = "; for a matrix W[source, target] use from_dense(W), for two lists of ids from_edges(sources, targets)"
    else:
        hint = call_it(rule)
    text = f"connect: give a rule of hsnn.connect, such as bernoulli(p=0.1), not {shown(rule)}{hint}."
    raise ArgumentTypeError(text, value=rule)


def call_it(given: object) -> str:
    """The hint for a function that stands where what it returns should."""
    name = getattr(given, "__name__", None)
    return f"; call it: {name}(...)" if callable(given) and name else ""


def choice(what: str, value: object, known: tuple[str, ...]) -> str:
    """A name that is one of those known; UnknownNameError."""
    if not isinstance(value, str) or value not in known:
        raise unknown_name(what, value, known)
    return value
