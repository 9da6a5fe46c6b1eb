"""Parametrisations: what theta means, in numpy and torch alike."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from scipy.fft import idctn

from bbprompt.errors import ConfigError
from bbprompt.parametrisations import PARAMETRISATIONS, make_parametrisation
from tests.prompt_cases import TEMPLATE_CASES, small_parametrisation, small_template

torch = pytest.importorskip("torch")
every_one = pytest.mark.parametrize("name", list(PARAMETRISATIONS))
on_every_template = pytest.mark.parametrize("template_name", sorted({name for name, _ in TEMPLATE_CASES}))
FULL = np.ones((8, 12), dtype=np.bool_)


@every_one
@on_every_template
def test_numpy_and_torch_render_the_same_field_inside_the_mask_only(name: str, template_name: str) -> None:
    template = small_template(template_name, "add")
    parametrisation = small_parametrisation(name, template)
    theta = np.random.default_rng(0).normal(size=parametrisation.size)
    field, tensor = parametrisation(theta), parametrisation(torch.tensor(theta))
    assert field.shape == (*template.canvas, 3)
    assert field.dtype == np.float64
    assert field[template.mask].any()
    assert not field[~template.mask].any()
    np.testing.assert_allclose(field, tensor.numpy(), rtol=1e-12, atol=1e-12)
    assert parametrisation(theta.astype(np.float32)).dtype == np.float32
    assert not parametrisation(np.zeros(parametrisation.size)).any()


@every_one
@on_every_template
def test_gradients_are_those_of_the_field(name: str, template_name: str) -> None:
    parametrisation = small_parametrisation(name, small_template(template_name, "add", canvas=(9, 10)))
    theta = torch.tensor(np.random.default_rng(0).normal(scale=0.05, size=parametrisation.size), requires_grad=True)
    assert torch.autograd.gradcheck(parametrisation, (theta,), fast_mode=True)
    assert (torch.autograd.grad((parametrisation(theta) ** 2).sum(), theta)[0] != 0).all()


def test_identity_writes_pixels_row_by_row() -> None:
    mask = np.array([[True, False], [False, True]])
    field = make_parametrisation("identity", mask=mask)(np.arange(1.0, 7.0))
    np.testing.assert_array_equal(field[0, 0], [1, 2, 3])
    np.testing.assert_array_equal(field[1, 1], [4, 5, 6])


def test_bounded_is_the_identity_near_zero_and_never_passes_its_bound() -> None:
    bounded, identity = (
        make_parametrisation("bounded", mask=FULL, bound_levels=16),
        make_parametrisation("identity", mask=FULL),
    )
    theta = np.random.default_rng(0).normal(size=bounded.size)
    assert np.abs(bounded(10 * theta)).max() <= 16 / 255
    np.testing.assert_allclose(bounded(1e-4 * theta), identity(1e-4 * theta), rtol=1e-4)


def test_dct_is_the_orthonormal_inverse_transform_scaled_to_an_rms_of_one() -> None:
    dct = make_parametrisation("dct", mask=FULL, cells=4)
    theta = np.random.default_rng(0).normal(size=dct.size)
    spectrum = np.zeros((3, *FULL.shape))
    spectrum[:, :4, :4] = theta.reshape(3, 4, 4)
    expected = idctn(spectrum, axes=(1, 2), norm="ortho") * np.sqrt(FULL.size)
    np.testing.assert_allclose(dct(theta), expected.transpose(1, 2, 0), atol=1e-12)


def test_every_dct_coefficient_moves_its_channel_by_an_rms_of_one_whatever_the_canvas() -> None:
    for shape in ((8, 12), (31, 17)):
        dct = make_parametrisation("dct", mask=np.ones(shape, dtype=np.bool_), cells=5)
        basis = np.stack([dct(unit) for unit in np.eye(dct.size)])
        gram = np.einsum("ihwc,jhwc->ij", basis, basis) / (shape[0] * shape[1])
        np.testing.assert_allclose(gram, np.eye(dct.size), atol=1e-12)


def test_coarse_grid_enlarges_as_torch_does() -> None:
    grid = make_parametrisation("coarse-grid", mask=FULL, cells=3)
    theta = torch.randn(grid.size, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = torch.nn.functional.interpolate(theta.reshape(1, 3, 3, 3), size=FULL.shape, mode="bilinear")
    np.testing.assert_allclose(grid(theta).numpy(), expected[0].permute(1, 2, 0).numpy(), atol=1e-12)


def test_a_basis_spans_the_mask_s_box_and_not_the_canvas() -> None:
    mask = np.zeros((20, 20), dtype=np.bool_)
    mask[5:9, 11:15] = True
    whole = make_parametrisation("dct", mask=np.ones((4, 4), dtype=np.bool_), cells=3)
    patch = make_parametrisation("dct", mask=mask, cells=3)
    theta = np.random.default_rng(0).normal(size=27)
    np.testing.assert_array_equal(patch(theta)[5:9, 11:15], whole(theta))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "dtc"}, "unknown parametrisation 'dtc'; did you mean 'dct'?"),
        ({"name": "identity", "cells": 4}, "'identity' has no option 'cells'; it has no options"),
        ({"name": "dct", "bound_levels": 4.0}, "'dct' has no option 'bound_levels'; its options are: cells"),
        (
            {"name": "dct", "cells": 9},
            "dct with 9 cells does not fit a prompt of 8x12 pixels; .* 1 to 8",
        ),
        ({"name": "coarse-grid", "cells": 0}, "give cells from 1 to 8"),
        ({"name": "bounded"}, "'bounded' needs 'bound_levels'"),
        ({"name": "bounded", "bound_levels": 0.0}, "above 0 and at most 255, got 0.0"),
        ({"name": "bounded", "bound_levels": float("nan")}, "got nan"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make_parametrisation(**{"mask": FULL, **options})
    assert re.search(message, str(caught.value))
