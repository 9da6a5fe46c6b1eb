"""The run file: its tables and keys, read from TOML, unknown ones refused with the nearest known."""

from __future__ import annotations

import tomllib
from math import inf
from pathlib import Path
from typing import Any, Literal

import msgspec
import tomli_w

from bbprompt.config_struct import convert
from bbprompt.encoding import TEXT
from bbprompt.errors import ConfigError
from bbprompt.names import unknown
from bbprompt.presets import with_preset

ANY = "auto"
"""A template or loss that is left open, for the method or the oracle's answers to settle."""


class DataConfig(msgspec.Struct, frozen=True, kw_only=True):
    """``[data]``: where images come from and how they are split.

    Attributes:
        source: "digits", "folder:DIR", "npz:FILE", "parquet:PATH", "hf:ID", or "NAME:DIR" of a named data set.
        shots: training images per class; all that validation and test leave, if left out.
        validation: images for selection; when that is over, a linear map learns from their answers, too.
        test: images scored once, at the end.
        seed: of the split; the run's own, if left out. Runs with one of these and seeds of their own learn from the
            same images, and their prompts make an ensemble.
    """

    source: str
    shots: int | None = None
    validation: int = 100
    test: int = 300
    seed: int | None = None


class PromptConfig(msgspec.Struct, frozen=True, kw_only=True):
    """``[prompt]``: template, blend and parametrisation.

    Attributes:
        template: a key of ``TEMPLATES``: where the prompt may put pixels. "auto" is "full-image", and lets the method
            "auto" find out how large the image is best shown.
        size: width of a frame or side of a patch, in pixels.
        blend: "add" changes the image's pixels, "over" replaces them.
        shrink: of "padding" and "full-image": the image is resized into the frame instead of lying under it.
        position: of a patch: [row, column] of its top left pixel, or a word such as "bottom-right".
        parametrisation: a key of ``PARAMETRISATIONS``: how theta becomes those pixels.
        cells: of "dct" and "coarse-grid": frequencies, or cells, along each side; 6 if left out.
        bound_levels: of "bounded": the most that a pixel may change, in grey levels.
        learn_size: learn the width of a frame around a shrunk image by gradients, from ``size`` if that is given:
            AutoVP's image scale.
    """

    template: str = ANY
    size: int | None = None
    learn_size: bool = False
    blend: Literal["add", "over"] = "add"
    shrink: bool = False
    position: tuple[int, int] | str | None = None
    parametrisation: str = "identity"
    cells: int | None = None
    bound_levels: float | None = None


class BudgetConfig(msgspec.Struct, frozen=True, kw_only=True):
    """``[budget]``: the most that a run may spend, all phases together.

    Attributes:
        queries: images scored.
        usd: US dollars.
        spare: queries that the plan leaves for retries, and for what a kill leaves in flight; see ``plan.py``.
    """

    queries: int | None = None
    usd: float | None = None
    spare: int | None = None


class LabelsConfig(msgspec.Struct, frozen=True, kw_only=True):
    """``[labels]``: the label map, and what single maps need.

    Attributes:
        map: a key of ``LABEL_MAPS``.
        pairs: for "given": class and oracle label.
        text: for "semantic" and "swapped": "npz:FILE", or an installed text encoder; see ``texts.py``.
        sources: for "mean": oracle labels per class.
    """

    map: str = "linear"
    pairs: dict[str, str | int] | None = None
    text: str | None = None
    sources: int | None = None


class OracleConfig(msgspec.Struct, frozen=True, kw_only=True):
    """``[oracle]``: an installed adapter, and the keys that it knows.

    Attributes:
        adapter: one that ``bbprompt adapters`` lists, or the path of a file that describes one, as in "my-api.toml".
        options: the adapter's own keys.
        encoding: "jpeg:85" lets it see what that JPEG leaves of an image, as an API that takes only JPEG would.
    """

    adapter: str
    options: dict[str, Any]
    encoding: str | None = None


class FitConfig(msgspec.Struct, frozen=True, kw_only=True):
    """``[fit]``: a method and the keys that it knows; loss and looks are common to all.

    Attributes:
        method: "auto", "gradient", "ares", or an estimator.
        loss: a key of ``LOSSES``; "auto" is "cross-entropy", or "zero-one" where answers are labels alone.
        looks: looks at validation, evenly spaced; one more is taken before the first step.
        options: the method's own keys.
    """

    method: str
    loss: str
    looks: int
    options: dict[str, Any]


