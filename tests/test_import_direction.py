"""The plan of the house, read from the imports: what stands below knows nothing of what stands above."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "bbprompt"

FOUNDATION = {"errors", "names", "arrays", "rng", "encoding"}
ALLOWED = {
    "oracle": FOUNDATION,
    "ledger": FOUNDATION,
    "templates": FOUNDATION,
    "parametrisations": FOUNDATION,
    "estimators": FOUNDATION,
    "labelmaps": FOUNDATION | {"oracle", "rounded"},
    "rounded": FOUNDATION | {"oracle"},
    "losses": FOUNDATION | {"oracle"},
    "data": FOUNDATION | {"templates"},
    "baselines": FOUNDATION | {"data", "fit", "parametrisations"},
    "presets": FOUNDATION,
    "texts": FOUNDATION | {"labelmaps", "registry"},
    "wrappers": FOUNDATION | {"oracle", "ledger"},
}


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield str(node.module)


def files_of(name: str) -> list[Path]:
    single = PACKAGE / f"{name}.py"
    return [single] if single.exists() else sorted((PACKAGE / name).rglob("*.py"))


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_a_room_imports_only_what_stands_below_it(name: str) -> None:
    files = files_of(name)
    assert files
    for path in files:
        used = {room(module) for module in imports(path) if module.startswith("bbprompt.")} - {name}
        assert used <= ALLOWED[name], f"{path.relative_to(ROOT)} imports {sorted(used - ALLOWED[name])}"


def test_the_library_never_imports_the_adapters() -> None:
    for path in PACKAGE.rglob("*.py"):
        assert not any(module.startswith("bbprompt_adapters") for module in imports(path)), path


def test_only_the_command_line_imports_the_command_line() -> None:
    for path in PACKAGE.rglob("*.py"):
        if path.parent != PACKAGE / "cli" and path.name != "__main__.py":
            assert not any(module.startswith("bbprompt.cli") for module in imports(path)), path


HEAVY = ("numpy", "scipy", "rich", "torch")


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("bbprompt", HEAVY),
        ("bbprompt.cli", HEAVY),
        ("bbprompt.run", ("torch",)),
        ("bbprompt.deploy", ("torch",)),
        ("bbprompt.proxy.serve", ("torch",)),
    ],
)
def test_importing_loads_nothing_that_it_does_not_need(module: str, unwanted: tuple[str, ...]) -> None:
    check = f"import sys, {module}; loaded = set({unwanted}) & set(sys.modules); assert not loaded, loaded"
    subprocess.run([sys.executable, "-c", check], check=True)
