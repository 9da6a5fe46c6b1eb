"""Run an ASGI application on a socket of our own, whose address is told as soon as it takes connections."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, Literal

from bbprompt.errors import ConfigError
from bbprompt.registry import needs_extra

with needs_extra("serve"):
    import uvicorn

KEEP_ALIVE_S = 75


def serve_app(
    app: Any, *, host: str, port: int, on_ready: Callable[[str], object], lifespan: Literal["on", "off"]
) -> None:
    """Serve until the process is asked to end.

    Args:
        app: an ASGI application.
        host: address to listen on.
        port: 0 takes a free one.
        on_ready: called once with the server's URL, as soon as it takes connections.
        lifespan: whether the application wants to be told of start and end.

    Raises:
        ConfigError: the address cannot be had.
    """
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_keep_alive=KEEP_ALIVE_S, lifespan=lifespan
    )
    with _listen(host, port) as listener:
        on_ready(f"http://{host}:{listener.getsockname()[1]}")
        uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    try:
        listener = socket.create_server((host, port))
    except OSError as error:
        raise ConfigError(f"cannot listen on {host}:{port}; choose another port, or 0 ({error})") from error
    # asyncio does this for its own sockets only; without, an answer's second write waits 40 ms for the first's ACK
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
