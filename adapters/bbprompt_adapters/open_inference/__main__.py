"""``python -m bbprompt_adapters.open_inference ADAPTER``: serve an oracle as a child process.

Prints one line of JSON, ``{"url": ...}``, and ends when its standard input does, however its parent ended.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading

from bbprompt.errors import BbpromptError
from bbprompt.registry import open_oracle
from bbprompt_adapters.open_inference.server import serve


def main() -> int:
    """Serve until standard input ends; return the exit status."""
    parser = argparse.ArgumentParser(prog="bbprompt_adapters.open_inference", description=__doc__)
    parser.add_argument("adapter")
    parser.add_argument("--options", default="{}", help="the adapter's options, as JSON")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    chosen = parser.parse_args()
    try:
        oracle = open_oracle(chosen.adapter, json.loads(chosen.options))
        threading.Thread(target=_end_with_parent, daemon=True).start()
        serve(oracle, host=chosen.host, port=chosen.port, on_ready=_announce)
    except BbpromptError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    return 0


def _announce(url: str) -> None:
    print(json.dumps({"url": url}), flush=True)


def _end_with_parent() -> None:
    # Unbuffered: a thread that holds the buffered reader's lock would break the interpreter's shutdown.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
