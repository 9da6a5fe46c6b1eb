"""What the parts of ``auto`` are worth: rows that are ``auto`` but for one thing, and what hangs on it.

``auto`` has no knob for most of it, so that a row names what in the library has another value while it runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from math import inf
from typing import Any
from unittest.mock import patch

import torch

from bbprompt.arrays import Float, Int, UInt8
from bbprompt.fit.auto import PROBES
from bbprompt.fit.by_query import fit_by_query
from bbprompt.fit.by_student import Lessons
from bbprompt.fit.openings import OWN, TEXTURES
from bbprompt.fit.window import Window
from bbprompt.labelmaps import CrossFit, cross_fit_label_map
from bbprompt.oracle import Scores
from benchmarks.queries.levers.by_outputs import ByOutputs, fit_by_outputs
from benchmarks.queries.levers.checked import Checked
from benchmarks.queries.levers.coarse_to_fine import CoarseToFine
from benchmarks.queries.levers.gaussian import Gaussian
from benchmarks.queries.levers.past_steps import PastSteps
from benchmarks.queries.levers.reused import Reused
from benchmarks.queries.levers.small_net import small_net
from benchmarks.queries.method import Method
from benchmarks.queries.prompts import ANY, DCT

LITE0 = "efficientnet-lite0"
RESNET32 = {"adapter": "cifar-resnet", "weights": "{data}/cifar10-resnets/resnet32-d509ac18.th"}
AUTO = Method("auto", prompt=ANY, anytime=False, looks=4)
PART = replace(AUTO, tasks=("resnet20-digits", "resnet20-mnist", "resnet56-digits", "resnet56-mnist"))
STUDENT = replace(AUTO, prompt={}, tasks=("resnet20-digits",))
TAUGHT = replace(STUDENT, options={"student": "local-model", "student_options": RESNET32})
STARVING = ("lite0-digits", "lite0-cifar10", "lite0-dtd10")
"""Tasks whose oracle has more labels than there are images, so that a part for these has something to do."""


def of_all_images(*told: Any, **more: Any) -> CrossFit:
    """Fit a label map, and have every image go through the one that was fitted to it, too."""
    maps = cross_fit_label_map(*told, **more)
    return replace(maps, parts=(maps.whole,))


def no_veto(*told: Any, veto: bool, **more: Any) -> Any:  # noqa: ARG001
    """``fit_by_query`` with validation's word alone."""
    return fit_by_query(*told, veto=False, **more)


def forget(window: Window, scores: Scores, rows: Int) -> None:
    """Keep the first answers, and so the first map, whatever is paid for later."""


def this_round_alone(_lessons: Lessons, images: UInt8, answers: Float, _rng: Any) -> tuple[UInt8, Float]:
    """Teach a student what was scored last, and nothing older."""
    return images, answers


def as_it_answers(_objective: Any, _student: Any, _theta: Any, scores: Scores, _images: Any) -> torch.Tensor:
    """Take a student at its word: add nothing to its answers (n, k)."""
    return torch.zeros(scores.values.shape)


def never(*_told: Any) -> bool:
    """Say no."""
    return False


def _exchanged(by_name: Mapping[str, Any]) -> Method:
    return replace(PART, exchanged={f"bbprompt.{name}": value for name, value in by_name.items()})


def _taught(by_name: Mapping[str, Any]) -> Method:
    exchanged = {f"bbprompt.fit.by_student.{name}": value for name, value in by_name.items()}
    return replace(TAUGHT, exchanged=exchanged)


def _probes(**options: Any) -> Method:
    return _exchanged({"fit.auto.PROBES": {**PROBES, **options}})


def _lever(by_name: Mapping[str, Any]) -> Method:
    return replace(_exchanged(by_name), tasks=("resnet20-digits", "resnet20-mnist"))


