"""How one row of the table learns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Method:
    """How one row learns.

    Attributes:
        name: of ``[fit] method`` in a run file.
        options: of that method, as in ``[fit]``.
        prompt: ``[prompt]`` of a run file; the whole image as it is, pixel by pixel, if left out.
        share: size of the template as a share of the image's side, where it has one.
        loss: as in ``[fit]``; answers of labels alone overrule it.
        needs_student: whether it is nothing without a local model; left out where the installed one is the oracle.
        own_answer: whether what it shows is the answer of its local model, and not the oracle's.
        anytime: whether the method goes on from a smaller budget to a larger one. Then it runs once, with a look at
            validation at each stop; else afresh for each budget, which it is told of.
        looks: at validation, of a method that runs afresh, if it takes them evenly spaced.
        tasks: that it is run on; all, if left out.
        exchanged: what the library has in the place of its own while this row runs, by dotted name.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    prompt: Mapping[str, Any] = field(default_factory=dict)
    share: float | None = None
    loss: str = "cross-entropy"
    needs_student: bool = False
    own_answer: bool = False
    anytime: bool = True
    looks: int = 1
    tasks: tuple[str, ...] = ()
    exchanged: Mapping[str, Any] = field(default_factory=dict)
