"""What every oracle must do, as checks that need nothing but the oracle. Together they query about 40 images."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from bbprompt.arrays import Float, Float32, UInt8
from bbprompt.errors import BbpromptError
from bbprompt.oracle import Answer, DifferentiableOracle, Oracle, OracleSpec, Scores, check_scores

BATCH = 4
"""Images in the largest request of a check, where the oracle takes as many."""


def check_oracle(oracle: Oracle, *, tolerance: float = 1e-4) -> None:
    """Run every check of ``ORACLE_CHECKS``.

    Args:
        oracle: what to check; one that is paid for will cost about 40 queries.
        tolerance: most that two scores of the same image may differ, since the same numbers are added in another
            order in batches of another size. 0 suits an oracle whose answers are rounded.

    Raises:
        AssertionError: one line that says what was got and what was expected.
    """
    for check in ORACLE_CHECKS.values():
        check(oracle, tolerance)


def check_spec(oracle: Oracle, _tolerance: float = 0.0) -> None:
    """The spec is one that an oracle can have, and the same each time."""
    spec = oracle.spec
    assert isinstance(spec, OracleSpec), f"spec is a {type(spec).__name__}, expected an OracleSpec"
    assert spec == oracle.spec, "spec changes from one look to the next"
    assert spec.name.strip(), "spec.name is empty; the ledger's cache tells oracles apart by it"
    assert len(spec.input_size) == 2, f"spec.input_size is {spec.input_size}, expected (height, width)"
    assert min(spec.input_size) >= 1, f"spec.input_size is {spec.input_size}, expected at least 1 pixel each way"
    assert isinstance(spec.labels, tuple), f"spec.labels is a {type(spec.labels).__name__}, expected a tuple"
    assert len(spec.labels) >= 2, f"spec.labels has {len(spec.labels)} labels, expected at least 2"
    assert spec.max_batch >= 1, f"spec.max_batch is {spec.max_batch}, expected at least 1"
    assert spec.max_in_flight >= 1, f"spec.max_in_flight is {spec.max_in_flight}, expected at least 1"
    price = spec.usd_per_query
    assert price is None or price >= 0, f"spec.usd_per_query is {price}, expected None (unknown) or at least 0"
    _check_top_k(spec)


def check_answers(oracle: Oracle, _tolerance: float = 0.0) -> None:
    """Scores are finite float32 (n, k) of the kind that the spec says, and mean what that kind means."""
    spec, images = oracle.spec, _images(oracle)
    given = images.copy()
    images.flags.writeable = False
    scores = oracle.query(images)
    assert np.array_equal(images, given), "query changed the images that it was given"
    assert isinstance(scores, Scores), f"query returned a {type(scores).__name__}, expected Scores"
    assert scores.values.dtype == np.float32, f"scores are {scores.values.dtype}, expected float32"
    assert scores.answer == spec.answer, f"scores are {scores.answer}, but the spec says {spec.answer}"
    try:
        check_scores(scores, spec, len(images))
    except BbpromptError as error:
        raise AssertionError(str(error)) from error
    _check_meaning(scores.values, spec)


def check_deterministic(oracle: Oracle, tolerance: float = 0.0) -> None:
    """The same bytes get the same scores."""
    images = _images(oracle)
    _assert_close(_query(oracle, images), _query(oracle, images), tolerance, "the same images, queried again,")


def check_order(oracle: Oracle, tolerance: float = 0.0) -> None:
    """Row i of the scores belongs to image i."""
    images = _images(oracle)
    backwards = _query(oracle, images[::-1])[::-1]
    _assert_close(_query(oracle, images), backwards, tolerance, "the same images in reverse order")


def check_batch_of_one(oracle: Oracle, tolerance: float = 0.0) -> None:
    """An image alone gets the scores that it gets among others."""
    images = _images(oracle)
    alone = np.concatenate([_query(oracle, images[i : i + 1]) for i in range(len(images))])
    _assert_close(_query(oracle, images), alone, tolerance, "the same images, one at a time,")


def check_in_flight(oracle: Oracle, tolerance: float = 0.0) -> None:
    """As many requests at once as the spec allows, at most 8, get the answers that they get in turn."""
    images, count = _images(oracle)[:1], min(oracle.spec.max_in_flight, 8)
    variants = [np.roll(images, shift, axis=2) for shift in range(count)]
    with ThreadPoolExecutor(count) as pool:
        at_once = list(pool.map(lambda image: _query(oracle, image), variants))
    in_turn = [_query(oracle, image) for image in variants]
    _assert_close(np.concatenate(in_turn), np.concatenate(at_once), tolerance, f"{count} requests at once")


def check_refuses_wrong_images(oracle: Oracle, _tolerance: float = 0.0) -> None:
    """Images of another size, dtype or number of channels raise a BbpromptError, and are not paid for."""
    h, w = oracle.spec.input_size
    wrong: dict[str, np.ndarray] = {
        "images of another size": np.zeros((1, h + 1, w, 3), np.uint8),
        "float images in [0, 1]": np.zeros((1, h, w, 3), np.float32),
        "grey images": np.zeros((1, h, w), np.uint8),
        "RGBA images": np.zeros((1, h, w, 4), np.uint8),
        "channels first": np.zeros((1, 3, h, w), np.uint8),
    }
    for what, images in wrong.items():
        try:
            oracle.query(images)
        except BbpromptError:
            continue
        raise AssertionError(f"{what}, shape {images.shape}, were answered, expected a DataError; use check_images")


def check_differentiable_oracle(oracle: DifferentiableOracle, *, tolerance: float = 1e-3) -> None:
    """``logits`` and ``query`` speak of the same model, and a gradient reaches the images and nothing else.

    Raises:
        AssertionError: one line that says what was got and what was expected.
    """
    import torch

    images = _images(oracle)
    tensor = torch.tensor(images, device=oracle.device).permute(0, 3, 1, 2).float().div(255).requires_grad_()
    logits = oracle.logits(tensor)
    values: Float32 = logits.detach().cpu().float().numpy()
    if oracle.spec.answer in (Answer.LOGITS, Answer.PROBABILITIES):
        found = Scores(values, Answer.LOGITS).log()
        _assert_close(oracle.query(images).log(), found, tolerance, "logits, as log-probabilities,")
    (gradient,) = torch.autograd.grad(logits.square().sum(), tensor)
    assert bool(torch.isfinite(gradient).all()), "the gradient in the images is not finite"
    assert bool((gradient != 0).any()), "the gradient in the images is zero everywhere"


Check = Callable[[Oracle, float], None]

ORACLE_CHECKS: dict[str, Check] = {
    "spec": check_spec,
    "answers": check_answers,
    "deterministic": check_deterministic,
    "order": check_order,
    "batch-of-one": check_batch_of_one,
    "in-flight": check_in_flight,
    "refuses-wrong-images": check_refuses_wrong_images,
}
"""Every check, by name: a test may be parametrised over them."""


def _images(oracle: Oracle) -> UInt8:
    """Unlike images, as many as fit one request and at most ``BATCH``: noise, a checkerboard, a ramp, black."""
    h, w = oracle.spec.input_size
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (h, w, 3), dtype=np.uint8)
    board = rng.integers(0, 256, (2, 2, 3), dtype=np.uint8)[np.arange(h)[:, None] % 2, np.arange(w) % 2]
    ramp = np.broadcast_to(np.linspace(0, 255, w).astype(np.uint8)[None, :, None], (h, w, 3))
    return np.stack([noise, board, ramp, np.zeros_like(noise)])[: min(BATCH, oracle.spec.max_batch)]


def _query(oracle: Oracle, images: UInt8) -> Float32:
    return oracle.query(np.ascontiguousarray(images)).values


def _assert_close(expected: Float | Float32, got: Float | Float32, tolerance: float, what: str) -> None:
    assert np.array_equal(np.isnan(expected), np.isnan(got)), f"{what} got other labels listed"
    apart = float(np.nanmax(np.abs(got.astype(np.float64) - expected)))
    assert apart <= tolerance, f"{what} got scores {apart:.2g} apart, expected at most {tolerance:.2g}"


def _check_top_k(spec: OracleSpec) -> None:
    if spec.answer is not Answer.TOP_K:
        assert spec.top_k is None, f"spec.top_k is {spec.top_k} for answers of {spec.answer}, expected None"
        return
    assert spec.top_k is not None, "spec.top_k is None for top-k answers, expected how many labels are listed"
    assert 1 <= spec.top_k <= len(spec.labels), f"spec.top_k is {spec.top_k} of {len(spec.labels)} labels"


def _check_meaning(values: Float32, spec: OracleSpec) -> None:
    total = np.nansum(values, axis=1)
    match spec.answer:
        case Answer.PROBABILITIES:
            assert np.allclose(total, 1, atol=1e-3), f"probabilities add up to {total}, expected 1"
        case Answer.TOP_K:
            listed = (~np.isnan(values)).sum(axis=1)
            assert (listed <= spec.top_k).all(), f"answers list {listed} labels, expected at most {spec.top_k}"
            assert (total <= 1 + 1e-3).all(), f"listed probabilities add up to {total}, expected at most 1"
        case Answer.LABEL:
            one_hot = (np.sort(values, axis=1)[:, :-1] == 0).all() and (values.max(axis=1) == 1).all()
            assert one_hot, "label answers are not one-hot rows of 0 and 1"
