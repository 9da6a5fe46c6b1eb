"""What a run file leaves open: the loss and the label map, by how much the oracle's answers say."""

from __future__ import annotations

from msgspec import structs

from bbprompt.config import ANY, RunConfig
from bbprompt.oracle import Answer, OracleSpec


def settle(config: RunConfig, spec: OracleSpec, *, classes: int, images: int) -> RunConfig:
    """Fill in the loss and the label map, where ``config`` leaves them to the oracle's answers.

    Args:
        spec: of the oracle.
        classes: of the task.
        images: to train on.
    """
    fit, labels = config.fit, config.labels
    if fit.loss == ANY:
        fit = structs.replace(fit, loss="agreement" if spec.answer is Answer.LABEL else "cross-entropy")
    if labels.map == ANY:
        labels = structs.replace(labels, map=_label_map(spec, classes=classes, images=images))
    return structs.replace(config, fit=fit, labels=labels)


def _label_map(spec: OracleSpec, *, classes: int, images: int) -> str:
    """Labels alone tell too little for a linear map, and of more labels than images one a class leaves most unused."""
    if spec.answer is not Answer.LABEL:
        return "linear"
    return "iterative" if classes <= len(spec.labels) <= images else "bayesian"
