"""Losses: from class scores and targets to one number per image. numpy or torch, through the array API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from array_api_compat import array_namespace, device

from bbprompt.arrays import Array
from bbprompt.errors import ConfigError
from bbprompt.names import look_up
from bbprompt.oracle import Answer

GRADED = frozenset(Answer) - {Answer.LABEL}
"""Answers that say how sure the oracle is."""

JITTER_LEVELS = 8
"""Of the agreement: noise that classifiers mostly see through."""


@dataclass(frozen=True, slots=True)
class Loss:
    """One loss.

    Attributes:
        name: its key in ``LOSSES``.
        function: (n, c) class scores and (n,) targets in 0..c-1 to (n,) losses, smaller is better.
        accepts: the kinds of answer that it can read.
        differentiable: whether its gradient says anything.
        jitter_levels: the most that training images are perturbed by, in grey levels, before they are scored. The
            mean loss is then a smooth function of the prompt, also where an answer is a label and nothing else.
    """

    name: str
    function: Callable[[Array, Array], Array]
    accepts: frozenset[Answer]
    differentiable: bool = True
    jitter_levels: int = 0

    def __call__(self, class_scores: Array, targets: Array) -> Array:
        """(n, c) class scores and (n,) targets to (n,) losses; softmax of the scores is the prediction."""
        return self.function(class_scores, targets)

    @property
    def with_slope(self) -> Loss:
        """Itself; where its gradient says nothing, the cross-entropy, which wants the same."""
        return self if self.differentiable else LOSSES["cross-entropy"]

    def check(self, answer: Answer) -> None:
        """Refuse a kind of answer that says too little.

        Raises:
            ConfigError: ``answer`` is not accepted; the message names the losses that accept it.
        """
        if answer not in self.accepts:
            fitting = sorted(name for name, loss in LOSSES.items() if answer in loss.accepts)
            raise ConfigError(
                f"loss {self.name!r} needs {', '.join(sorted(self.accepts))}, got answers of kind {answer}; "
                f"use {' or '.join(map(repr, fitting))}"
            )


def cross_entropy(class_scores: Array, targets: Array) -> Array:
    """-log p_y, in nats, with p = softmax(class_scores)."""
    return -_log_likelihood(class_scores, targets)


def focal(class_scores: Array, targets: Array) -> Array:
    """-(1 - p_y)^2 log p_y, in nats: Lin et al. 2017, eq. 4, with gamma = 2 as in BAR (Tsai et al. 2020).

    Images that are right already count little, so the prompt works on the others.
    """
    log_p = _log_likelihood(class_scores, targets)
    xp = array_namespace(log_p)
    return -(xp.expm1(log_p) ** 2) * log_p


def carlini_wagner(class_scores: Array, targets: Array) -> Array:
    """max(0, max_{j != y} s_j - s_y): Carlini & Wagner 2017, f_6, towards the right class, with confidence 0."""
    return _hinge(class_scores, targets, at=0)


def margin(class_scores: Array, targets: Array) -> Array:
    """max(0, 1 + max_{j != y} s_j - s_y): Crammer & Singer 2001, eq. 3. Zero once right by one nat."""
    return _hinge(class_scores, targets, at=1)


def agreement(class_scores: Array, targets: Array) -> Array:
    """1 - p_y: the share of answers that is not the target's.

    Of labels alone it is the zero-one loss, here over perturbed images: its mean is one minus the share of
    perturbations under which an image is right, as in the label-only setting of Ilyas et al. 2018 (arXiv 1804.08598,
    section 2.3). They average perturbations of one image; over many images, one each tells more for as many queries.
    """
    log_p = _log_likelihood(class_scores, targets)
    return -array_namespace(log_p).expm1(log_p)


def zero_one(class_scores: Array, targets: Array) -> Array:
    """1 where the largest class score is not the target's (the first of equals counts, none where all are), else 0."""
    xp = array_namespace(class_scores)
    targets = xp.asarray(targets, device=device(class_scores))
    undecided = xp.max(class_scores, axis=1) == xp.min(class_scores, axis=1)
    return xp.astype((xp.argmax(class_scores, axis=1) != targets) | undecided, class_scores.dtype)


LOSSES: dict[str, Loss] = {
    "agreement": Loss("agreement", agreement, frozenset(Answer), jitter_levels=JITTER_LEVELS),
    "cross-entropy": Loss("cross-entropy", cross_entropy, GRADED),
    "cw": Loss("cw", carlini_wagner, GRADED),
    "focal": Loss("focal", focal, GRADED),
    "margin": Loss("margin", margin, GRADED),
    "zero-one": Loss("zero-one", zero_one, frozenset(Answer), differentiable=False),
}


def suitable_loss(answer: Answer) -> str:
    """The name of the loss to take where none is named."""
    return "cross-entropy" if answer in GRADED else "zero-one"


def choose_loss(name: str, answer: Answer) -> Loss:
    """Return the loss called ``name`` for an oracle that gives ``answer``.

    Raises:
        ConfigError: an unknown name, or answers that say too little for it.
    """
    loss = look_up("loss", name, LOSSES)
    loss.check(answer)
    return loss


def _log_likelihood(class_scores: Array, targets: Array) -> Array:
    xp = array_namespace(class_scores)
    shifted = class_scores - xp.max(class_scores, axis=1, keepdims=True)
    log_p = shifted - xp.log(xp.sum(xp.exp(shifted), axis=1, keepdims=True))
    return _pick(log_p, _wanted(class_scores, targets))


def _hinge(class_scores: Array, targets: Array, *, at: float) -> Array:
    xp = array_namespace(class_scores)
    wanted = _wanted(class_scores, targets)
    others = xp.max(xp.where(wanted, -xp.inf, class_scores), axis=1)
    return xp.clip(at + others - _pick(class_scores, wanted), min=0.0)


def _wanted(class_scores: Array, targets: Array) -> Array:
    """bool (n, c): True at each image's own class."""
    xp, where = array_namespace(class_scores), device(class_scores)
    numbers = xp.arange(class_scores.shape[1], device=where)
    return xp.asarray(targets, device=where)[:, None] == numbers[None, :]


def _pick(values: Array, wanted: Array) -> Array:
    xp = array_namespace(values)
    return xp.sum(xp.where(wanted, values, 0.0), axis=1)
