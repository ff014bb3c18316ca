"""Lines of our scripts against those of the originals that they follow.

    python examples/ports/count.py            the table
    python examples/ports/count.py FILE ...   the lines of code of any Python script, such as an original

A line of code is a physical line that is not blank, not only a comment and not part of a docstring; a statement is a
logical line: wrapped over several lines it counts once. The originals are not copied here; each is named with its
repository, release and path, so that its count can be repeated.
"""

import ast
import io
import sys
import tokenize
from pathlib import Path
from typing import NamedTuple

NO_CODE = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)


class Original(NamedTuple):
    """A published script, and how many lines of code and statements it has."""

    repository: str
    release: str
    path: str
    lines: int
    statements: int


BRIAN2, NEST, PYNN = (
    ("brian-team/brian2", "2.9.0"),
    ("nest/nest-simulator", "v3.10"),
    ("NeuralEnsemble/PyNN", "0.12.3"),
)
ORIGINALS = {
    "CUBA": Original(*BRIAN2, "examples/CUBA.py", 29, 24),
    "COBAHH": Original(*BRIAN2, "examples/COBAHH.py", 51, 35),
    "IF_curve_LIF": Original(*BRIAN2, "examples/IF_curve_LIF.py", 18, 14),
    "adaptive_threshold": Original(*BRIAN2, "examples/adaptive_threshold.py", 29, 22),
    "Brunel_Hakim_1999": Original(*BRIAN2, "examples/frompapers/Brunel_Hakim_1999.py", 31, 28),
    "twoneurons": Original(*NEST, "pynest/examples/twoneurons.py", 17, 17),
    "balancedneuron": Original(*NEST, "pynest/examples/balancedneuron.py", 38, 38),
    "brunel_delta_nest": Original(*NEST, "pynest/examples/brunel_delta_nest.py", 78, 78),
    "Izhikevich": Original(*PYNN, "examples/Izhikevich.py", 32, 24),
    "small_network": Original(*PYNN, "examples/small_network.py", 65, 46),
}


def count(text: str) -> tuple[int, int]:
    """Lines of code and statements of a script.

    >>> count('x = (1,\\n     2)  # two lines, one statement\\n')
    (2, 1)
    """
    doc = docstring_lines(text)
    lines: set[int] = set()
    statements = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.start[0] in doc:
            continue
        statements += token.type == tokenize.NEWLINE
        if token.type not in NO_CODE:
            lines |= set(range(token.start[0], token.end[0] + 1))
    return len(lines), statements


def docstring_lines(text: str) -> set[int]:
    """The numbers of the lines that texts standing alone take."""
    found: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            found |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return found


def table() -> str:
    """Ours against the originals, a row a script."""
    rows = ["| script | original | lines | ratio | statements | ratio |", "|---|---|---|---|---|---|"]
    for name, original in ORIGINALS.items():
        lines, statements = count(Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8"))
        rows.append(
            f"| {name}.py | {original.repository} {original.release}, {original.path} "
            f"| {lines} of {original.lines} | {lines / original.lines:.2f} "
            f"| {statements} of {original.statements} | {statements / original.statements:.2f} |"
        )
    return "\n".join(rows)


if __name__ == "__main__":
    for path in sys.argv[1:]:
        print(path, "{} lines, {} statements".format(*count(Path(path).read_text(encoding="utf-8"))))
    if not sys.argv[1:]:
        print(table())
