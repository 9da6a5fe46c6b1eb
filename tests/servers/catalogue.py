"""The servers: how each is started, when it is ready. Its folder holds the rest.

``requirements.txt`` is its environment, ``oracle.toml`` the run file's ``[oracle]``; the code is as the server's own
documents show it.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
ENVIRONMENTS = Path(os.environ.get("BBPROMPT_SERVERS", HERE.parents[1] / ".venv-servers")).absolute()

RAN = "server"
"""Property of a test's report: the server, with its version, that it was about."""

AWS_ACTIONS = 3
"""moto's gate is open for so many: a user, what he may do, his key. Then it wants signatures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One server.

    Attributes:
        name: of its folder here and of its environment.
        package: on PyPI.
        arguments: what its environment's command is started with; paths are below its folder.
        ready: path that answers 200 once it is ready.
        says: what that answer then holds.
        env: further variables; ``{port}``, ``{port_2}`` and ``{port_3}`` are free ports.
        ready_within_s: seconds until it is given up.
    """

    name: str
    package: str
    arguments: tuple[str, ...]
    ready: str
    says: str = ""
    env: dict[str, str] = field(default_factory=dict)
    ready_within_s: float = 120.0

    @property
    def folder(self) -> Path:
        """Where its code is."""
        return HERE / self.name

    @property
    def environment(self) -> Path:
        """Where it is installed."""
        return ENVIRONMENTS / self.name

    @property
    def is_installed(self) -> bool:
        """Whether its environment was made, to the end."""
        return (self.environment / ".ready").exists()

    @property
    def command(self) -> tuple[str, ...]:
        """What starts it."""
        program, *rest = self.arguments
        return (str(self.environment / "bin" / program), *(part.format(here=self.folder) for part in rest))

    def version(self) -> str:
        """Return the version of its package."""
        ask = f"from importlib.metadata import version; print(version({self.package!r}))"
        done = subprocess.run(
            [self.environment / "bin" / "python", "-c", ask], check=True, capture_output=True, text=True
        )
        return done.stdout.strip()


SERVERS = {
    server.name: server
    for server in (
        Server(
            name="cog",
            package="cog",
            arguments=("python", "-m", "cog.server.http", "--host", "127.0.0.1"),
            ready="/health-check",
            says='"READY"',
            env={"COG_PREDICT_TYPE_STUB": str(HERE / "cog" / "predict.py") + ":Predictor"},
        ),
        Server(name="gradio", package="gradio", arguments=("python", "{here}/app.py"), ready="/config"),
        Server(
            name="kserve",
            package="kserve",
            arguments=("python", "{here}/serve.py"),
            ready="/v2/models/digits/ready",
        ),
        Server(name="litserve", package="litserve", arguments=("python", "{here}/serve.py"), ready="/health"),
        Server(
            name="mlserver",
            package="mlserver",
            arguments=("mlserver", "start", "{here}"),
            ready="/v2/models/digits/ready",
            env={
                "MLSERVER_HOST": "127.0.0.1",
                "MLSERVER_HTTP_PORT": "{port}",
                "MLSERVER_GRPC_PORT": "{port_2}",
                "MLSERVER_METRICS_PORT": "{port_3}",
                "MLSERVER_PARALLEL_WORKERS": "0",
            },
        ),
        Server(
            name="moto",
            package="moto",
            arguments=("python", "{here}/serve.py"),
            ready="/moto-api/data.json",
            env={"INITIAL_NO_AUTH_ACTION_COUNT": str(AWS_ACTIONS)},
        ),
        Server(
            name="pytriton",
            package="nvidia-pytriton",
            arguments=("python", "{here}/serve.py"),
            ready="/v2/models/digits/ready",
        ),
        Server(
            name="torchserve",
            package="torchserve",
            arguments=("python", "{here}/serve.py"),
            ready="/ping",
            says='"Healthy"',
        ),
    )
}
