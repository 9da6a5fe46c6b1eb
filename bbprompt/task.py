"""Everything that a run file names, opened: oracle, images, prompt, loss, label map."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np

from bbprompt.arrays import Float, Int, UInt8
from bbprompt.config import ANY, OracleConfig, PromptConfig, RunConfig
from bbprompt.data import Splits, load_source, split
from bbprompt.errors import ConfigError
from bbprompt.fit.frame import first_width
from bbprompt.labelmaps import LABEL_MAPS, CrossFit, check_label_map, cross_fit_label_map
from bbprompt.losses import Loss, choose_loss, suitable_loss
from bbprompt.names import look_up
from bbprompt.oracle import Oracle, OracleSpec, Scores
from bbprompt.parametrisations import make_parametrisation
from bbprompt.prompt import PixelPrompt
from bbprompt.registry import open_oracle
from bbprompt.templates import TEMPLATES, make_template
from bbprompt.templates.padding import Padding
from bbprompt.templates.resize import MID_GREY
from bbprompt.templates.resize import fit as resize
from bbprompt.texts import open_text_encoder
from bbprompt.wrappers import encoded

WHOLE = "full-image"
"""A template that nobody has asked for begins as this."""

DATA, MAP, FIT, SEARCH, TEACH, FRAME = range(6)
"""Streams of chance: each part of a run draws from its own, so that one does not move the others."""


@dataclass(frozen=True, slots=True)
class Task:
    """A frozen classifier, images of a new task, and the prompt that is to bring them together."""

    config: RunConfig
    oracle: Oracle
    splits: Splits
    prompt: PixelPrompt
    loss: Loss

    @property
    def spec(self) -> OracleSpec:
        """The oracle's."""
        return self.oracle.spec

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the task's classes."""
        return self.splits.train.classes

    def with_size(self, size: int) -> Task:
        """The same task with a prompt of this size, in pixels, which is not to be learned any more."""
        return self._asking(msgspec.structs.replace(self.config.prompt, size=size, learn_size=False))

    def shrunk(self, size: int) -> Task:
        """The same task with the image shrunk into a frame of ``size`` pixels, and a prompt over both."""
        return self._asking(msgspec.structs.replace(self.config.prompt, template=WHOLE, size=size, shrink=True))

    def _asking(self, prompt: PromptConfig) -> Task:
        config = msgspec.structs.replace(self.config, prompt=prompt)
        return replace(self, config=config, prompt=make_prompt(config, self.spec.input_size))

    def frame(self, level: int) -> Float:
        """The prompt that paints the frame around a shrunk image in one grey, 0 to 255: theta, pixel by pixel."""
        canvas, width = self.spec.input_size, self.config.prompt.size
        assert width is not None
        painted = Padding(canvas=canvas, blend="add", size=width).mask
        return np.where(np.repeat(painted.ravel(), 3), (level - MID_GREY) / 255, 0.0)

    @property
    def theta(self) -> Float:
        """Where training starts: no prompt."""
        return np.zeros(self.prompt.parametrisation.size)

    def rng(self, stream: int) -> np.random.Generator:
        """A fresh generator of one of the run's streams of chance."""
        return np.random.default_rng([self.config.seed, stream])

    def plain(self, images: UInt8) -> UInt8:
        """Images (n, H, W, 3) at the oracle's size, with no prompt at all."""
        return resize(images, self.spec.input_size)

    def fit_map(self, scores: Scores, targets: Int) -> CrossFit:
        """Fit the run's label map; chance, where a map needs it, is the same each time."""
        return cross_fit_label_map(self.config.labels.map, scores, targets, rng=self.rng(MAP), **self._labels())

    def check_map(self) -> None:
        """Refuse a label map that could not be fitted to the oracle's answers, before there are any.

        Raises:
            ConfigError: the answers say too little, there are too few labels, or names do not match.
        """
        check_label_map(self.config.labels.map, self.spec.answer, **self._labels())

    def _labels(self) -> dict[str, Any]:
        labels = self.config.labels
        text = None if labels.text is None else open_text_encoder(labels.text)
        told = {"pairs": labels.pairs, "text": text, "sources": labels.sources}
        return {"spec": self.spec, "classes": self.classes, **told}


def open_task(config: RunConfig, *, oracle: Oracle | None = None) -> Task:
    """Open what a run file names, but for an oracle that is given. Nothing is queried. A loss left open is settled.

    Raises:
        ConfigError: an unknown name or option, or parts that do not go together.
        DataError: images that cannot be used.
        OracleError: a server that is not there.
    """
    look_up("label map", config.labels.map, LABEL_MAPS)
    oracle = oracle or _oracle(config.oracle)
    splits = _splits(config, oracle.spec)
    if config.fit.loss == ANY:
        fit = msgspec.structs.replace(config.fit, loss=suitable_loss(oracle.spec.answer))
        config = msgspec.structs.replace(config, fit=fit)
    loss = choose_loss(config.fit.loss, oracle.spec.answer)
    return Task(config, oracle, splits, make_prompt(config, oracle.spec.input_size), loss)


def _oracle(config: OracleConfig) -> Oracle:
    oracle = open_oracle(config.adapter, config.options)
    return oracle if config.encoding is None else encoded(oracle, config.encoding)


def _splits(config: RunConfig, spec: OracleSpec) -> Splits:
    data = config.data
    rng = np.random.default_rng([config.seed if data.seed is None else data.seed, DATA])
    source = load_source(data.source, size=spec.input_size)
    return split(source, shots=data.shots, validation=data.validation, test=data.test, rng=rng)


def make_prompt(config: RunConfig, canvas: tuple[int, int]) -> PixelPrompt:
    """The prompt that a run file asks for, for images of ``canvas`` = (height, width).

    Raises:
        ConfigError: an unknown name or option, or a size that does not fit.
    """
    asked = config.prompt
    template = make_template(
        look_up("template", asked.template, {ANY: WHOLE, **{name: name for name in TEMPLATES}}),
        canvas=canvas,
        blend=asked.blend,
        size=_first_size(asked, canvas) if asked.learn_size else asked.size,
        shrink=asked.shrink,
        position=asked.position,
        seed=config.seed if asked.template == "random-patch" else None,
    )
    parametrisation = make_parametrisation(
        asked.parametrisation, mask=template.mask, cells=asked.cells, bound_levels=asked.bound_levels
    )
    return PixelPrompt(template, parametrisation)


def _first_size(asked: PromptConfig, canvas: tuple[int, int]) -> int:
    """The width that a frame has before it is learned."""
    if (asked.template, asked.blend, asked.shrink) != ("padding", "over", True):
        raise ConfigError(
            "[prompt] learn_size is for the width of a frame around a shrunk image: it needs template = 'padding', "
            f"blend = 'over' and shrink = true, got {asked.template!r}, {asked.blend!r} and "
            f"{str(asked.shrink).lower()}; change them, or give the size in pixels"
        )
    return first_width(canvas) if asked.size is None else asked.size
