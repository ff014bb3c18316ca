"""Machine code is kept in a folder that is the user's own, and never outlives a change of the sources."""

import ast
import importlib
import os
import subprocess
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numba
import pytest

from hsnn_event import compile_cache
from hsnn_event.errors import CompileCacheWarning

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither these modes nor these owners")


@pytest.fixture
def chosen(tmp_path, monkeypatch):
    """A place of the test's own."""
    monkeypatch.setenv("HSNN_EVENT_CACHE", str(tmp_path / "code"))
    monkeypatch.setattr(compile_cache, "folder", compile_cache.folder.__wrapped__)
    return tmp_path / "code"


def refused() -> tuple[Path, str]:
    """Where code goes instead, and the text of the warning."""
    with pytest.warns(CompileCacheWarning, match="cannot be kept") as caught:
        place = compile_cache.folder()
    return place, str(caught[0].message)


def test_the_folder_is_the_users_own_and_found_again(chosen):
    place = compile_cache.folder()
    assert place.parent == chosen and place == compile_cache.folder()
    if sys.platform != "win32":
        assert place.stat().st_mode & 0o777 == 0o700


@posix
@pytest.mark.parametrize("mode", [0o755, 0o770, 0o777])
def test_a_folder_that_others_can_open_is_refused(chosen, mode):
    compile_cache.folder().chmod(mode)
    place, text = refused()
    assert not place.is_relative_to(chosen) and place.stat().st_mode & 0o777 == 0o700
    assert str(chosen) in text and f"mode {mode:o}" in text and "HSNN_EVENT_CACHE" in text


@posix
def test_a_folder_of_another_user_is_refused(chosen, monkeypatch):
    compile_cache.folder()
    other = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: other)
    assert f"this process to user {other}" in refused()[1]


def test_a_place_that_cannot_be_a_folder_is_refused(chosen):
    chosen.write_text("a file")
    assert str(chosen) in refused()[1]


def test_where_code_is_kept(monkeypatch, tmp_path):
    for name in ("HSNN_EVENT_CACHE", "NUMBA_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    assert compile_cache.root().is_relative_to(Path.home()) or os.environ.get("XDG_CACHE_HOME")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "numba"))
    assert compile_cache.root() == tmp_path / "numba" / "hsnn_event"
    monkeypatch.setenv("HSNN_EVENT_CACHE", str(tmp_path / "ours"))
    assert compile_cache.root() == tmp_path / "ours"


def test_a_change_of_a_source_leads_to_another_folder(monkeypatch, tmp_path):
    digest = compile_cache.digest.__wrapped__
    monkeypatch.setattr(compile_cache, "PACKAGE", tmp_path)
    monkeypatch.setattr(compile_cache, "COMPILED", ("rng.py",))
    (tmp_path / "rng.py").write_text("a = 1")
    before = digest()
    assert digest() == before
    (tmp_path / "rng.py").write_text("a = 2")
    assert digest() != before


def compiled(path: Path) -> bool:
    return "numba" in path.read_text(encoding="utf-8")


def test_the_digest_covers_all_that_compiled_code_is_made_of():
    files = compile_cache.sources()
    for path in compile_cache.PACKAGE.rglob("*.py"):
        assert path in files or path.name == "compile_cache.py" or "@nb." not in path.read_text(encoding="utf-8"), path
    for path in filter(compiled, files):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("hsnn_event."):
                part, inside = node.module.split(".")[1], "/".join(node.module.split(".")[1:3])
                known = {part, f"{part}.py", inside} & set(compile_cache.COMPILED)
                assert part in {"errors", "compile_cache"} or known, path


def test_all_compiled_functions_of_the_package_are_kept_there():
    kept = 0
    for path in filter(compiled, compile_cache.sources()):
        parts = path.relative_to(compile_cache.PACKAGE).with_suffix("").parts
        module = importlib.import_module(".".join(("hsnn_event", *parts)))
        for value in vars(module).values():
            cache = getattr(value, "_cache", None)
            if isinstance(cache, numba.core.caching.FunctionCache):
                assert Path(cache.cache_path).is_relative_to(compile_cache.folder()), value
                kept += 1
    assert kept > 5


def test_functions_of_others_stay_where_they_were(tmp_path, monkeypatch):
    (tmp_path / "their_functions.py").write_text("import numba\n@numba.njit(cache=True)\ndef twice(x):\n    return 2 * x\n")
    monkeypatch.syspath_prepend(tmp_path)
    theirs = importlib.import_module("their_functions")
    assert not Path(theirs.twice._cache.cache_path).is_relative_to(compile_cache.folder())


def test_code_that_nothing_uses_any_more_is_removed(chosen):
    old, recent = chosen / "code-old", chosen / "code-recent"
    for each in (old, recent, chosen / "other"):
        each.mkdir(parents=True)
    long_ago = time.time() - 40 * 86400
    for each in (old, chosen / "other"):
        os.utime(each, (long_ago, long_ago))
    compile_cache.folder()
    assert not old.exists() and recent.exists() and (chosen / "other").exists()


@posix
def test_a_process_without_a_folder_compiles_and_leaves_nothing(chosen, tmp_path):
    with warnings.catch_warnings():
        compile_cache.folder().chmod(0o777)
    code = (
        "import numpy as np\nfrom hsnn_event import compile_cache, distributions\n"
        "from hsnn_event.rng import uniforms\nprint(compile_cache.folder())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "TMPDIR": str(tmp_path)}
    )
    assert "CompileCacheWarning" in done.stderr and done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).parent == tmp_path and not Path(done.stdout.strip()).exists()


