"""A torch module as an oracle: frozen, differentiable in the images only, the same answer in any company."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bbprompt.errors import AnswerError, ConfigError, DataError
from bbprompt.oracle import Answer, DifferentiableOracle
from bbprompt.testing.oracles import check_differentiable_oracle, check_oracle
from bbprompt_adapters.torch_module import TorchOracle

from .toy import MEAN, SIZE, STD, Toy, toy_oracle


def test_conforms(toy: TorchOracle) -> None:
    check_oracle(toy, tolerance=0)
    check_differentiable_oracle(toy, tolerance=1e-5)
    assert isinstance(toy, DifferentiableOracle)


def test_takes_over_a_module_that_was_being_trained() -> None:
    module = Toy()
    module(torch.rand(4, 3, *SIZE)).sum().backward()
    oracle = toy_oracle(module=module)
    images = torch.rand(4, 3, *SIZE, requires_grad=True)
    oracle.logits(images).sum().backward()  # type: ignore[no-untyped-call]
    assert images.grad is not None
    assert all(parameter.grad is None and not parameter.requires_grad for parameter in module.parameters())
    assert not any(part.training for part in module.modules())


def test_gradient_is_the_one_by_hand() -> None:
    module = Toy()
    oracle = toy_oracle(module=module)
    images = torch.rand(2, 3, *SIZE, dtype=torch.float32, requires_grad=True)
    (gradient,) = torch.autograd.grad(oracle.logits(images)[:, 1].sum(), images)
    mean, std = torch.tensor(MEAN).view(1, 3, 1, 1), torch.tensor(STD).view(1, 3, 1, 1)
    scale = 1 + module.norm.eps  # a fresh batch norm divides by the root of this
    by_hand = module.weight[1].view(1, 3, 1, 1) * 2 * (images - mean) / std**2 / scale / (SIZE[0] * SIZE[1])
    torch.testing.assert_close(gradient, by_hand.detach())


@pytest.mark.parametrize("n", [1, 15, 16, 17, 40])
def test_bytes_and_floats_agree(n: int) -> None:
    oracle = toy_oracle()
    images = np.random.default_rng(n).integers(0, 256, (n, *SIZE, 3), dtype=np.uint8)
    floats = torch.tensor(images).permute(0, 3, 1, 2).float() / 255
    np.testing.assert_allclose(oracle.query(images).values, oracle.logits(floats).numpy(), rtol=1e-5)


def test_probabilities_are_the_softmax_of_the_logits() -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, *SIZE, 3), dtype=np.uint8)
    logits = toy_oracle().query(images)
    probabilities = toy_oracle(Answer.PROBABILITIES).query(images)
    np.testing.assert_allclose(probabilities.log(), logits.log(), atol=1e-5)


def test_no_images_no_scores() -> None:
    assert toy_oracle().query(np.empty((0, *SIZE, 3), np.uint8)).values.shape == (0, 5)


def test_name_tells_weights_and_settings_apart() -> None:
    other = Toy()
    with torch.no_grad():
        other.weight[0, 0] += 1e-6
    names = {toy_oracle().spec.name, toy_oracle(module=other).spec.name, toy_oracle(Answer.PROBABILITIES).spec.name}
    assert len(names) == 3
    assert toy_oracle().spec.name == toy_oracle().spec.name


def test_refuses_images_that_are_not_floats_of_its_size() -> None:
    for images in (torch.zeros(1, 3, *SIZE, dtype=torch.uint8), torch.zeros(1, *SIZE, 3)):
        with pytest.raises(DataError, match=r"must be float in \[0, 1\] of shape \(n, 3, 6, 8\)"):
            toy_oracle().logits(images)


def test_broken_module_is_an_answer_error() -> None:
    module = Toy()
    with torch.no_grad():
        module.weight[:] = float("nan")
    with pytest.raises(AnswerError, match="NaN"):
        toy_oracle(module=module).query(np.zeros((1, *SIZE, 3), np.uint8))


def test_refuses_what_it_cannot_do() -> None:
    with pytest.raises(ConfigError, match="logits or probabilities, not top_k"):
        toy_oracle(Answer.TOP_K)
    with pytest.raises(ConfigError, match="device 'nonsense' cannot be used"):
        TorchOracle(Toy(), name="toy", labels="ab", input_size=SIZE, mean=MEAN, std=STD, device="nonsense")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("amp", [False, True])
def test_gpu_agrees_with_cpu(amp: bool) -> None:
    images = np.random.default_rng(0).integers(0, 256, (20, *SIZE, 3), dtype=np.uint8)
    oracle = TorchOracle(
        Toy(), name="toy", labels="abcde", input_size=SIZE, mean=MEAN, std=STD, device="cuda", amp=amp
    )
    check_oracle(oracle, tolerance=0)
    expected = toy_oracle().query(images).values
    np.testing.assert_allclose(oracle.query(images).values, expected, rtol=2e-2 if amp else 1e-4, atol=1e-2)
