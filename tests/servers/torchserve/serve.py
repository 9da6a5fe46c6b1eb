"""Put the handler and the weights into an archive and start TorchServe with it."""

import os
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
NETWORK = os.environ["NETWORK"]

archive = ["torch-model-archiver", "--model-name", "digits", "--version", "1.0", "--export-path", "."]
files = f"{NETWORK},{HERE.parent / 'model' / 'network.py'}"
subprocess.run([*archive, "--handler", str(HERE / "handler.py"), "--extra-files", files, "--force"], check=True)

addresses = ("inference", "PORT"), ("management", "PORT_2"), ("metrics", "PORT_3")
lines = [f"{name}_address=http://127.0.0.1:{os.environ[port]}" for name, port in addresses]
Path("config.properties").write_text("\n".join([*lines, "default_workers_per_model=1"]))
serve = ["torchserve", "--start", "--foreground", "--disable-token-auth", "--model-store", "."]
os.execvp("torchserve", [*serve, "--models", "digits=digits.mar", "--ts-config", "config.properties"])
