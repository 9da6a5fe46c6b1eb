"""``apply``: one pure function, the same to the last bit in every library and dtype."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbprompt.arrays import Array, Int, UInt8
from bbprompt.templates import Blend, Template
from tests.prompt_cases import TEMPLATE_CASES, image_batches, levels_for, quick, small_template

torch = pytest.importorskip("torch")
DEVICES = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
every_template = pytest.mark.parametrize(("name", "blend"), TEMPLATE_CASES)


def draw(data: st.DataObject, template: Template) -> tuple[UInt8, Int]:
    return data.draw(image_batches()), data.draw(levels_for(template))


def variants(images: UInt8, levels: Int) -> list[tuple[Array, Array]]:
    """The same pixels as numpy and torch, whole and floating."""
    numpy = [(images, levels), (images, levels.astype(np.int16)), (images.astype(np.float32), levels)]
    tensors = [(torch.tensor(images, device=device), torch.tensor(levels, device=device)) for device in DEVICES]
    floats = [(x.float(), v.float()) for x, v in tensors] + [(x, v.float()) for x, v in tensors]
    beside = [(x, levels) for x, _ in tensors]
    halves = [(x.bfloat16(), v) for x, v in tensors]
    return numpy + tensors + floats + beside + halves


@every_template
@quick
@given(data=st.data())
def test_equal_to_the_last_bit_in_every_library_and_dtype(name: str, blend: Blend, data: st.DataObject) -> None:
    template = small_template(name, blend)
    images, levels = draw(data, template)
    expected = template.apply(images, levels)
    assert expected.dtype == np.uint8
    for x, v in variants(images, levels):
        laid = template.apply(x, v)
        whole = "int" in str(x.dtype) and "int" in str(v.dtype)
        assert str(laid.dtype).endswith("uint8") == whole
        as_numpy = laid if isinstance(laid, np.ndarray) else laid.float().cpu().numpy()
        np.testing.assert_array_equal(as_numpy, expected)


@pytest.mark.parametrize("name", sorted({name for name, _ in TEMPLATE_CASES} - {"random-patch"}))
@quick
@given(data=st.data())
def test_add_is_a_clipped_sum(name: str, data: st.DataObject) -> None:
    template = small_template(name, "add")
    images, levels = draw(data, template)
    np.testing.assert_array_equal(template.apply(images, levels), np.clip(images.astype(int) + levels, 0, 255))


@pytest.mark.parametrize("name", sorted({name for name, b in TEMPLATE_CASES if b == "over"} - {"random-patch"}))
@quick
@given(data=st.data())
def test_over_replaces_the_mask_and_nothing_else(name: str, data: st.DataObject) -> None:
    template = small_template(name, "over")
    images, levels = draw(data, template)
    laid, mask = template.apply(images, levels), template.mask
    np.testing.assert_array_equal(laid[:, mask], np.broadcast_to(levels[mask], laid[:, mask].shape))
    np.testing.assert_array_equal(laid[:, ~mask], images[:, ~mask])


@every_template
@quick
@given(data=st.data())
def test_pure_and_image_by_image(name: str, blend: Blend, data: st.DataObject) -> None:
    template = small_template(name, blend)
    images, levels = draw(data, template)
    before = images.copy(), levels.copy()
    laid = template.apply(images, levels)
    np.testing.assert_array_equal(laid, np.concatenate([template.apply(x[None], levels) for x in images]))
    np.testing.assert_array_equal(images, before[0])
    np.testing.assert_array_equal(levels, before[1])
    assert (laid != images).any(axis=3).sum() <= len(images) * template.mask.sum()


@every_template
def test_a_gradient_reaches_the_levels_under_the_mask(name: str, blend: Blend) -> None:
    template = small_template(name, blend)
    levels = torch.zeros((*template.canvas, 3), requires_grad=True)
    images = torch.full((2, *template.canvas, 3), 100, dtype=torch.uint8)
    template.apply(images, levels).sum().backward()
    mask = torch.tensor(template.mask)
    assert levels.grad is not None
    assert (levels.grad[mask] == 2).all()
    assert blend == "add" or (levels.grad[~mask] == 0).all()


@pytest.mark.parametrize("device", DEVICES)
def test_read_only_numpy_levels_may_meet_a_tensor(device: str) -> None:
    template = small_template("padding", "add")
    levels = np.zeros((*template.canvas, 3), dtype=np.int64)
    levels.flags.writeable = False
    images = torch.zeros((1, *template.canvas, 3), dtype=torch.uint8, device=device)
    assert template.apply(images, levels).device.type == device
