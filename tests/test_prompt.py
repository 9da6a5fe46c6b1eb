"""The pixel prompt: what is trained is what is exported."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from bbprompt.errors import ConfigError
from bbprompt.parametrisations import PARAMETRISATIONS
from bbprompt.prompt import PixelPrompt
from bbprompt.templates import LEVELS, Blend
from tests.prompt_cases import TEMPLATE_CASES, quick, small_parametrisation, small_template

torch = pytest.importorskip("torch")
every_template = pytest.mark.parametrize(("name", "blend"), TEMPLATE_CASES)


def small_prompt(name: str, blend: Blend, parametrisation: str = "identity") -> PixelPrompt:
    template = small_template(name, blend)
    return PixelPrompt(template, small_parametrisation(parametrisation, template))


@every_template
@pytest.mark.parametrize("parametrisation", list(PARAMETRISATIONS))
@quick
@given(data=st.data())
def test_gradients_see_the_very_levels_that_are_exported(
    name: str, blend: Blend, parametrisation: str, data: st.DataObject
) -> None:
    prompt = small_prompt(name, blend, parametrisation)
    theta = data.draw(nps.arrays(np.float32, prompt.size, elements=st.floats(-1.5, 1.5, width=32)))
    levels = prompt.levels(torch.tensor(theta))
    low, high = LEVELS[blend]
    assert levels.dtype == np.int64
    assert levels.min() >= low
    assert levels.max() <= high
    assert not levels[~prompt.template.mask].any()
    np.testing.assert_array_equal(prompt.levels_ste(torch.tensor(theta)).numpy(), levels)
    if parametrisation == "identity":
        np.testing.assert_array_equal(prompt.levels(theta), levels)
    assert np.abs(prompt.levels(theta) - levels).max() <= 1


@pytest.mark.parametrize(
    ("blend", "levels", "expected"),
    [
        ("add", [0.4, 0.5, 1.5, 2.5, -0.5, -1.5, -300, 300], [0, 0, 2, 2, 0, -2, -128, 127]),
        ("over", [0, 1, -127.5, 127.5, -0.6, 0.4, -300, 300], [128, 128, 0, 255, 127, 128, 0, 255]),
    ],
)
def test_rounding_is_half_to_even_and_then_clipped(blend: Blend, levels: list[float], expected: list[int]) -> None:
    prompt = small_prompt("padding", blend)
    theta = np.zeros(prompt.size)
    theta[: len(levels)] = np.array(levels) / 255
    inside = prompt.levels(theta)[prompt.template.mask].ravel()
    assert inside[: len(levels)].tolist() == expected


@every_template
def test_no_theta_is_no_prompt(name: str, blend: Blend) -> None:
    prompt = small_prompt(name, blend)
    levels = prompt.levels(np.zeros(prompt.size))
    assert (levels[prompt.template.mask] == (0 if blend == "add" else 128)).all()


@every_template
def test_gradients_pass_the_rounding_and_stop_at_the_clip(name: str, blend: Blend) -> None:
    prompt = small_prompt(name, blend)
    theta = torch.full((prompt.size,), 0.1234)
    theta[0] = 2.0
    theta.requires_grad_()
    (gradient,) = torch.autograd.grad(prompt.levels_ste(theta).sum(), theta)
    assert gradient.tolist() == [0] + [255] * (prompt.size - 1)


@every_template
def test_apply_lays_the_exported_levels(name: str, blend: Blend) -> None:
    prompt, rng = small_prompt(name, blend), np.random.default_rng(0)
    images = rng.integers(0, 256, (3, *prompt.template.canvas, 3), dtype=np.uint8)
    theta = rng.normal(size=prompt.size)
    laid = prompt.apply(images, theta)
    assert laid.dtype == np.uint8
    np.testing.assert_array_equal(laid, prompt.template.apply(images, prompt.levels(theta)))


def test_a_theta_of_another_length_is_refused() -> None:
    prompt = small_prompt("padding", "add")
    with pytest.raises(ConfigError, match=rf"shape \({prompt.size},\) for identity on padding, got \(3,\)"):
        prompt.levels(np.zeros(3))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_prompt_that_is_not_finite_is_refused(bad: float) -> None:
    prompt = small_prompt("padding", "add")
    for theta in (np.full(prompt.size, bad), torch.full((prompt.size,), bad)):
        with pytest.raises(ConfigError, match=r"NaN or infinite.*lower the step size"):
            prompt.levels(theta)
