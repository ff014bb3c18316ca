"""The calls of a network that the rows of a table stand for; all of them, or none."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any

from hsnn_event import random
from hsnn_event.errors import ArgumentTypeError, DeclarationError, HsnnError, shown, unknown_name
from hsnn_event.model import library
from hsnn_event.model.declare import NeuronModel
from hsnn_event.network.given import given_rule
from hsnn_event.network.part import all_or_nothing
from hsnn_event.network.table import Row, rows_of
from hsnn_event.network.views import Group, View, parts
from hsnn_event.quantities import is_array, label, real
from hsnn_event.random import Distribution
from hsnn_event.topology import connect
from hsnn_event.topology.pattern import Pattern
from hsnn_event.topology.rules import Rule

if TYPE_CHECKING:
    from hsnn_event.network.network import Network
    from hsnn_event.network.population import Population
    from hsnn_event.network.projection import Projection

RULES = tuple(
    name for name, value in vars(connect).items() if callable(value) and not name.startswith("_") and name[0].islower()
    and getattr(value, "__module__", None) == connect.__name__
)  # fmt: skip
# What a column means where no rule is named: the rule, and its argument.
SHORT = {
    "p": ("bernoulli", "p"),
    "n": ("fixed_total", "n"),
    "indegree": ("fixed_indegree", "k"),
    "outdegree": ("fixed_outdegree", "k"),
}
OF_POPULATION = ("name", "size", "model", "method", "schedule", "labels")
OF_CONNECT = ("source", "target", "rule", "receptor", "name", "round_delays")
OF_VALUES = tuple(f"{value}{part}" for value in ("weight", "delay") for part in ("", "_sd", "_low", "_high"))


def populations_of(network: Network, table: Any, columns: Mapping[str, Any]) -> list[Population]:
    """The populations of all rows, now in the network."""
    rows = rows_of(table, columns, "population_table")
    with all_or_nothing(network):
        return [_population(network, row) for row in rows]


def projections_of(network: Network, table: Any, columns: Mapping[str, Any]) -> list[Projection]:
    """The projections of all rows, now in the network."""
    rows = rows_of(table, columns, "connect_table")
    made: list[Projection] = []
    with all_or_nothing(network):
        for row in rows:
            projection = _projection(network, row)
            made.extend(projection if isinstance(projection, list) else [projection])
    return made


def _population(network: Network, row: Row) -> Population:
    for column, example in (("name", "a name such as 'exc'"), ("size", "a number"), ("model", "'lif_exp' or a model")):
        if column not in row.cells:
            raise row.missing(column, example)
    model = _in(row, "model", lambda: _model(row.cells["model"]))
    options = {name: row.cells[name] for name in OF_POPULATION[3:] if name in row.cells}
    population: Population = _in(
        row, OF_POPULATION, lambda: network.population(row.cells["name"], row.cells["size"], model, **options)
    )
    for name, value in row.cells.items():
        if name not in OF_POPULATION:
            _in(row, name, partial(_set, population, name, value))
    return population


def _set(population: Population, name: str, value: Any) -> None:
    known = (*OF_POPULATION, *population.model.states, *population.model.parameters)
    if name not in known:
        raise unknown_name("column", name, known)
    population.set(**{name: value})


def _model(given: Any) -> NeuronModel:
    """A model, or that of a name."""
    if isinstance(given, NeuronModel):
        return given
    if not isinstance(given, str):
        text = f"a model is a NeuronModel or the name of one of hsnn.models, such as 'lif_exp', not {shown(given)}."
        raise ArgumentTypeError(text, value=given)
    try:
        function = getattr(library, label(given, "model"))
    except AttributeError as error:
        raise unknown_name("model", given, library.__all__) from error
    try:
        model = function()
    except TypeError as error:
        text = f"models.{given} needs arguments, so that its name is no model. Give models.{given}(...)."
        raise DeclarationError(text, model=given) from error
    if not isinstance(model, NeuronModel):
        raise ArgumentTypeError(f"models.{given}() is no model of neurons.", value=given)
    return model


def _projection(network: Network, row: Row) -> Projection | list[Projection]:
    cells = row.cells
    source, target = (_in(row, end, partial(_neurons, network, row, end)) for end in ("source", "target"))
    rule, arguments = _rule(row)
    for one in parts(target):
        if "receptor" in cells:
            _in(row, "receptor", partial(one.population.receptor, cells["receptor"], one.name))
    values = {name: _in(row, name, partial(_value, row, name)) for name in ("weight", "delay")}
    options = {name: cells[name] for name in ("receptor", "name", "round_delays") if name in cells}
    columns = ("weight", "delay", *options, *arguments, "rule")
    made: Projection | list[Projection]
    made = _in(row, columns, lambda: network.connect(source, target, rule, **values, **options))
    return made


def _neurons(network: Network, row: Row, end: str) -> View | Group:
    given = row.cells.get(end)
    if given is None:
        raise row.missing(end, "the name of a population or port")
    if not isinstance(given, str):
        network.own_parts(given)
        return given  # type: ignore[no-any-return]
    if given in network.populations:
        return network.populations[given]
    if given in network.ports:
        return network.ports[given]
    raise unknown_name("population or port", given, (*network.populations, *network.ports))


def _rule(row: Row) -> tuple[Rule | Pattern, dict[str, Any]]:
    """The rule, and the columns that gave its arguments."""
    cells = row.cells
    given = {name: value for name, value in cells.items() if name not in (*OF_CONNECT, *OF_VALUES)}
    rule = cells.get("rule")
    if rule is not None and not isinstance(rule, str):
        for column in given:
            raise row.error(DeclarationError(f"{shown(rule)} has its arguments already; leave the cell empty."), column)
        return _in(row, "rule", lambda: given_rule(rule)), given
    arguments, name = dict(given), rule
    for column, (short, argument) in SHORT.items():
        if column in given and (name in (None, short)) and (rule is None or column != argument):
            name = short
            if argument not in given or column == argument:
                arguments[argument] = arguments.pop(column)
    if name is None:
        raise row.missing("rule", f"one of {', '.join(RULES)}, or one of {', '.join(SHORT)}")
    if name not in RULES:
        raise row.error(unknown_name("rule", name, RULES), "rule")
    function = getattr(connect, name)
    _check_arguments(row, name, function, arguments)
    return _in(row, (*given, "rule"), lambda: given_rule(function(**arguments))), given


def _check_arguments(row: Row, name: str, function: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
    parameters = signature(function).parameters
    for argument in arguments:
        if argument not in parameters:
            known = (*OF_CONNECT, *OF_VALUES, *parameters)
            raise row.error(unknown_name(f"{name}: argument", argument, known), argument)
    for argument, parameter in parameters.items():
        if parameter.default is Parameter.empty and argument not in arguments:
            raise row.missing(argument, f"what {name} needs")


def _value(row: Row, name: str) -> Any:
    """A weight or delay: what the cell holds, or the normal law that it is the mean of."""
    cells = row.cells
    bounds = {part: cells[f"{name}_{part}"] for part in ("low", "high") if f"{name}_{part}" in cells}
    if f"{name}_sd" not in cells:
        for part in bounds:
            text = f"bounds have a meaning where {name}_sd is given; give it, or leave the cell empty."
            raise row.error(DeclarationError(text), f"{name}_{part}")
        return cells.get(name)
    mean = cells.get(name)
    if mean is None:
        raise row.missing(name, f"the mean, to which {name}_sd belongs")
    if isinstance(mean, Distribution) or is_array(mean):
        raise row.error(ArgumentTypeError(f"with {name}_sd it is the mean, one number."), name)
    sd = _in(row, f"{name}_sd", lambda: real(cells[f"{name}_sd"], f"{name}_sd", low=0.0))
    limits = {part: _in(row, f"{name}_{part}", partial(real, bounds[part], f"{name}_{part}", infinite=True))
              for part in bounds}  # fmt: skip
    return random.normal(real(mean, name), sd, **limits)


def _in(row: Row, columns: str | tuple[str, ...], call: Callable[[], Any]) -> Any:
    """What the call gives; of its error, the column is the one of `columns` that the text names, or the last one."""
    try:
        return call()
    except HsnnError as error:
        if "row" in error.facts:
            raise
        listed = (columns,) if isinstance(columns, str) else columns
        text = str(error.args[0])
        needed = (*row.cells, "weight", "delay")  # the last two may be what is missing
        named = [each for each in listed if each in needed and re.search(rf"\b{re.escape(_word(each))}\b", text)]
        raise row.error(error, named[0] if named else listed[-1]) from error


def _word(column: str) -> str:
    """How errors of calls name what a column gave."""
    return SHORT[column][1] if column in SHORT else column