COMMON_FIT: dict[str, Any] = {"method": "auto", "loss": ANY, "looks": 4}
"""Keys of ``[fit]`` that all methods know, and what they are if left out."""


class RunConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One run.

    Attributes:
        seed: of all chance: same seed, same prompt, bit for bit. ``--seed`` goes before it.
    """

    oracle: OracleConfig
    data: DataConfig
    seed: int = 0
    prompt: PromptConfig = PromptConfig()
    labels: LabelsConfig = LabelsConfig()
    fit: FitConfig = FitConfig(**COMMON_FIT, options={})
    budget: BudgetConfig = BudgetConfig()


def parse_config(document: dict[str, Any]) -> RunConfig:
    """Check a run file's content, with its preset, if it names one, filled in.

    Raises:
        ConfigError: an unknown key (with the nearest known one), a missing one, or a value that cannot be used.
    """
    document = with_preset(document)
    known = [field.name for field in msgspec.structs.fields(RunConfig)]
    for name in document:
        if name not in known:
            raise unknown("table or key in the run file:", name, known)
    for name in ("oracle", "data"):
        if name not in document:
            raise ConfigError(f"the run file lacks the table [{name}]; see the README for a whole one")
    config = RunConfig(
        oracle=_oracle(document["oracle"]),
        data=convert(document["data"], DataConfig, where="[data]"),
        seed=_seed(document.get("seed", 0)),
        prompt=convert(document.get("prompt", {}), PromptConfig, where="[prompt]"),
        labels=convert(document.get("labels", {}), LabelsConfig, where="[labels]"),
        fit=_fit(document.get("fit", {})),
        budget=convert(document.get("budget", {}), BudgetConfig, where="[budget]"),
    )
    _check_positive("[budget] queries", config.budget.queries)
    _check_positive("[budget] usd", config.budget.usd)
    _check_positive("[fit] looks", config.fit.looks)
    if config.data.seed is not None:
        _seed(config.data.seed, "[data] seed")
    if config.budget.spare is not None and config.budget.spare < 0:
        raise ConfigError(f"[budget] spare must be 0 or more, got {config.budget.spare}")
    return config


def _oracle(table: dict[str, Any]) -> OracleConfig:
    options = {key: value for key, value in table.items() if key not in ("adapter", "encoding")}
    head = {key: table[key] for key in table.keys() - options.keys()}
    return convert({**head, "options": options}, OracleConfig, where="[oracle]")


def _fit(table: dict[str, Any]) -> FitConfig:
    options = {key: value for key, value in table.items() if key not in COMMON_FIT}
    head = {key: table.get(key, default) for key, default in COMMON_FIT.items()}
    return convert({**head, "options": options}, FitConfig, where="[fit]")


def _seed(value: object, key: str = "seed") -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ConfigError(f"{key} must be a whole number from 0, got {value!r}")


def _check_positive(key: str, value: float | None) -> None:
    if value is not None and not 0 < value < inf:
        raise ConfigError(f"{key} must be more than 0 and finite, got {value}; leave it out for no limit")


def load_config(path: Path | str, *, seed: int | None = None) -> RunConfig:
    """Read a run file; ``seed`` stands for the one in it.

    Raises:
        ConfigError: it is missing, is no TOML, or does not fit.
    """
    path = Path(path)
    try:
        document = tomllib.loads(path.read_text(TEXT))
        return parse_config(document if seed is None else {**document, "seed": seed})
    except FileNotFoundError as error:
        raise ConfigError(f"no run file at {path}; write one (see the README) or correct the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error


def dump_config(config: RunConfig) -> str:
    """Write a run file that ``load_config`` reads as an equal ``config``."""
    document = msgspec.to_builtins(config)
    for table in ("oracle", "fit"):
        document[table] |= document[table].pop("options")
    return tomli_w.dumps(_without_none(document))


def _without_none(table: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in table.items() if value is not None}
    return {key: _without_none(value) if isinstance(value, dict) else value for key, value in kept.items()}
