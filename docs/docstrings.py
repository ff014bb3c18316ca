"""Docstrings of the package as Markdown, for mkdocstrings: examples become blocks of code, signs stay what they are."""

from __future__ import annotations

import re
from typing import Any

import griffe

SPAN = re.compile(r"(`+[^`]*`+)")  # code within a line


class PlainDocstrings(griffe.Extension):
    """Rewrites every docstring before it is rendered."""

    def on_object(self, *, obj: griffe.Object, **options: Any) -> None:
        del options
        if obj.docstring is not None:
            obj.docstring.value = as_markdown(obj.docstring.value)


def as_markdown(text: str) -> str:
    """Fence the examples; outside of them and of code, `*` and `<` are no markup.

    >>> print(as_markdown("a*b*c <d>\\n\\n>>> 1 + 1\\n2"))
    a\\*b\\*c &lt;d>
    <BLANKLINE>
    ```pycon
    >>> 1 + 1
    2
    ```
    """
    paragraphs = re.split(r"\n\s*\n", text.strip("\n"))
    return "\n\n".join(_example(each) if each.lstrip().startswith(">>>") else _prose(each) for each in paragraphs)


def _example(paragraph: str) -> str:
    return f"```pycon\n{paragraph}\n```"


def _prose(paragraph: str) -> str:
    pieces = SPAN.split(paragraph)
    pieces[::2] = [piece.replace("*", r"\*").replace("<", "&lt;") for piece in pieces[::2]]
    return "".join(pieces)
