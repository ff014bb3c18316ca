"""The project holds what it promises of itself: layers, sizes, documentation, a light import."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import hsnn_event as hsnn

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "hsnn_event"
FILES = sorted(PACKAGE.rglob("*.py"))

# What each part may import from the package; itself and __init__ (names only) always.
MAY_IMPORT = {
    "errors": set(),
    "compile_cache": {"errors"},
    "units": {"errors"},
    "quantities": {"errors", "units"},
    "grid": {"errors"},
    "cores": set(),
    "memory": {"errors"},
    "extensions": {"errors"},
    "rng": {"errors", "compile_cache"},
    "elementary": {"errors"},
    "distributions": {"errors", "rng", "elementary"},
    "random": {"errors", "quantities", "distributions"},
    "timecourse": {"errors", "quantities", "units"},
    "stimuli": {"errors", "quantities", "units", "timecourse"},
    "model": {"errors", "extensions", "quantities", "units", "grid", "random", "timecourse"},
    "topology": {
        *("errors", "cores", "memory", "quantities", "units", "rng", "elementary", "distributions", "random"),
        *("model", "files"),
    },
    "analysis": {"errors"},
    "files": {"errors"},
    "notebook": {"errors"},
    "recording": {"errors", "analysis", "files", "notebook", "quantities", "units"},
    "monitor": {"errors"},
    "network": {
        *("errors", "units", "quantities", "grid", "rng", "random", "timecourse", "stimuli", "model"),
        *("distributions", "extensions", "topology", "recording", "analysis", "notebook", "files"),
        "simulation",  # by the first run only
        "io",  # by saving and loading only
    },
    "lowering": {
        *("errors", "compile_cache", "quantities", "grid", "rng", "elementary", "distributions"),
        *("random", "timecourse", "stimuli", "model", "topology", "network"),
    },
    "backends": {"errors", "compile_cache", "cores", "rng", "elementary", "distributions", "lowering"},
    "simulation": {
        *("cores", "errors", "extensions", "memory", "quantities", "grid", "network", "recording", "monitor", "lowering"),
        "backends",
    },
    "io": {
        *("errors", "files", "quantities", "grid", "random", "stimuli", "timecourse", "model", "topology"),
        *("recording", "network", "lowering", "backends"),
        "simulation",  # what stands in files of it
    },
    "measures": {"errors", "quantities", "rng", "topology", "network"},
    "networks": {"errors", "quantities", "rng", "random", "timecourse", "stimuli", "model", "topology", "network"},
}
ANYTHING = {"__init__", "__main__", "cli"}
HEAVY = ("numpy", "numba", "scipy", "sympy", "networkx", "matplotlib", "h5py")
# Modules and members that Windows lacks, or macOS.
POSIX_ONLY = {
    *("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "posix", "syslog", "curses", "readline", "crypt"),
    *(f"os.{name}" for name in (
        "fork", "forkpty", "wait", "wait3", "wait4", "waitid", "setsid", "killpg", "nice", "getpriority", "setpriority",
        "getuid", "geteuid", "getgid", "getegid", "getgroups", "getpgid", "getpgrp", "setuid", "setgid", "chown", "lchown",
        "chroot", "mkfifo", "mknod", "openpty", "uname", "sysconf", "confstr", "getloadavg", "sched_getaffinity",
        "sched_setaffinity", "sched_yield", "pipe2", "posix_spawn", "posix_fadvise", "posix_fallocate", "pread", "pwrite",
        "sendfile", "statvfs", "fchown", "fchdir", "lockf", "memfd_create", "ctermid", "ttyname", "sync",
    )),
    *(f"signal.{name}" for name in (
        "alarm", "setitimer", "getitimer", "pause", "sigwait", "sigpending", "pthread_sigmask", "pthread_kill",
        "SIGALRM", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGHUP", "SIGQUIT", "SIGCHLD", "SIGSTOP", "SIGCONT", "SIGPIPE",
    )),
    *("time.clock_gettime", "time.tzset", "asyncio.unix_events"),
    *("mmap.PROT_READ", "mmap.MAP_SHARED", "socket.AF_UNIX", "threading.pthread_kill"),
}  # fmt: skip


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> Iterator[str]:
    """The parts of the package that a file imports, at its top or in a function."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names = re.findall(r"^hsnn_event\.\w+(?=[.:]|$)", node.value)  # import_module("...")
        else:
            continue
        for name in names:
            head, *rest = name.split(".")
            if head == "hsnn_event" and rest and not rest[0].startswith("__"):
                yield rest[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_downward(path):
    part = part_of(path)
    if part in ANYTHING:
        return
    assert part in MAY_IMPORT, f"{part} has no place in the table of layers"
    assert set(imports_of(path)) <= MAY_IMPORT[part] | {part}


def test_the_layers_have_no_cycle_but_the_first_run():
    above = {part: set(below) for part, below in MAY_IMPORT.items()}
    above["network"] -= {"simulation", "io"}
    while above:
        lowest = {part for part, below in above.items() if not below & above.keys()}
        assert lowest, f"a ring: {sorted(above)}"
        above = {part: below for part, below in above.items() if part not in lowest}


def test_import_is_light():
    code = f"import sys, hsnn_event; print([m for m in {HEAVY!r} if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert loaded.stdout.strip() == "[]"


@pytest.mark.parametrize("name", hsnn.__all__)
def test_public_names_exist_and_are_documented(name):
    public = getattr(hsnn, name)
    if name == "__version__":
        assert re.fullmatch(r"\d+\.\d+\.\d+", public)
        return
    assert public.__doc__
    if isinstance(public, type(hsnn)):  # a module: its public functions and classes too
        for member, value in vars(public).items():
            defined_here = getattr(value, "__module__", "").startswith(public.__name__)
            if not member.startswith("_") and callable(value) and defined_here:
                assert value.__doc__, f"{name}.{member}"


def test_dir_lists_what_there_is():
    assert set(hsnn.__all__) <= set(dir(hsnn))
    with pytest.raises(AttributeError, match="no attribute 'simulate'"):
        hsnn.simulate  # noqa: B018


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_and_functions_stay_short(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = node.end_lineno - node.lineno + 1
            if ast.get_docstring(node):
                length -= node.body[0].end_lineno - node.body[0].lineno + 1
            assert length <= 60, f"{node.name} has {length} lines"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_call_is_posix_only(path):
    used, asked = set(), set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            used |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            used |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            used.add(f"{node.value.id}.{node.attr}")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "hasattr":
            asked.add(f"{ast.unparse(node.args[0])}.{node.args[1].value}")  # so there is a way without it
    assert used & POSIX_ONLY <= asked


def test_the_package_says_one_version_and_one_set_of_pythons():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == hsnn.__version__
    assert citation["authors"] == [{"name": project["authors"][0]["name"]}]
    assert " OR ".join(citation["license"]) == project["license"]
    pythons = [name.split(":: ")[-1] for name in project["classifiers"] if "Python :: 3." in name]
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    matrix = workflow["jobs"]["tests"]["strategy"]["matrix"]
    assert matrix["python"] == pythons and project["requires-python"] == f">={pythons[0]}"
    assert {name.split("-")[0] for name in matrix["os"]} == {"ubuntu", "macos", "windows"}
    steps = [step.get("run", "") for job in workflow["jobs"].values() for step in job["steps"]]
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert {"ruff check .", "mypy", "python -m pytest -q -n auto"} <= set(steps) & set(script)


def fenced(path: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)


def test_the_readme_and_ci_run_the_same_tests():
    setup, tests = [block.strip() for block in fenced(ROOT / "README.md", "bash")][:2]  # the third measures
    assert "hsnn-event run microcircuit --scale 0.1" in setup
    command = tests.split("&&")[-1].strip().removeprefix(".venv/bin/")
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_links_between_documents_lead_somewhere():
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for link in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8")):
            if "://" not in link:
                assert (path.parent / link).exists(), f"{path.name}: {link}"
