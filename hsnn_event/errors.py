"""Typed exceptions: each says what is wrong, with which value, and the way out; the facts are attributes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

MOST_NAMES = 30  # in a message


class HsnnError(Exception):
    """Root of every error that the package raises on purpose.

    The keyword arguments become attributes, so that a caller need not parse the text.

    >>> error = HsnnError("delay -1 ms is negative", delay=-1.0)
    >>> error.delay
    -1.0
    """

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.facts = facts
        for name, fact in facts.items():
            setattr(self, name, fact)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), str(self.args[0]), self.facts)


def _rebuild(kind: type[HsnnError], message: str, facts: dict[str, Any]) -> HsnnError:
    return kind(message, **facts)


class ModelError(HsnnError, ValueError):
    """A neuron model is declared in a way that has no meaning."""


class ExpressionError(ModelError):
    """The text of an expression cannot be read, or is larger or stranger than expressions may be."""


class DimensionError(ModelError):
    """An equation of a model adds, compares or equates quantities of different units."""


class UnknownNameError(HsnnError, LookupError):
    """A name that nothing declares: a variable, parameter, receptor, population, rule or option."""


class MethodError(ModelError):
    """An integration method does not fit the equations; the text says which term prevents it."""


class ValueRangeError(HsnnError, ValueError):
    """A number is NaN, infinite, negative or outside the range that has a meaning here."""


class ShapeError(HsnnError, ValueError):
    """An array has another shape than the object that it describes."""


class ArgumentTypeError(HsnnError, TypeError):
    """An argument is of a kind that has no meaning here."""


class UnitError(ArgumentTypeError):
    """An object with a unit that is of another dimension, or that stands where no unit is known."""


class GridError(HsnnError, ValueError):
    """A time that must be a whole number of steps is not."""


class DeclarationError(HsnnError, ValueError):
    """A network is declared in contradiction to itself (a name twice, a change of structure after the first run)."""


class AmbiguousError(HsnnError, LookupError):
    """A short form fits several objects; the text lists them."""


class NotRecordedError(HsnnError, LookupError):
    """Data were asked for that nothing recorded."""


class InsufficientMemoryError(HsnnError, MemoryError):
    """Something is larger than the memory that is left: `needed` and `had` bytes. Nothing was made."""


class FileFormatError(HsnnError, ValueError):
    """A file is not what it should be."""


class FileAccessError(HsnnError, OSError):
    """A file cannot be read or written; what was there is untouched."""


class RecordingError(HsnnError, OSError):
    """A file that is recorded to cannot be made, continued or written. During a run `error.result` holds what was done."""


class BackendError(HsnnError, RuntimeError):
    """A backend cannot run this network, or failed while running it."""


class ExtensionError(HsnnError, ImportError):
    """A model or backend that another package declares cannot be loaded."""


class MissingExtraError(HsnnError, ImportError):
    """A feature needs an optional package; the text names the extra that installs it."""


class DivergenceError(HsnnError, ArithmeticError):
    """A state became NaN or infinite: `population`, `neuron`, `state`, `value`, found at `time` ms, while all was finite at
    `since` ms; `method`, and the methods that may be `helpful`. `error.result` holds what was recorded until then."""


class CascadeError(HsnnError, ArithmeticError):
    """A neuron fires again and again at one instant: synapses without delay, or a reset above the threshold."""

    @classmethod
    def of(cls, population: str, neuron: int, time: float, most: int) -> CascadeError:
        """The error for a neuron that has fired more than `most` times at `time` ms."""
        return cls(
            f"population {population!r}: neuron {neuron} fired more than {most} times at {time:.15g} ms. Give synapses in a "
            "loop a delay above 0, the model a refractory period, or a reset below its threshold.",
            population=population,
            neuron=neuron,
            time=time,
        )


class RunInterrupted(HsnnError, KeyboardInterrupt):  # noqa: N818 (it is a KeyboardInterrupt, not a failure)
    """Ctrl-C during a run. `error.result` holds what was recorded; the network can go on."""


class CompileCacheWarning(UserWarning):
    """Compiled code cannot be kept between processes; the text says why, and the way out."""


def unknown_name(what: str, name: object, known: Iterable[str]) -> UnknownNameError:
    """The error for a name that is not among `known`, with the nearest one suggested, whatever its case.

    >>> str(unknown_name("lif.dynamics['v']: name", "tua", ["tau", "v"]))
    "lif.dynamics['v']: name 'tua' is unknown. Did you mean 'tau'? Known: tau, v."
    """
    known = [str(each) for each in known]
    near = _nearest(name, known) if isinstance(name, str) else None
    hint = f" Did you mean {near!r}?" if near is not None else ""
    listed = ", ".join(sorted(known)[:MOST_NAMES]) + (", ..." if len(known) > MOST_NAMES else "") if known else "none"
    text = f"{what} {shown(name)} is unknown.{hint} Known: {listed}."
    return UnknownNameError(text, name=name, known=tuple(known))


def _nearest(name: str, known: list[str]) -> str | None:
    """The name that is meant: the same one in other case before one that is alike, if any."""
    lowered = {each.lower(): each for each in known}
    if name.lower() in lowered:
        return lowered[name.lower()]
    alike = get_close_matches(name, known, n=1)
    alike = alike or [lowered[each] for each in get_close_matches(name.lower(), lowered, n=1)]
    return alike[0] if alike else None


def keywords_known(function: Callable[P, R], module: str | None = None) -> Callable[P, R]:
    """The same function, but a keyword that it does not take is an UnknownNameError, with the nearest one suggested.

    `module` is where the result stands, if not where the function does; pickle looks for it there.

    >>> keywords_known(shown)(valve=1)
    Traceback (most recent call last):
    hsnn_event.errors.UnknownNameError: shown: argument 'valve' is unknown. Did you mean 'value'? Known: value.
    """
    known = [name for name in signature(function).parameters if name != "self"]
    called = function.__qualname__.removesuffix(".__init__")

    @wraps(function)
    def checked(*args: P.args, **keywords: P.kwargs) -> R:
        for name in keywords:
            if name not in known:
                raise unknown_name(f"{called}: argument", name, known)
        return function(*args, **keywords)

    checked.__module__ = module or function.__module__
    return checked


def member_unknown(module: str, public: str, name: str, known: Iterable[str]) -> AttributeError:
    """The error for a name that a module has not; the public names are suggested, under the module's public name.

    >>> str(member_unknown("hsnn_event.model.library", "hsnn.models", "lif", ["lif_exp", "poisson"]))
    "hsnn.models: name 'lif' is unknown. Did you mean 'lif_exp'? Known: lif_exp, poisson."
    """
    if name.startswith("_"):
        return AttributeError(f"module {module!r} has no attribute {name!r}")
    return AttributeError(str(unknown_name(f"{public}: name", name, known)))


def shown(value: object) -> str:
    """A value as a message shows it: its own words, cut to one line of 80 letters.

    >>> shown("a" * 100)[-8:]
    'aaaaa...'
    """
    try:
        text = " ".join(repr(value).split())
    except Exception:  # an object that cannot even say what it is
        text = f"an object of type {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:77]}..."
