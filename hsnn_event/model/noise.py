"""White noise in equations: which names stand for it, and where it may stand."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from hsnn_event.errors import ExpressionError

# xi, or xi_ and letters or digits: "xi__v", with two, is what lowering calls the noise that a state receives.
_NOISE = re.compile(r"xi(_[A-Za-z0-9]+)?")
_WORD = re.compile(r"[A-Za-z_]\w*")
UNIT = "1/ms**0.5"


def is_noise(name: str) -> bool:
    """Is it a name of white noise?

    >>> [name for name in ("xi", "xi_1", "xi_exc", "x", "eta", "taxi") if is_noise(name)]
    ['xi', 'xi_1', 'xi_exc']
    """
    return _NOISE.fullmatch(name) is not None


def is_reserved(name: str) -> bool:
    """Is it kept for noise, so that nothing else may be called so?"""
    return name == "xi" or name.startswith("xi_")


def noise_in(texts: Mapping[str, str]) -> tuple[str, ...]:
    """The noises of these equations, in order of appearance.

    >>> noise_in({"x": "-x + xi_1 - 2*xi", "y": "xi"})
    ('xi_1', 'xi')
    """
    words = (word for text in texts.values() if isinstance(text, str) for word in _WORD.findall(text))
    return tuple(dict.fromkeys(word for word in words if is_noise(word)))


def check_linear(tree: ast.expr, place: str) -> None:
    """Refuse noise that is anything but a term of its own, times factors without noise: ExpressionError with the term.

    >>> check_linear(ast.parse("(xi - v)/tau", mode="eval").body, "doc")
    >>> check_linear(ast.parse("exp(xi)", mode="eval").body, "doc")
    Traceback (most recent call last):
    hsnn_event.errors.ExpressionError: doc: exp(xi) is not linear in xi. White noise is added, times a factor: sigma*xi.
    """
    _degree(tree, place)


def _degree(node: ast.AST, place: str) -> int:
    """In the noise: 0 or 1."""
    match node:
        case ast.Name(id=name):
            return int(is_noise(name))
        case ast.UnaryOp(operand=operand):
            return _degree(operand, place)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            return max(_degree(left, place), _degree(right, place))
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            degree = _degree(left, place) + _degree(right, place)
            if degree <= 1:
                return degree
        case ast.BinOp(left=left, op=ast.Div(), right=right) if not _degree(right, place):
            return _degree(left, place)
        case _ if not any(_degree(child, place) for child in ast.iter_child_nodes(node)):
            return 0
    found = next(each.id for each in ast.walk(node) if isinstance(each, ast.Name) and is_noise(each.id))
    term = ast.unparse(node)
    raise ExpressionError(
        f"{place}: {term} is not linear in {found}. White noise is added, times a factor: sigma*{found}.",
        place=place,
        term=term,
    )
