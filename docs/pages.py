"""The Python code of the pages: a page is one program, its blocks from top to bottom.

A block that begins with ```python is ours and runs. One with a title, ```python title="NEST", shows another simulator.

    python docs/pages.py                 # runs every page and renews the pictures in docs/pictures
    python docs/pages.py tutorial.md     # these pages only
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
PICTURES = DOCS / "pictures"
README = DOCS.parent / "README.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PICTURE = re.compile(r"!\[[^\]]*\]\(pictures/([^)]+)\)")


def pages() -> list[Path]:
    """The README and every page of the site."""
    return [README, *sorted(DOCS.rglob("*.md"))]


def program(page: Path) -> str:
    """The blocks of a page as one text, in which every line has the number that it has on the page."""
    text = page.read_text(encoding="utf-8")
    lines = [""] * (text.count("\n") + 1)
    for block in BLOCK.finditer(text):
        first = text.count("\n", 0, block.start(1))
        code = block.group(1).splitlines()
        lines[first : first + len(code)] = code
    return "\n".join(lines).rstrip() + "\n"


def pictures(page: Path) -> list[str]:
    """The pictures that a page shows, which its own code saves under these names."""
    return PICTURE.findall(page.read_text(encoding="utf-8"))


def run(page: Path, folder: Path) -> dict[str, Any]:
    """Run the code of a page in `folder`, without windows; gives its names."""
    os.environ["MPLBACKEND"] = "agg"
    names: dict[str, Any] = {"__name__": "__main__"}
    before = Path.cwd()
    os.chdir(folder)
    try:
        exec(compile(program(page), str(page), "exec"), names)
    finally:
        os.chdir(before)
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close("all")
    return names


def main(chosen: list[str]) -> None:
    """Run pages, and keep the pictures that they draw."""
    PICTURES.mkdir(exist_ok=True)
    for page in [DOCS / name for name in chosen] or pages():
        if program(page).strip():
            with tempfile.TemporaryDirectory() as folder:
                run(page, Path(folder))
                for name in pictures(page):
                    shutil.copy(Path(folder) / name, PICTURES / name)
            print(page.relative_to(DOCS.parent))


if __name__ == "__main__":
    main(sys.argv[1:])
