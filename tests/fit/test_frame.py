"""A frame's width, learned: what is shown is what a frame of whole pixels shows, and it moves where the loss falls."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from bbprompt.fit.frame import _framed, first_width, learn_width, widest  # noqa: E402
from bbprompt.labelmaps import cross_fit_label_map  # noqa: E402
from bbprompt.losses import LOSSES  # noqa: E402
from bbprompt.oracle import Answer  # noqa: E402
from bbprompt.templates import make_template  # noqa: E402
from bbprompt_adapters.torch_module import TorchOracle  # noqa: E402

SIDE, CLASSES = 24, ("dark", "bright")


class Rows(torch.nn.Module):
    """Says how bright a few pixels of some rows are."""

    def __init__(self, rows: slice) -> None:
        super().__init__()
        self.rows = rows

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        level = images[:, :, self.rows, 10:14].mean(dim=(1, 2, 3))
        return torch.stack([-8 * level, 8 * level], dim=1)


def opened(rows: slice) -> TorchOracle:
    half = (0.5,) * 3
    return TorchOracle(
        Rows(rows), name="toy", labels=CLASSES, input_size=(SIDE, SIDE), mean=half, std=half, answer=Answer.LOGITS
    )


def learn(oracle: TorchOracle, images: np.ndarray, targets: np.ndarray, *, start: int, epochs: int = 12) -> int:
    def fit_map(scores, of):  # type: ignore[no-untyped-def]
        rng = np.random.default_rng(0)
        return cross_fit_label_map("identity", scores, of, spec=oracle.spec, classes=CLASSES, rng=rng)

    loss, rng = LOSSES["cross-entropy"], np.random.default_rng(1)
    return learn_width(
        oracle, images, targets, start=start, fit_map=fit_map, loss=loss, epochs=epochs, batch_size=8, rng=rng
    )


def told_at_the_edge() -> tuple[np.ndarray, np.ndarray]:
    """Images whose class the uppermost rows tell; elsewhere they are grey."""
    targets = np.arange(32) % 2
    images = np.full((32, SIDE, SIDE, 3), 128, dtype=np.uint8)
    images[:, :5] = np.where(targets == 1, 255, 0)[:, None, None, None]
    return images, targets


def test_a_frame_gives_way_to_what_it_hides_and_grows_to_bring_the_edge_inwards() -> None:
    images, targets = told_at_the_edge()
    assert learn(opened(slice(0, 4)), images, targets, start=4) < 4
    assert learn(opened(slice(8, 10)), images, targets, start=6) > 6


def test_it_stays_between_one_pixel_and_what_leaves_an_image() -> None:
    images, targets = told_at_the_edge()
    assert learn(opened(slice(0, 2)), images, targets, start=2, epochs=40) == 1
    assert learn(opened(slice(10, 12)), images, targets, start=8, epochs=40) <= widest((SIDE, SIDE)) == 11
    assert first_width((224, 224)) == 48


@pytest.mark.parametrize("exact", [5.0, 5.4, 6.6])
def test_the_forward_pass_shows_the_bytes_of_a_frame_of_whole_pixels(exact: float) -> None:
    rng = np.random.default_rng(2)
    images = rng.integers(0, 256, size=(3, 30, 40, 3), dtype=np.uint8)
    field = torch.tensor(rng.normal(0, 0.2, size=(SIDE, SIDE, 3)), dtype=torch.float32, requires_grad=True)
    width = torch.tensor(exact, requires_grad=True)
    found = _framed(images, field, width)
    frame = make_template("padding", canvas=(SIDE, SIDE), blend="over", size=round(exact), shrink=True)
    levels = np.clip(np.round(127.5 + 255 * field.detach().numpy()), 0, 255).astype(np.int64)
    expected = frame.apply(frame.prepare(images), levels * frame.mask[..., None])
    np.testing.assert_array_equal(found.detach().numpy(), expected)
    found.sum().backward()
    wider, narrower = (
        make_template("padding", canvas=(SIDE, SIDE), blend="over", size=round(exact) + by, shrink=True)
        for by in (1, -1)
    )
    totals = [f.apply(f.prepare(images), levels * f.mask[..., None]).sum(dtype=np.int64) for f in (wider, narrower)]
    assert width.grad is not None
    assert float(width.grad) == pytest.approx((totals[0] - totals[1]) / 2, rel=1e-5)