LEVERS: dict[str, Method] = {
    "auto, Gaussian pairs": _lever({"fit.auto.AntitheticPairs": Gaussian}),
    "auto, ranks for slopes": _lever({"fit.auto.PROBES": {**PROBES, "shaping": "rank"}}),
    "auto, answers reused": _lever({"fit.auto.AntitheticPairs": Reused}),
    "auto, model of the outputs": _lever(
        {"fit.auto.AntitheticPairs": ByOutputs, "fit.auto.fit_by_query": fit_by_outputs}
    ),
    "auto, coarse to fine": _lever({"fit.auto.AntitheticPairs": CoarseToFine}),
    "auto, steps checked": _lever({"fit.auto.AntitheticPairs": Checked}),
    "auto, span of past steps": _lever(
        {"fit.auto.AntitheticPairs": PastSteps, "fit.auto.PROBES": {"radius_levels": PROBES["radius_levels"]}}
    ),
}
"""What might take the pairs' place."""

PARTS: dict[str, Method] = {
    # Where to begin.
    "auto, pairs alone": replace(PART, prompt={}, options={"signs": False}),
    # A race has three quarters of any budget, and its signs are textures; pairs have the rest.
    "auto, race as for few queries": _exchanged({"fit.race.PAIRS": inf}),
    "auto, image as it is": replace(PART, prompt={}),
    "auto, no signs": replace(PART, options={"signs": False}),
    "auto, no textures": _exchanged({"fit.openings.TEXTURES": OWN[:2]}),
    "auto, textures before pairs": _exchanged({"fit.openings.OWN": 2 * TEXTURES}),
    "auto, heats of 80": _exchanged({"fit.runner.HEAT": 80}),
    "auto, one finalist": _exchanged({"fit.race.LOOKS": 1}),
    "auto, no standard error": _exchanged({"fit.race.ERRORS": 0.0}),
    "auto, one layout at one look": _exchanged({"fit.one_look.PARTIAL": frozenset()}),
    # The map. What is fitted to an image's answer flatters it, also in the outlook, which may say that there is no room.
    "auto, maps of the same images": _exchanged({"task.cross_fit_label_map": of_all_images}),
    # Training images cannot have a veto through a map that was not fitted to their answers.
    "auto, first map and no veto": _exchanged(
        {"fit.by_query.Window.push": forget, "fit.auto.fit_by_query": no_veto}
    ),
    "auto, no varied images": replace(_exchanged({"fit.auto.starves": never}), tasks=STARVING),
    # Pairs.
    "auto, 16 images a pair": _probes(images_per_candidate=16),
    "auto, probes of 4 levels": _probes(radius_levels=4.0),
    "auto, no momentum": _probes(beta1=0.0),
    "auto, no average": _probes(average=0.0),
    "auto, no veto": _exchanged({"fit.auto.fit_by_query": no_veto}),
    **LEVERS,
    # No opening can be laid over these: it is pairs alone that they are to be compared with.
    "auto, low frequencies": replace(PART, prompt=DCT),
    "auto, focal loss": replace(PART, loss="focal"),
    "auto, margin loss": replace(PART, loss="margin"),
    # Of labels alone, where the right ones are counted: by answers to images that a little noise was added to.
    "auto, agreement": replace(PART, loss="agreement"),
    # What a local model adds. No task's oracle is the resnet32: it is what a user has of the oracle's family.
    "auto, Lite0 as student": replace(STUDENT, options={"student": LITE0}),
    "auto, small net as student": replace(
        STUDENT, options={"student": LITE0}, exchanged={"bbprompt.methods.student_for": small_net}
    ),
    "auto, resnet32 as student": TAUGHT,
    "auto, resnet32 as student, no replay": _taught({"Lessons.take": this_round_alone}),
    "auto, resnet32 as student, not shifted": _taught({"_shift": as_it_answers}),
    "auto, resnet32 as student, steps of 4 levels": _taught({"STEP_LEVELS": 4.0}),
    "auto, resnet32 as student, 80 steps": _taught({"STEPS": 80}),
    "auto, resnet32 as student, first map": _taught({"Window.push": forget}),
}


@contextmanager
def exchange(row: Method) -> Iterator[None]:
    """Run with what ``row`` has in the place of the library's own.

    Raises:
        AttributeError: the library has nothing of that name.
    """
    with ExitStack() as stack:
        for name, value in row.exchanged.items():
            stack.enter_context(patch(name, value))
        yield


def exchanged(row: Method) -> dict[str, str]:
    """What ``row`` exchanges, for its record: functions by name."""
    return {name: getattr(value, "__name__", str(value)) for name, value in row.exchanged.items()}
