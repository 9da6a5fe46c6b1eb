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


@dataclass(frozen=True, slots=True)
class Loss:
    """One loss.

    Attributes:
        name: its key in ``LOSSES``.
        function: (n, c) class scores and (n,) targets in 0..c-1 to (n,) losses, smaller is better.
        accepts: the kinds of answer that it can read.
        differentiable: whether its gradient says anything.
    """

    name: str
    function: Callable[[Array, Array], Array]
    accepts: frozenset[Answer]
    differentiable: bool = True

    def __call__(self, class_scores: Array, targets: Array) -> Array:
        """(n, c) class scores and (n,) targets to (n,) losses; softmax of the scores is the prediction."""
        return self.function(class_scores, targets)

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


def margin(class_scores: Array, targets: Array) -> Array:
    """max(0, 1 + max_{j != y} s_j - s_y): Crammer & Singer 2001, eq. 3. Zero once right by one nat."""
    xp = array_namespace(class_scores)
    wanted = _wanted(class_scores, targets)
    others = xp.max(xp.where(wanted, -xp.inf, class_scores), axis=1)
    return xp.clip(1 + others - _pick(class_scores, wanted), min=0.0)


def zero_one(class_scores: Array, targets: Array) -> Array:
    """1 where the largest class score is not the target's (the first of equals counts), else 0."""
    xp = array_namespace(class_scores)
    targets = xp.asarray(targets, device=device(class_scores))
    return xp.astype(xp.argmax(class_scores, axis=1) != targets, class_scores.dtype)


LOSSES: dict[str, Loss] = {
    "cross-entropy": Loss("cross-entropy", cross_entropy, GRADED),
    "focal": Loss("focal", focal, GRADED),
    "margin": Loss("margin", margin, GRADED),
    "zero-one": Loss("zero-one", zero_one, frozenset(Answer), differentiable=False),
}


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


def _wanted(class_scores: Array, targets: Array) -> Array:
    """bool (n, c): True at each image's own class."""
    xp, where = array_namespace(class_scores), device(class_scores)
    numbers = xp.arange(class_scores.shape[1], device=where)
    return xp.asarray(targets, device=where)[:, None] == numbers[None, :]


def _pick(values: Array, wanted: Array) -> Array:
    xp = array_namespace(values)
    return xp.sum(xp.where(wanted, values, 0.0), axis=1)
