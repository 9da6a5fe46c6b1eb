"""Write docs/reference/run-file.md from the code that reads run files: every key, its default, and what it says of it.

python -m benchmarks.reference

Sources are parsed, not imported, so that adapters whose packages are not installed have their place too.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bbprompt.config import COMMON_FIT
from bbprompt.estimators import ESTIMATORS, FAMILIES, GUIDED
from bbprompt.labelmaps import LABEL_MAPS
from bbprompt.losses import LOSSES
from bbprompt.parametrisations import PARAMETRISATIONS
from bbprompt.presets import PRESETS
from bbprompt.registry import ORACLES
from bbprompt.templates import TEMPLATES

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "run-file.md"
REQUIRED, LEFT_OUT = "required", "left out"
NOT_TYPED = {"rng", "prior", "name", "options"}
"""What the code hands to a class or keeps in one, and no run file holds."""

HEAD = """# run.toml

Every key that a run file may have, with its default. An unknown one is refused, and the nearest known one named. This
page is written from the code that reads them: `python -m benchmarks.reference`.

```toml
# run.toml
seed = 0
[oracle]  # the classifier
adapter = "open-inference"
url = "http://127.0.0.1:8000"
model = "efficientnet-lite0"
[data]  # the images
source = "folder:data/textures"
shots = 16
[prompt]  # where the pixels are
template = "padding"
size = 30
[labels]  # from labels to classes
map = "linear"
[fit]  # how it is learned
method = "antithetic"
pairs = 10
[budget]  # the most to spend
queries = 10000
```
"""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table: its default as TOML, ``REQUIRED`` or ``LEFT_OUT``, and what it is."""

    name: str
    default: str
    what: str


def main() -> None:
    """Write the page."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """The page, from beginning to end."""
    config = "bbprompt.config"
    parts = [
        HEAD,
        *section("## At the top", [*keys(config, "RunConfig", only={"seed"}), _preset()]),
        *section("## [oracle]", keys(config, "OracleConfig")),
        *adapters(),
        *section("## [data]", keys(config, "DataConfig")),
        *section("## [prompt]", keys(config, "PromptConfig")),
        names("Templates", TEMPLATES),
        names("Parametrisations", PARAMETRISATIONS),
        *section("## [labels]", keys(config, "LabelsConfig")),
        names("Maps", LABEL_MAPS),
        *section("## [fit]", [_common(key) for key in keys(config, "FitConfig")]),
        names("Losses", {name: loss.function for name, loss in LOSSES.items()}),
        *methods(),
        *section("## [budget]", keys(config, "BudgetConfig")),
    ]
    return "\n".join(parts)


def adapters() -> Iterator[str]:
    """Keys of ``[oracle]``, by adapter; those that a file describes have some in common."""
    described = []
    for entry in sorted(entry_points(group=ORACLES), key=lambda entry: entry.name):
        if "declarative" in entry.module:
            described.append(entry.name)
            continue
        module = f"{entry.module.rpartition('.')[0]}.options" if entry.module.endswith(".client") else entry.module
        yield from section(f"### Adapter {entry.name}", keys(module, "Options"))
    about = f"{', '.join(map(_code, described))}, and every [file of your own](../adapters/write-your-own.md)."
    more = "Each has keys beside these, `[options]` in its file."
    own = keys("bbprompt_adapters.declarative.options", "Common")
    yield from section("### Adapters that a file describes", own, about=f"{about} {more}")


def methods() -> Iterator[str]:
    """Keys of ``[fit]``, by method."""
    yield from section("### Method auto", keys("bbprompt.methods", "AutoSettings"))
    settings = keys("bbprompt.fit.gradient_settings", "GradientSettings")
    yield from section("### Method gradient", settings)
    yield from section("### Method ares", keys("bbprompt.fit.by_imitation", "ImitationSettings"))
    for name, kind in ESTIMATORS.items():
        yield from section(f"### Method {name}", of_class(kind), about=_first_line(kind))
    student = Key(
        "student", _code('"efficientnet-lite0"'), "an installed student, never one that is the oracle's own model."
    )
    for name, kind in GUIDED.items():
        yield from section(f"### Method {name}", [student, *of_class(kind)], about=_first_line(kind))
    for name, kind in FAMILIES.items():
        yield from section(f"### Methods {name}:NAME", of_class(kind), about=_first_line(kind))


def section(heading: str, table: list[Key], *, about: str = "") -> Iterator[str]:
    """A heading and its keys."""
    yield f"{heading}\n"
    if about:
        yield f"{about}\n"
    yield "| key | default | what |\n| --- | --- | --- |"
    yield "\n".join(f"| `{key.name}` | {key.default} | {_markdown(key.what)} |" for key in table) + "\n"


def names(what: str, table: Mapping[str, Callable[..., object]]) -> str:
    """A table of names, each with the first line that its code says of it."""
    rows = "\n".join(f"| `{name}` | {_first_line(value)} |" for name, value in table.items())
    return f"| {what} | |\n| --- | --- |\n{rows}\n"


def of_class(kind: Callable[..., object]) -> list[Key]:
    """Keyword-only options of an estimator."""
    return keys(kind.__module__, kind.__name__)


def keys(module: str, name: str, *, only: set[str] | None = None) -> list[Key]:
    """Fields of a struct, or keyword-only options of a class, with what its docstring says of each."""
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    node = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name)
    said = _described(ast.get_docstring(node) or "")
    wanted = {key: value for key, value in _fields(node) if key not in NOT_TYPED and key in (only or {key})}
    return [Key(key, _default(value, tree), said[key]) for key, value in wanted.items()]


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr | None]]:
    init = next((n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"), None)
    if init is not None:
        yield from ((a.arg, d) for a, d in zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True))
        return
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            yield statement.target.id, statement.value


def _default(value: ast.expr | None, module: ast.Module) -> str:
    if value is None:
        return REQUIRED
    if isinstance(value, ast.Name):
        return _default(_constant(value.id, module), module)
    found: Any = ast.literal_eval(value)
    return LEFT_OUT if found is None else _code(json.dumps(found))


def _constant(name: str, module: ast.Module) -> ast.expr:
    assigned = (node for node in module.body if isinstance(node, ast.Assign))
    return next(node.value for node in assigned if isinstance(t := node.targets[0], ast.Name) and t.id == name)


def _described(docstring: str) -> dict[str, str]:
    """From a docstring's Args or Attributes: the words for each name."""
    said: dict[str, str] = {}
    found = re.finditer(r"^    (?P<names>\w[\w, ]*): (?P<words>.*(?:\n     +.*)*)", docstring, re.MULTILINE)
    for entry in found:
        for name in entry["names"].split(", "):
            said[name] = " ".join(entry["words"].split())
    return said


def _common(key: Key) -> Key:
    return Key(key.name, _code(json.dumps(COMMON_FIT[key.name])), key.what)


def _preset() -> Key:
    return Key(
        "preset", LEFT_OUT, f"a published method, whose keys this file's own go before: {', '.join(PRESETS)}."
    )


def _first_line(value: object) -> str:
    return _markdown((value.__doc__ or "").partition("\n")[0])


def _code(text: str) -> str:
    return f"`{text}`"


def _markdown(text: str) -> str:
    parts = re.split(r"``(.*?)``", text.replace("|", r"\|"))
    return "".join(_code(part) if odd % 2 else part.replace("*", r"\*") for odd, part in enumerate(parts))


if __name__ == "__main__":
    main()
