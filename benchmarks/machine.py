"""What a figure was measured on: hardware and versions, nothing that tells one such machine from another."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from bbprompt.processors import processors

PACKAGES = ("numpy", "scipy", "torch", "scikit-learn", "pillow")


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """The machine's description.

    Attributes:
        cpu: the processor's model.
        cores: processors that this process may use.
        system: operating system and architecture.
        python: version.
        packages: versions of those that figures depend on.
    """

    cpu: str
    cores: int
    system: str
    python: str
    packages: dict[str, str]


def describe() -> Machine:
    """Describe this machine."""
    return Machine(
        cpu=_cpu(),
        cores=processors(),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        packages=dict(filter(None, map(_installed, PACKAGES))),
    )


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _installed(name: str) -> tuple[str, str] | None:
    try:
        return name, version(name)
    except PackageNotFoundError:
        return None
