"""What a tracker has stored, read back by the tracker's own code: the same four things for each."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

Curve = list[tuple[int, float]]


@dataclass
class Stored:
    curves: dict[str, Curve] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    picture: np.ndarray | None = None
    png: bytes | None = None

    def add(self, step: int, values: dict[str, Any]) -> None:
        for name, value in values.items():
            if isinstance(value, int | float):
                self.curves.setdefault(name, []).append((step, float(value)))


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(png)).convert("RGB"))


def read_tensorboard(store: Path) -> Stored:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(store)).Reload()
    stored = Stored()
    for name in events.Tags()["scalars"]:
        stored.curves[name] = [(event.step, event.value) for event in events.Scalars(name)]
    for picture in events.Tags()["images"]:
        stored.picture = pixels(events.Images(picture)[0].encoded_image_string)
    (text,) = events.Tensors("settings/text_summary")
    lines = text.tensor_proto.string_val[0].decode().splitlines()[2:]
    stored.settings = dict(line.strip("| ").split(" | ") for line in lines)
    return stored


def read_mlflow(store: Path) -> Stored:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri(store))
    (experiment,) = client.search_experiments(filter_string="name = 'prompts'")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.status == "FINISHED"
    stored = Stored(settings=run.data.params)
    for name in run.data.metrics:
        stored.curves[name] = [(at.step, at.value) for at in client.get_metric_history(run.info.run_id, name)]
    stored.png = Path(client.download_artifacts(run.info.run_id, "prompt.png")).read_bytes()
    return stored


def uri(store: Path) -> str:
    return f"sqlite:///{store / 'mlflow.db'}"


def read_wandb(store: Path) -> Stored:
    """Its offline file is a LevelDB log of its protobufs: blocks of 32 KiB, records of checksum, length and kind."""
    import wandb
    from wandb.proto import wandb_internal_pb2

    wandb.teardown()  # until then its service may still be writing
    (path,) = store.glob("wandb/offline-run-*/*.wandb")
    stored = Stored()
    for content in records(path.read_bytes()):
        record = wandb_internal_pb2.Record()
        record.ParseFromString(content)
        if record.HasField("run"):
            updates = {item.key: json.loads(item.value_json) for item in record.run.config.update}
            stored.settings |= {key: str(value) for key, value in updates.items() if key != "_wandb"}
        elif record.HasField("history"):
            items = {item.key or item.nested_key[0]: json.loads(item.value_json) for item in record.history.item}
            stored.add(items.pop("_step"), {k: v for k, v in items.items() if not k.startswith("_")})
    (picture,) = store.glob("wandb/offline-run-*/files/media/images/*.png")
    stored.picture = pixels(picture.read_bytes())
    return stored


def records(data: bytes) -> Iterator[bytes]:
    block, header = 2**15, 7
    at, parts = header, b""  # a header of the file's own comes first
    while at + header <= len(data):
        if block - at % block < header:
            at += block - at % block
            continue
        _, length, kind = struct.unpack_from("<IHB", data, at)
        parts += data[at + header : at + header + length]
        at += header + length
        if kind in (1, 4):  # whole, or the last part
            yield parts
            parts = b""


def read_trackio(store: Path) -> Stored:
    import trackio
    from trackio.sqlite_storage import SQLiteStorage

    (run,) = trackio.Api().runs("prompts")
    stored = Stored(settings={key: str(value) for key, value in run.config.items() if not key.startswith("_")})
    for row in SQLiteStorage.get_logs("prompts", run.name):
        stored.add(row.pop("step"), row)
        if "prompt" in row:
            stored.picture = pixels((store / "media" / row["prompt"]["file_path"]).read_bytes())
    return stored
