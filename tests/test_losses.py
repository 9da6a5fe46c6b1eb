"""Losses: torch's own functions agree, numpy and torch agree, and each kind of answer works or is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bbprompt.arrays import Float, Int
from bbprompt.errors import ConfigError
from bbprompt.losses import LOSSES, choose_loss
from bbprompt.oracle import Answer, Scores

torch = pytest.importorskip("torch")


def batch(seed: int = 0, *, n: int = 50, c: int = 7, spread: float = 5.0) -> tuple[Float, Int]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, c)) * spread, rng.integers(c, size=n)


def test_cross_entropy_is_torchs() -> None:
    scores, targets = batch()
    expected = torch.nn.functional.cross_entropy(torch.tensor(scores), torch.tensor(targets), reduction="none")
    np.testing.assert_allclose(LOSSES["cross-entropy"](scores, targets), expected.numpy(), atol=1e-12)


def test_focal_is_the_papers_formula() -> None:
    scores, targets = batch()
    nats = torch.nn.functional.cross_entropy(torch.tensor(scores), torch.tensor(targets), reduction="none").numpy()
    np.testing.assert_allclose(LOSSES["focal"](scores, targets), (1 - np.exp(-nats)) ** 2 * nats, atol=1e-12)


def test_margin_of_two_classes_is_torchs() -> None:
    scores, targets = batch(c=2)
    expected = torch.nn.functional.multi_margin_loss(torch.tensor(scores), torch.tensor(targets), reduction="none")
    np.testing.assert_allclose(LOSSES["margin"](scores, targets), 2 * expected.numpy(), atol=1e-12)


def test_margin_reads_the_strongest_rival() -> None:
    scores = np.array([[3.0, 2.5, 0.0], [3.0, 1.0, 0.0], [3.0, 1.0, 0.0]])
    np.testing.assert_allclose(LOSSES["margin"](scores, np.array([0, 0, 2])), [0.5, 0.0, 4.0])


def test_carlini_wagner_is_the_margin_that_asks_for_no_distance() -> None:
    scores = np.array([[3.0, 2.5, 0.0], [3.0, 3.5, 0.0], [3.0, 1.0, 0.0]])
    np.testing.assert_allclose(LOSSES["cw"](scores, np.array([0, 0, 2])), [0.0, 0.5, 3.0])


def test_agreement_is_the_share_of_the_others() -> None:
    scores, targets = batch()
    p = torch.softmax(torch.tensor(scores), dim=1).numpy()[np.arange(50), targets]
    np.testing.assert_allclose(LOSSES["agreement"](scores, targets), 1 - p, atol=1e-12)


def test_agreement_of_labels_alone_is_their_mistakes() -> None:
    labels = Scores(np.eye(4, dtype=np.float32)[[0, 1, 2]], Answer.LABEL).log()
    np.testing.assert_allclose(LOSSES["agreement"](labels, np.array([0, 1, 3])), [0, 0, 1], atol=1e-9)


def test_an_unlisted_class_has_its_share_of_the_residual_mass_and_no_more_than_the_smallest_listed() -> None:
    listed = Scores(
        np.array(
            [[0.6, 0.1, np.nan, np.nan], [0.5, 0.02, np.nan, np.nan], [0.75, 0.25, np.nan, np.nan]], np.float32
        ),
        Answer.TOP_K,
    )
    p = [0.1 / 0.9, 0.02 / 0.56, 1e-12]  # the residual, .15 each, is capped at .1; .24 at .02; none is the floor
    np.testing.assert_allclose(LOSSES["cross-entropy"](listed.log(), np.array([2, 2, 2])), -np.log(p), rtol=1e-4)


def test_zero_one_counts_mistakes() -> None:
    scores, targets = batch()
    mistakes = LOSSES["zero-one"](scores, targets)
    assert set(mistakes.tolist()) == {0.0, 1.0}
    assert mistakes.mean() == (scores.argmax(axis=1) != targets).mean()


@pytest.mark.parametrize("name", LOSSES)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), spread=st.sampled_from([0.01, 1.0, 1e3]))
def test_torch_equals_numpy_and_stays_finite(name: str, seed: int, spread: float) -> None:
    scores, targets = batch(seed, spread=spread)
    losses = LOSSES[name](scores, targets)
    assert losses.shape == targets.shape
    assert losses.dtype == np.float64
    assert np.isfinite(losses).all()
    assert (losses >= 0).all()
    for given_targets in (torch.tensor(targets), targets):
        again = LOSSES[name](torch.tensor(scores), given_targets)
        np.testing.assert_allclose(again.numpy(), losses, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", [name for name, loss in LOSSES.items() if loss.differentiable])
def test_gradients_are_the_finite_differences(name: str) -> None:
    scores, targets = batch(n=6, c=4, spread=1.0)
    tensor = torch.tensor(scores, requires_grad=True)
    assert torch.autograd.gradcheck(lambda s: LOSSES[name](s, torch.tensor(targets)), tensor)


@pytest.mark.parametrize("name", [name for name, loss in LOSSES.items() if loss.differentiable])
def test_gradients_of_certain_images_are_finite(name: str) -> None:
    scores = torch.tensor([[1e4, 0.0], [0.0, 1e4]], dtype=torch.float32, requires_grad=True)
    LOSSES[name](scores, torch.tensor([0, 0])).sum().backward()
    assert bool(torch.isfinite(scores.grad).all())


@pytest.mark.parametrize("answer", Answer)
@pytest.mark.parametrize("name", LOSSES)
def test_every_answer_is_accepted_or_refused_by_name(name: str, answer: Answer) -> None:
    if answer in LOSSES[name].accepts:
        assert choose_loss(name, answer) is LOSSES[name]
    else:
        with pytest.raises(
            ConfigError,
            match=rf"loss '{name}' needs .*got answers of kind {answer}; use 'agreement' or 'zero-one'",
        ):
            choose_loss(name, answer)


def test_every_answer_has_a_loss() -> None:
    assert all(any(answer in loss.accepts for loss in LOSSES.values()) for answer in Answer)
    assert all(name == loss.name for name, loss in LOSSES.items())


def test_an_unknown_loss_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'focal'"):
        choose_loss("focall", Answer.LOGITS)
