"""Find oracles and servers by name. Any installed package may add one: one entry point, one factory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Protocol

from bbprompt.errors import ConfigError, MissingExtra
from bbprompt.names import look_up
from bbprompt.oracle import Oracle

if TYPE_CHECKING:
    from bbprompt.proxy.dialect import Dialect
    from bbprompt.tracking import TrackedRun

ORACLES = "bbprompt.oracles"
"""Entry points of ``open_oracle(options: Mapping[str, object]) -> Oracle``."""

ADAPTER_FILES = "bbprompt.adapter_files"
"""Entry points of ``open_file(path: str, options: Mapping[str, object]) -> Oracle``, named by the file's ending."""

STUDENTS = "bbprompt.students"
"""Entry points of ``open_student(labels: int, *, input_size: tuple[int, int], options: Mapping) -> Student``."""

DIALECTS = "bbprompt.dialects"
"""Entry points of ``open_dialect(options: Mapping[str, object]) -> Dialect``; see ``bbprompt.proxy.dialect``."""

SINKS = "bbprompt.sinks"
"""Entry points of ``log(run: TrackedRun, options: Mapping[str, object]) -> str``; see ``bbprompt.tracking``."""

DIALECT_FILES = "bbprompt.dialect_files"
"""Entry points of ``open_file(path: str, options: Mapping[str, object]) -> Dialect``, named by the file's ending."""

TEXT_ENCODERS = "bbprompt.text_encoders"
"""Entry points of ``encode(texts: Sequence[str]) -> Float``, shape (n, e)."""

SERVERS = "bbprompt.servers"
"""Entry points of ``serve(oracle, *, host: str, port: int, on_ready: Callable[[str], object]) -> None``."""

SERVER_PROCESSES = "bbprompt.server_processes"
"""Entry points of a context manager, called as ``(adapter, options)``: a server in a process of its own."""


class ServerProcess(Protocol):
    """A running server."""

    url: str


def adapter_names() -> tuple[str, ...]:
    """Return the names that ``open_oracle`` knows, sorted."""
    return tuple(sorted(_table(ORACLES)))


def open_oracle(adapter: str, options: Mapping[str, object]) -> Oracle:
    """Open the oracle of an installed adapter, or of a file that describes one.

    Args:
        adapter: one of ``adapter_names()``, or the path of a file, as in "my-api.toml".
        options: the adapter's own keys, as in a run file's ``[oracle]`` without ``adapter``.

    Raises:
        ConfigError: an unknown adapter, an option it refuses, or a package it needs that is not installed.
        OracleError: a service that does not answer.
    """
    ending = _ending(adapter)
    if ending in _table(ADAPTER_FILES):
        oracle: Oracle = _load("kind of adapter file", ending, ADAPTER_FILES)(adapter, options)
    else:
        oracle = _load("adapter", adapter, ORACLES)(options)
    return oracle


def open_student(
    name: str, *, labels: int, input_size: tuple[int, int], options: Mapping[str, object] | None = None
) -> Any:
    """Open an installed student for an oracle of ``labels`` labels and images of ``input_size`` = (height, width).

    Args:
        name: of the student.
        labels: of the oracle.
        input_size: of the oracle's images.
        options: the student's own keys.

    Raises:
        MissingExtra: a package that it needs is not installed.
        ConfigError: an unknown student, or an option that it refuses.
    """
    return _load("student", name, STUDENTS)(labels, input_size=input_size, options=options or {})


def open_dialect(name: str, options: Mapping[str, object]) -> Dialect:
    """Return what a proxy must know of an API.

    Args:
        name: of an installed dialect, or the path of a file that describes an API, as in "my-api.toml".
        options: the dialect's own keys.

    Raises:
        ConfigError: an unknown name, or an option that it refuses.
    """
    ending = _ending(name)
    if ending in _table(DIALECT_FILES):
        dialect: Dialect = _load("kind of adapter file", ending, DIALECT_FILES)(name, options)
    else:
        dialect = _load("adapter of the proxy", name, DIALECTS)(options)
    return dialect


def find_sink(name: str) -> Callable[[TrackedRun, Mapping[str, object]], str]:
    """Return what sends a run to an experiment tracker.

    Raises:
        ConfigError: an unknown tracker.
    """
    log: Callable[[TrackedRun, Mapping[str, object]], str] = _load("tracker", name, SINKS)
    return log


def find_text_encoder(name: str) -> Callable[..., Any]:
    """Return an installed text encoder.

    Raises:
        ConfigError: an unknown encoder, or a package it needs that is not installed.
    """
    encode: Callable[..., Any] = _load("text encoder", name, TEXT_ENCODERS)
    return encode


def find_server(name: str) -> Callable[..., None]:
    """Return the ``serve`` function of an installed server.

    Raises:
        ConfigError: an unknown server, or a package it needs that is not installed.
    """
    serve: Callable[..., None] = _load("server", name, SERVERS)
    return serve


def start_server(name: str, adapter: str, options: Mapping[str, object]) -> AbstractContextManager[ServerProcess]:
    """Return a context manager that serves an adapter's oracle from a process of its own while its block runs.

    Raises:
        ConfigError: an unknown server, or a package it needs that is not installed.
    """
    process: AbstractContextManager[ServerProcess] = _load("server", name, SERVER_PROCESSES)(adapter, options)
    return process


@contextmanager
def needs_extra(extra: str, *, distribution: str = "bbprompt") -> Iterator[None]:
    """Wrap an adapter's optional imports: a missing package becomes a line that names the extra to install.

    Raises:
        ConfigError: something imported inside is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"the package {error.name!r} is not installed; install it with: pip install '{distribution}[{extra}]'"
        ) from error


def _ending(name: str) -> str:
    return name.rpartition(".")[2] if "." in name else ""


def _table(group: str) -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=group)}


def _load(what: str, name: str, group: str) -> Any:
    entry = look_up(what, name, _table(group))
    try:
        return entry.load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"{what} {name!r} cannot be loaded from {entry.value}: {error}") from error
