"""Expressions of models in LaTeX: what MathJax and Matplotlib's mathtext both understand."""

from __future__ import annotations

import ast

_GREEK = {
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "kappa", "lambda", "mu", "nu", "xi", "pi"),
    *("rho", "sigma", "tau", "phi", "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Sigma", "Phi"),
    *("Psi", "Omega"),
}
_RELATIONS = {ast.Lt: "<", ast.LtE: r"\leq", ast.Gt: ">", ast.GtE: r"\geq", ast.Eq: "=", ast.NotEq: r"\neq"}
_AROUND = {"abs": (r"\left|", r"\right|"), "floor": (r"\left\lfloor ", r" \right\rfloor")}
_OWN = ("exp", "log", "min", "max", "tanh", "cosh")  # functions that LaTeX knows by a command
_SUM, _PRODUCT, _SIGNED, _POWER = range(4)           # how tightly an expression holds together


def name_of(name: str) -> str:
    r"""A name with its subscripts.

    >>> print(name_of("tau_m"), name_of("V_th"), name_of("E_L"), name_of("tau_syn_exc"), name_of("rate"))
    \tau_{m} V_{\mathrm{th}} E_{L} \tau_{\mathrm{syn,exc}} \mathrm{rate}
    """
    head, *rest = [part for part in name.split("_") if part] or [name.replace("_", r"\_")]
    written = head if len(head.lstrip("\\")) == 1 else rf"\{head}" if head in _GREEK else rf"\mathrm{{{head}}}"
    if not rest:
        return written
    below = ",".join(rest)
    return f"{written}_{{{below}}}" if len(below) == 1 else rf"{written}_{{\mathrm{{{below}}}}}"


def formula(text: str) -> str:
    r"""The text of an expression or a condition as LaTeX.

    >>> print(formula("(E_L - v)/tau_m + I/C_m"))
    \frac{E_{L} - v}{\tau_{m}} + \frac{I}{C_{m}}
    >>> print(formula("v >= V_th and not u > 1"))
    v \geq V_{\mathrm{th}} \wedge \neg\left(u > 1\right)
    """
    return _write(ast.parse(" ".join(text.split()), mode="eval").body, _SUM)


def number(value: float) -> str:
    """As a reader writes it.

    >>> number(10.0), number(0.1), number(1e-9)
    ('10', '0.1', '1e-09')
    """
    return f"{value:.12g}"


def _write(node: ast.expr, within: int) -> str:
    """An expression inside one that holds together as tightly as `within`."""
    match node:
        case ast.Constant(value=int() | float() as value):
            return _number(float(value))
        case ast.Name(id=name):
            return name_of(name)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return rf"\neg{_bracketed(_write(operand, _SUM))}"
        case ast.UnaryOp(op=op, operand=operand):
            sign = "-" if isinstance(op, ast.USub) else ""
            return _held(f"{sign}{_write(operand, _PRODUCT)}", _SUM, within)
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(left, op, right, within)
        case ast.BoolOp(op=op, values=values):
            sign = r" \wedge " if isinstance(op, ast.And) else r" \vee "
            nested = (isinstance(each, ast.BoolOp) for each in values)
            parts = [_write(each, _SUM) for each in values]
            return sign.join(_bracketed(each) if inner else each for each, inner in zip(parts, nested, strict=True))
        case ast.Compare(left=left, ops=ops, comparators=others):
            parts = [_write(left, _SUM)]
            for relation, other in zip(ops, others, strict=True):
                parts += [_RELATIONS[type(relation)], _write(other, _SUM)]
            return " ".join(parts)
        case ast.Call(func=ast.Name(id=name), args=args):
            return _call(name, args)
    raise AssertionError(f"no expression of a model: {ast.dump(node)}")


def _binary(left: ast.expr, op: ast.operator, right: ast.expr, within: int) -> str:
    if isinstance(op, ast.Mult | ast.Div) and isinstance(left, ast.UnaryOp):  # (-a)*b as -(a*b)
        return _write(ast.UnaryOp(left.op, ast.BinOp(left.operand, op, right)), within)
    match op:
        case ast.Add():
            return _held(f"{_write(left, _SUM)} + {_write(right, _PRODUCT)}", _SUM, within)
        case ast.Sub():
            return _held(f"{_write(left, _SUM)} - {_write(right, _PRODUCT)}", _SUM, within)
        case ast.Mult():
            first, second = _write(left, _PRODUCT), _write(right, _SIGNED)
            sign = r" \cdot " if second[:1].isdigit() else r" \, "
            return _held(f"{first}{sign}{second}", _PRODUCT, within)
        case ast.Div():
            return _held(rf"\frac{{{_write(left, _SUM)}}}{{{_write(right, _SUM)}}}", _PRODUCT, within)
    return _held(f"{_write(left, _POWER)}^{{{_write(right, _SUM)}}}", _SIGNED, within)


def _call(name: str, args: list[ast.expr]) -> str:
    if name == "where":
        chosen, one, other = (_write(each, _SUM) for each in args)
        return _bracketed(rf"{one} \; \mathrm{{if}} \; {chosen} \; \mathrm{{else}} \; {other}")
    written = [_write(each, _SUM) for each in args]
    if name == "sqrt":
        return rf"\sqrt{{{written[0]}}}"
    if name in _AROUND:
        before, after = _AROUND[name]
        return f"{before}{written[0]}{after}"
    head = rf"\{name}" if name in _OWN else rf"\mathrm{{{name}}}"
    return head + _bracketed(", ".join(written))


def _held(text: str, own: int, within: int) -> str:
    return text if own >= within else _bracketed(text)


def _bracketed(text: str) -> str:
    return rf"\left({text}\right)"


def _number(value: float) -> str:
    mantissa, _, power = number(value).partition("e")
    if not power:
        return mantissa
    return rf"10^{{{int(power)}}}" if mantissa == "1" else rf"{mantissa} \cdot 10^{{{int(power)}}}"
