"""The documentation: its code runs, its pictures are those of its code, its figures are those of the tests."""

import json
import re
import sys
from pathlib import Path

import pytest

import hsnn_event as hsnn

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
sys.path.insert(0, str(DOCS))

import pages  # noqa: E402
import validation  # noqa: E402

PAGES = {str(page.relative_to(ROOT)): page for page in pages.pages()}
WITH_CODE = [name for name, page in PAGES.items() if pages.program(page).strip()]
ELSEWHERE = {"Brian2", "NEST", "PyNN"}  # whose code we show and do not run


@pytest.mark.parametrize("name", WITH_CODE)
def test_the_code_of_a_page_runs_and_draws_its_pictures(name, tmp_path):
    pages.run(PAGES[name], tmp_path)
    for picture in pages.pictures(PAGES[name]):
        assert (tmp_path / picture).stat().st_size > 0, "the page shows a picture that its code does not save"
        assert (pages.PICTURES / picture).exists(), "run: python docs/pages.py"


@pytest.mark.parametrize("name", PAGES)
def test_every_block_of_python_is_run_or_names_its_simulator(name):
    text = PAGES[name].read_text(encoding="utf-8")
    headers = re.findall(r"^[ >]*```+ *(py\w*.*)$", text, re.MULTILINE)
    ours = [header for header in headers if header == "python"]
    others = [re.fullmatch(r'python title="(\w+)"', header) for header in headers if header != "python"]
    assert len(ours) == len(pages.BLOCK.findall(text))
    assert all(match and match.group(1) in ELSEWHERE for match in others), headers


def test_no_picture_is_left_over():
    shown = [picture for page in PAGES.values() for picture in pages.pictures(page)]
    assert sorted(shown) == sorted(path.name for path in pages.PICTURES.iterdir())


def test_every_page_has_a_place_in_the_navigation():
    listed = re.findall(r": (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md"))


@pytest.mark.parametrize("name", [name for name in hsnn.__all__ if name != "__version__"])
def test_every_public_name_is_in_the_reference(name):
    reference = "\n".join(page.read_text(encoding="utf-8") for page in (DOCS / "api").glob("*.md"))
    described = re.findall(r"^::: (\S+)$", reference, re.MULTILINE)
    assert f"`hsnn.{name}`" in reference
    public = getattr(hsnn, name)
    if not isinstance(public, type(hsnn)):
        assert f"hsnn_event.{name}" in described
        return
    home = public.__name__.removesuffix(".connect")  # rules are collected there from the modules of their folder
    for member, value in vars(public).items():
        if member.startswith("_") or not getattr(value, "__module__", "").startswith(home) or not callable(value):
            continue
        if name != "errors" or isinstance(value, type):  # functions that make errors are the package's own
            assert any(each.startswith(home) and each.endswith(f".{member}") for each in described), f"{name}.{member}"


def test_docstrings_become_markdown():
    pytest.importorskip("griffe", reason="extra docs")
    import docstrings

    text = "g_L*(E_L - v) of `a*b` and g_<name>.\n\n>>> 1 + 1\n2"
    assert docstrings.as_markdown(text) == r"g_L\*(E_L - v) of `a*b` and g_&lt;name>." + "\n\n```pycon\n>>> 1 + 1\n2\n```"


def test_ci_builds_the_site_as_the_readme_says():
    command = "mkdocs build --strict"
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert command in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_validation_page_shows_what_is_measured():
    figures = json.loads(validation.FIGURES.read_text(encoding="utf-8"))
    assert validation.PAGE.read_text(encoding="utf-8") == validation.page(figures)
    for row in validation.rows():
        assert row.low <= figures[row.key] <= row.high, row.what
    assert validation.measured() == pytest.approx(figures, rel=1e-9, abs=1e-10), "run: python docs/validation.py"
