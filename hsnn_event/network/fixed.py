"""Objects whose public attributes are set once: what an assignment would do is said, not swallowed."""

from __future__ import annotations

from inspect import get_annotations

from hsnn_event.errors import DeclarationError


class Fixed:
    """Its public attributes are those that its class declares; each gets its value when the object is made.

    Any other assignment is a DeclarationError with the words of `_way`. Private names are free.
    """

    _declared: frozenset[str] = frozenset()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._declared = cls._declared | {name for name in get_annotations(cls) if not name.startswith("_")}

    def __setattr__(self, name: str, value: object) -> None:
        if not name.startswith("_") and (name in vars(self) or name not in self._declared):
            raise DeclarationError(self._way(name), name=name)
        object.__setattr__(self, name, value)

    def _way(self, name: str) -> str:
        """The words for someone who assigns to `name`: what it is, and the way out."""
        raise NotImplementedError


def not_assigned(what: str, name: str, instead: str) -> str:
    """The words for a variable that a call sets.

    >>> not_assigned("population 'exc'", "v", "exc.set(v=...)")
    "population 'exc': v is set by exc.set(v=...), not by assignment."
    """
    return f"{what}: {name} is set by {instead}, not by assignment."


def no_attribute(what: str, name: str, instead: str) -> str:
    """The words for an attribute that there is not, or that is read only.

    >>> no_attribute("population 'exc'", "V", "exc.set(...) sets v, I_e")
    "population 'exc': attribute 'V' cannot be assigned; exc.set(...) sets v, I_e."
    """
    return f"{what}: attribute {name!r} cannot be assigned; {instead}."
