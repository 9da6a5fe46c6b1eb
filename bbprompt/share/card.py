"""A prompt card: Markdown with the header that the Hugging Face hub reads, the PNG, and the same as safetensors.

The folder is meant for strangers: what ``bbprompt.public`` holds back is in none of its files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from bbprompt.arrays import Float
from bbprompt.checkpoint import load_state
from bbprompt.config import RunConfig, load_config
from bbprompt.errors import BbpromptError, ConfigError
from bbprompt.overlay import Overlay, decode_overlay, write_overlay
from bbprompt.overlay_chunk import hole, label_map_name
from bbprompt.public import OWN_IMAGES, public_overlay, public_settings, public_source
from bbprompt.records import CHECKPOINT, RUN_FILE, RunRecord, load_run
from bbprompt.registry import needs_extra
from bbprompt.report.pictures import stretched
from bbprompt.share.tensors import tensors_of, write_tensors
from bbprompt.table import CAPTION, results_markdown
from bbprompt.task import make_prompt

CARD, PNG, TENSORS, PREVIEW = "README.md", "prompt.png", "prompt.safetensors", "preview.png"
FILES = (CARD, PNG, TENSORS, PREVIEW)
TAGS = ("bbprompt", "visual-prompting", "model-reprogramming", "black-box")
MANY = 40
"""Classes that a sentence holds; all of them are in the PNG."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What only the author can say; what is left out is taken from the run, less what is not for strangers.

    Attributes:
        title: the card's heading.
        oracle: what to call the classifier.
        dataset: what to call the images.
        license: of the prompt, as the hub spells it ("mit", "cc-by-4.0").
        repository: "OWNER/NAME" on the hub, where it is known.
    """

    title: str | None = None
    oracle: str | None = None
    dataset: str | None = None
    license: str | None = None
    repository: str | None = None


def write_card(run_dir: Path, out: Path, *, said: Said | None = None) -> Path:
    """Write the card of a finished run into the folder ``out``; return its Markdown file.

    Raises:
        ConfigError: the extra ``hub`` is not installed, or the folder cannot be written into.
        DataError: ``run_dir`` is not a finished run.
        OverlayError: its PNG is damaged.
    """
    said = said or Said()
    run, config = load_run(run_dir), load_config(run_dir / RUN_FILE)
    overlay = public_overlay(decode_overlay(run.overlay_png), oracle=said.oracle)
    theta = _theta(run_dir, config, overlay)
    text = _header(run, config, said) + "\n" + _body(run, config, overlay, said, theta)
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_overlay(out / PNG, overlay)
        write_tensors(out / TENSORS, overlay, theta)
        (out / PREVIEW).write_bytes(stretched(run.overlay_png))
        (out / CARD).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot write into {out}: {error.strerror}; name another --out") from error
    return out / CARD


def _theta(run_dir: Path, config: RunConfig, overlay: Overlay) -> Float | None:
    """What the PNG was rendered from, where the run's checkpoint still has just that."""
    try:
        theta: Float = load_state(run_dir / CHECKPOINT)["selection"]["best"]["theta"]
        rendered = make_prompt(config, overlay.template.canvas).levels(theta)
    except (BbpromptError, OSError, KeyError):
        return None
    return theta if (rendered == overlay.levels).all() else None


def _header(run: RunRecord, config: RunConfig, said: Said) -> str:
    with needs_extra("hub"):
        from huggingface_hub import EvalResult, ModelCardData

    source = public_source(config.data.source)
    name = said.dataset or source or OWN_IMAGES
    measured = {"accuracy with the prompt": run.result.prompt, "accuracy without a prompt": run.result.no_prompt}
    results = [
        EvalResult(
            task_type="image-classification",
            dataset_type=source or "private",
            dataset_name=name,
            metric_type="accuracy",
            metric_name=metric,
            metric_value=found.accuracy,
            metric_args={"n": found.n, "wilson_95": [found.low, found.high]},
        )
        for metric, found in measured.items()
    ]
    data = ModelCardData(
        library_name="bbprompt",
        pipeline_tag="image-classification",
        tags=list(TAGS),
        license=said.license,
        model_name=_title(run, said),
        eval_results=results,
    )
    return f"---\n{data}\n---\n"


def _body(run: RunRecord, config: RunConfig, overlay: Overlay, said: Said, theta: Float | None) -> str:
    settings = public_settings(config) | ({"data.source": said.dataset} if said.dataset else {})
    tensors = tensors_of(overlay) | ({} if theta is None else {"theta": theta})
    classes = overlay.meta.classes
    rest = f" and {len(classes) - MANY} more" if len(classes) > MANY else ""
    text: str = _template().render(
        title=_title(run, said),
        oracle=overlay.meta.oracle,
        classes=classes,
        said_classes=", ".join(classes[:MANY]) + rest,
        result=run.result,
        figures=results_markdown([msgspec.structs.replace(run, name="with the prompt")]),
        caption=CAPTION,
        canvas=overlay.template.canvas,
        hole=hole(overlay.template),
        blend=overlay.template.blend,
        label_map=label_map_name(overlay.meta),
        repository=said.repository,
        tensors={name: f"{t.dtype} {'x'.join(map(str, t.shape))}" for name, t in tensors.items()},
        settings=settings,
        files={"png": PNG, "tensors": TENSORS, "preview": PREVIEW},
    )
    return text


def _title(run: RunRecord, said: Said) -> str:
    repository = said.repository.rpartition("/")[2] if said.repository else None
    return said.title or repository or f"A pixel prompt for {len(run.result.classes)} classes"


def _template() -> Any:
    environment = Environment(
        loader=PackageLoader("bbprompt.share", package_path=""),
        autoescape=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["md"] = _markdown
    return environment.get_template("card.md.j2")


def _markdown(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return re.sub(r"([\\`*_{}\[\]()#+!|<>~&$])", r"\\\1", " ".join(text.split()))