REFERENCE_RUN = """
import sys
import hsnn_event as hsnn
net = hsnn.Network(dt=0.1, backend="reference")
cells = net.population("cells", 2, hsnn.models.lif_exp(I_e=400.0))
trace = net.record(cells, "v - E_L")
print(net.run(30.0)[trace]["v - E_L"].values.sum(), "sympy" in sys.modules)
"""


def test_what_follows_from_a_model_is_remembered_and_found_again_when_damaged(tmp_path):
    def run():
        environment = {**os.environ, "HSNN_EVENT_CACHE": str(tmp_path)}
        command = [sys.executable, "-c", REFERENCE_RUN]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()

    (first, with_sympy), (second, without) = run(), run()
    assert first == second and (with_sympy, without) == ("True", "False")
    kept = list(tmp_path.rglob("*.pickle"))
    assert len(kept) == 2  # the model, and what is recorded of it
    for path in kept:
        path.write_bytes(path.read_bytes()[:-20])
    assert run() == [first, "True"]
    assert run() == [first, "False"]


def test_a_result_is_given_even_if_it_cannot_be_kept(chosen, monkeypatch):
    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(compile_cache, "write", full)
    assert compile_cache.remembered("thing", 1, lambda: "made") == "made"
    assert not list(chosen.rglob("*.tmp"))


def test_a_folder_that_is_deleted_meanwhile_is_made_again_for_the_user_alone(chosen):
    place = compile_cache.folder()
    place.rmdir()
    assert compile_cache.remembered("thing", 1, lambda: "made") == "made"
    assert compile_cache.remembered("thing", 1, lambda: "anew") == "made"
    if sys.platform != "win32":
        assert place.stat().st_mode & 0o777 == 0o700


def test_what_is_written_leaves_nothing_behind_when_it_fails(chosen, monkeypatch):
    monkeypatch.setattr(Path, "replace", lambda path, target: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match="full"):
        compile_cache.write(compile_cache.folder() / "thing", b"content")
    assert not list(chosen.rglob("*.tmp"))


def test_one_saves_at_a_time(tmp_path):
    lock, inside, most = tmp_path / "lock", [], []

    def save(_):
        with compile_cache._alone(lock):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.002)
            inside.pop()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(save, range(40)))
    assert max(most) == 1 and not lock.exists()


def test_the_place_may_be_named_as_in_a_shell(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("HSNN_EVENT_CACHE", "~/code")
    assert compile_cache.root() == tmp_path / "code"
    monkeypatch.setenv("HSNN_EVENT_CACHE", "code")
    assert compile_cache.root().is_absolute()
