"""Students: what they start from, that lessons teach, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bbprompt.errors import ConfigError
from bbprompt.registry import open_oracle, open_student
from bbprompt.testing.fakes import FakeOracle
from bbprompt_adapters import local_student
from bbprompt_adapters.module_student import ModuleStudent

SIZE = 32
LITE0 = {"adapter": "efficientnet-lite0", "input_size": SIZE, "device": "cpu"}


def images(n: int, size: int = SIZE) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, size, size, 3), dtype=np.uint8)


def centred(values: np.ndarray) -> np.ndarray:
    return values - values.mean(axis=1, keepdims=True)


def test_a_local_model_with_as_many_labels_starts_as_itself() -> None:
    student = open_student("local-model", labels=1000, input_size=(SIZE, SIZE), options=LITE0)
    oracle = open_oracle("efficientnet-lite0", {"input_size": SIZE, "device": "cpu"})
    expected = centred(oracle.query(images(3)).values)
    found = student.log_scores(torch.from_numpy(images(3)).float())
    np.testing.assert_allclose(found.detach().numpy(), expected, atol=1e-3)


def test_a_local_model_with_other_labels_gets_a_new_head_and_its_own_size() -> None:
    student = open_student("local-model", labels=7, input_size=(48, 48), options=LITE0)
    found = student.log_scores(torch.from_numpy(images(3, size=48)).float())
    assert tuple(found.shape) == (3, 7)
    assert not found.any()


@pytest.mark.parametrize("name", ["local-model", "efficientnet-lite0"])
def test_lessons_bring_a_student_nearer_and_leave_no_gradients(name: str) -> None:
    options = LITE0 if name == "local-model" else {}
    torch.manual_seed(0)
    student = open_student(name, labels=4, input_size=(SIZE, SIZE), options=options)
    lesson = images(8)
    wanted = centred(
        lesson.reshape(8, -1, 3).mean(axis=1) / 255 @ np.random.default_rng(1).normal(size=(3, 4)) * 50
    )

    def error() -> float:
        with torch.no_grad():
            found = student.log_scores(torch.from_numpy(lesson).float()).numpy()
        return float(((found - wanted) ** 2).mean())

    before = error()
    student.learn(lesson, wanted, passes=30, rng=np.random.default_rng(0))
    assert error() < 0.98 * before
    levels = torch.from_numpy(lesson).float().requires_grad_()
    student.log_scores(levels).square().sum().backward()
    assert levels.grad is not None
    assert levels.grad.any()
    assert not any(parameter.requires_grad for parameter in student._parameters)


def test_a_student_learns_a_linear_oracle() -> None:
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 4 * 4, 3))
    student = ModuleStudent(module, step_size=0.03, batch_size=16)
    lesson = images(64, size=4)
    wanted = centred((lesson.reshape(64, -1) / 255) @ np.random.default_rng(2).normal(size=(48, 3)))
    student.learn(lesson, wanted, passes=1200, rng=np.random.default_rng(0))
    found = student.log_scores(torch.from_numpy(lesson).float()).detach().numpy()
    assert ((found - wanted) ** 2).mean() < 1e-3 * wanted.var()


@pytest.mark.parametrize("step_size", [1e-4, 1e-2])
def test_the_first_step_is_of_the_size_that_is_asked_for(step_size: float) -> None:
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(48, 5), torch.nn.Linear(5, 3)).eval()
    before = [part.weight.detach().clone() for part in (module[1], module[2])]
    student = ModuleStudent(module, step_size=step_size)
    lesson = images(20, size=4)
    student.learn(lesson, np.random.default_rng(3).normal(size=(20, 3)), passes=1, rng=np.random.default_rng(0))
    moved = [
        float((part.weight - old).abs().max()) for part, old in zip((module[1], module[2]), before, strict=True)
    ]
    np.testing.assert_allclose(moved, [step_size, step_size], rtol=0.05)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("local-model", {}, "student 'local-model' needs to know which"),
        ("local-model", {"adapter": "efficientnet-lite"}, "did you mean 'efficientnet-lite0'"),
        ("local-model", {**LITE0, "input_siz": 3}, "unknown key 'input_siz'"),
        ("efficientnet-lite0", {"blocks": 3}, r"\[fit\] student_options has an unknown key 'blocks'"),
    ],
)
def test_refuses_options_in_one_line(name: str, options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        open_student(name, labels=10, input_size=(SIZE, SIZE), options=options)


def test_refuses_a_model_that_cannot_be_trained_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_student, "open_oracle", lambda _name, _options: FakeOracle())
    with pytest.raises(ConfigError, match="cannot be trained here; name a local torch model"):
        open_student("local-model", labels=10, input_size=(SIZE, SIZE), options={"adapter": "fake"})
