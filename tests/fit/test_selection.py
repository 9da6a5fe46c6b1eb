"""Which look is kept, where the map is sure of itself and where it is not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.special import log_softmax

from bbprompt.fit import Place, Selection
from bbprompt.fit.temperature import best_log_likelihood, mean_log_likelihood
from bbprompt.labelmaps import CrossFit, LabelMap
from bbprompt.labelmaps.frequency import Frequency
from bbprompt.labelmaps.linear import Linear
from bbprompt.oracle import Answer, OracleSpec, Scores
from bbprompt.parametrisations import make_parametrisation
from bbprompt.prompt import PixelPrompt
from bbprompt.templates import make_template
from tests.fit.conftest import alone

N, CLASSES = 100, 3
TARGETS = np.arange(N) % CLASSES
SPEC = OracleSpec("scripted", (2, 2), ("a", "b", "c"), Answer.LOGITS)


def scores_of(correct: int, *, margin: float) -> np.ndarray:
    """Class scores that are right on the first ``correct`` images and wrong on the others, all by ``margin``."""
    chosen = np.where(np.arange(N) < correct, TARGETS, (TARGETS + 1) % CLASSES)
    return margin * np.eye(CLASSES)[chosen]


@dataclass
class Scripted:
    """Answers one look after the other with what it was told."""

    looks: list[np.ndarray]
    spec: OracleSpec = SPEC

    def query(self, images: np.ndarray) -> Scores:
        return Scores(self.looks.pop(0).astype(np.float32), Answer.LOGITS)


AS_IT_IS = Linear(np.eye(CLASSES, dtype=np.float32), np.zeros(CLASSES, dtype=np.float32))


def selection_of(*looks: np.ndarray) -> Selection:
    template = make_template("full-image", canvas=SPEC.input_size, blend="add")
    prompt = PixelPrompt(template, make_parametrisation("identity", mask=template.mask))
    return Selection(Scripted(list(looks)), Place(prompt, np.zeros((N, 2, 2, 3), np.uint8)), TARGETS)


def kept(selection: Selection) -> int:
    """Number of the look that was kept, from 0."""
    assert selection.best is not None
    return round(float(selection.best.theta[0]) * 255)


def look(selection: Selection, number: int, maps: CrossFit, *, veto: bool = False) -> None:
    theta = np.full(selection.own.prompt.size, number / 255)
    selection.look(theta, maps, step=number, queries=0, loss=None, veto=veto)


def fitted(training: np.ndarray, label_map: LabelMap = AS_IT_IS) -> CrossFit:
    """A map that was fitted to answers (N, CLASSES) to as many training images."""
    answers = Scores(training.astype(np.float32), Answer.LOGITS)
    return CrossFit(label_map, (label_map,), np.zeros(N, dtype=np.int64), answers, TARGETS)


def keep(*looks: np.ndarray) -> int:
    """Take all looks, and return the number of the one that was kept."""
    selection = selection_of(*looks)
    for number in range(len(looks)):
        look(selection, number, alone(AS_IT_IS))
    return kept(selection)


def test_a_better_look_is_kept_however_sure_of_itself_it_is() -> None:
    """Twenty more images of a hundred are right; that the errors are made with more conviction says nothing."""
    modest, sure = scores_of(50, margin=1.0), scores_of(70, margin=20.0)
    assert mean_log_likelihood(sure, TARGETS) < mean_log_likelihood(modest, TARGETS)
    assert keep(modest, sure) == 1
    assert keep(sure, modest) == 0


def test_no_conviction_makes_a_worse_look_better() -> None:
    assert keep(scores_of(60, margin=3.0), scores_of(55, margin=0.1), scores_of(55, margin=30.0)) == 0


@pytest.mark.parametrize("factor", [0.1, 1.0, 10.0])
def test_the_best_likelihood_does_not_depend_on_the_temperature_it_starts_from(factor: float) -> None:
    noisy = scores_of(70, margin=2.0) + np.random.default_rng(0).normal(size=(N, CLASSES))
    assert best_log_likelihood(factor * noisy, TARGETS) == pytest.approx(
        best_log_likelihood(noisy, TARGETS), abs=1e-6
    )


def test_the_best_likelihood_is_that_of_the_best_temperature_of_a_fine_grid() -> None:
    noisy = scores_of(70, margin=5.0) + np.random.default_rng(1).normal(size=(N, CLASSES))
    grid = [mean_log_likelihood(noisy, TARGETS, temperature=t) for t in np.geomspace(0.05, 20, 2001)]
    assert best_log_likelihood(noisy, TARGETS) == pytest.approx(max(grid), abs=1e-6)


def test_scores_that_say_nothing_are_as_likely_as_a_draw_by_lot() -> None:
    wrong = scores_of(0, margin=1.0)
    assert best_log_likelihood(wrong, TARGETS) == pytest.approx(-np.log(CLASSES), abs=0.02)
    assert mean_log_likelihood(wrong, TARGETS) == pytest.approx(log_softmax([0.0, 1.0, 0.0])[0])


LUCKY, UNLUCKY = scores_of(55, margin=2.0), scores_of(50, margin=2.0)
"""Of two prompts, what validation says: the worse one has been lucky."""
WORSE, BETTER = scores_of(40, margin=2.0), scores_of(80, margin=2.0)
"""What training images say of the same two."""


@pytest.mark.parametrize(("veto", "expected"), [(True, 0), (False, 1)])
def test_training_images_have_a_veto_only_where_they_are_said_to(*, veto: bool, expected: int) -> None:
    selection = selection_of(UNLUCKY, LUCKY)
    look(selection, 0, fitted(BETTER), veto=veto)
    look(selection, 1, fitted(WORSE), veto=veto)
    assert kept(selection) == expected


def test_training_images_do_not_choose_what_validation_does_not() -> None:
    """The prompt has been fitted to them."""
    selection = selection_of(LUCKY, UNLUCKY)
    look(selection, 0, fitted(WORSE), veto=True)
    look(selection, 1, fitted(BETTER), veto=True)
    assert kept(selection) == 0


@pytest.mark.parametrize("first_judged", [True, False])
def test_a_veto_needs_the_same_images_at_both_looks(*, first_judged: bool) -> None:
    selection = selection_of(UNLUCKY, LUCKY)
    look(selection, 0, fitted(BETTER), veto=first_judged)
    look(selection, 1, fitted(WORSE), veto=not first_judged)
    assert kept(selection) == 1


def test_images_that_a_map_was_fitted_to_have_no_veto() -> None:
    own = Frequency(tuple(range(CLASSES)), CLASSES)
    selection = selection_of(UNLUCKY, LUCKY)
    look(selection, 0, fitted(BETTER, own), veto=True)
    look(selection, 1, fitted(WORSE, own), veto=True)
    assert kept(selection) == 1


def test_what_training_images_said_survives_a_resume() -> None:
    selection, resumed = selection_of(UNLUCKY), selection_of(LUCKY)
    look(selection, 0, fitted(BETTER), veto=True)
    resumed.load_state_dict(selection.state_dict())
    look(resumed, 1, fitted(WORSE), veto=True)
    assert kept(resumed) == 0
