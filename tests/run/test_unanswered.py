"""A run whose service will not score some images: it says what to do, goes on, and pays for nothing twice."""

from __future__ import annotations

import base64
import io
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bbprompt.check import check_run
from bbprompt.config import RunConfig, parse_config
from bbprompt.errors import AnswerError, OracleError
from bbprompt.oracle import Oracle
from bbprompt.run import fit_run
from bbprompt_adapters.http.library import httpx
from tests.adapters.declarative.toy import change, served
from tests.run.conftest import Digits, document, opens

FILE = change(
    image={"size": [8, 8], "form": "base64"},
    batch={"max": 1},
    answer={"kind": "logits"},
    errors={"code": "code", "message": "message", "unbilled": [400]},
)
LABELS = Digits().spec.labels


class Moderated:
    """The digits' service over HTTP, which will not score images with a pixel of some value in one place."""

    def __init__(self, refuses: Callable[[int], bool]) -> None:
        self.asked = Counter[bytes]()
        self.refused = set[bytes]()
        self._refuses = refuses
        self._oracle = Digits()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        (encoded,) = json.loads(request.content)["images"]
        image = np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))))
        self.asked[image.tobytes()] += 1
        if self._refuses(int(image[3, 4].sum())):
            self.refused.add(image.tobytes())
            return httpx.Response(400, json={"code": "moderated", "message": "not this one"})
        return httpx.Response(200, json={"scores": self._oracle.query(image[None]).values.tolist()})

    def opened(self, unanswered: list[str]) -> Oracle:
        return served(self, FILE, labels=list(LABELS), unanswered=unanswered, usd_per_image=0.01)


def naming(codes: list[str]) -> RunConfig:
    options = {"unanswered": codes} if codes else {}
    return parse_config(document(oracle={"adapter": "features", **options}))


def test_the_code_is_named_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    service = Moderated(lambda pixel: pixel % 97 == 0)
    opens(service.opened([]), monkeypatch)
    for resume in (False, True):
        with pytest.raises(OracleError, match="that it will not score, name 'moderated' in"):
            fit_run(naming([]), tmp_path / "run", resume=resume)
    before = service.asked.copy()

    opens(service.opened(["moderated"]), monkeypatch)
    result = fit_run(naming(["moderated"]), tmp_path / "run", resume=True).result
    assert result.prompt.n == 50
    assert "of 80 training images; that counts as an answer" in " ".join(capsys.readouterr().err.split())
    later = service.asked - before
    assert set(later.values()) == {1}
    assert not {image for image in later if before[image]} - service.refused
    assert result.costs.queries == len(service.asked)
    assert result.costs.usd == pytest.approx(0.01 * (len(service.asked) - len(service.refused)))


def test_a_service_that_names_no_label_at_all_is_no_teacher(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Moderated(lambda _: True)
    opens(service.opened(["moderated"]), monkeypatch)
    config = naming(["moderated"])
    assert "the first training image, unprompted, is no label to it" in "\n".join(check_run(config).lines())
    with pytest.raises(AnswerError, match="named no label for any of 80 images"):
        fit_run(config, tmp_path / "run")
    assert sum(service.asked.values()) <= 81
