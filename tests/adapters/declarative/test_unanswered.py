"""An image that a service will not score, for what it shows: that is an answer, kept and never asked for again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bbprompt.errors import OracleError
from bbprompt.ledger import Budget, Ledger
from bbprompt.wrappers import paid
from bbprompt_adapters.declarative.opening import open_vendor
from bbprompt_adapters.http.library import httpx
from tests.adapters.declarative.toy import IMAGES, change, served

CODED = {"code": "error.code", "message": "error.message", "unbilled": [400]}
ALONE = change(errors=CODED, batch={"max": 1})
ITEMS = change(answer={"path": "p"}, errors={"item": "error", "code": "code", "message": "message"})
FILTERED = {"error": {"code": "filtered", "message": "not this one"}}


def refusing(status: int = 400, body: object = FILTERED) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(status, json=body)


@pytest.mark.parametrize(
    ("answer", "row"),
    [
        ({"kind": "probabilities"}, [0.5, 0.5]),
        ({"kind": "logits"}, [0.0, 0.0]),
        ({"kind": "top_k", "shape": "list", "top_k": 1}, [0.5, 0.5]),
        ({"kind": "tags", "shape": "list", "threshold": 0.4}, [0.2, 0.2]),
        ({"kind": "label", "shape": "label"}, [0.0, 0.0]),
    ],
)
def test_it_ranks_no_label_above_another_whatever_answers_mean(answer: dict[str, Any], row: list[float]) -> None:
    document = change(errors=CODED, batch={"max": 1}, answer=answer)
    scores = served(refusing(), document, unanswered=["filtered"]).query(IMAGES[:1])
    np.testing.assert_allclose(scores.values, [row])
    assert scores.blank().tolist() == [True]


def test_a_code_that_nobody_knows_ends_the_run_and_says_what_to_do() -> None:
    with pytest.raises(OracleError, match="that it will not score, name 'filtered' in") as caught:
        served(refusing(), ALONE).query(IMAGES[:1])
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("status", "body", "errors"),
    [
        (400, {"why": "?"}, {}),
        (401, FILTERED, {}),
        (500, FILTERED, {}),
        (400, FILTERED, {"final": ["filtered"]}),
    ],
)
def test_what_is_anybody_s_mistake_or_goes_away_gets_no_such_advice(
    status: int, body: object, errors: dict[str, Any]
) -> None:
    with pytest.raises(OracleError, match=f"answered {status}") as caught:
        served(refusing(status, body), change(errors=CODED | errors)).query(IMAGES[:1])
    assert "unanswered" not in str(caught.value)


def test_a_code_goes_before_a_status() -> None:
    known = change(errors=CODED | {"final": ["broken"]}, batch={"max": 1})
    assert served(refusing(), known, unanswered=[400]).query(IMAGES[:1]).blank().all()
    with pytest.raises(OracleError, match="broken"):
        served(refusing(body={"error": {"code": "broken"}}), known, unanswered=[400]).query(IMAGES[:1])


def test_an_item_that_is_refused_leaves_its_neighbours_their_scores() -> None:
    body = {"scores": [{"p": [0.2, 0.8]}, {"error": {"code": "filtered", "message": "no"}}]}
    scores = served(lambda _: httpx.Response(200, json=body), ITEMS, unanswered=["filtered"]).query(IMAGES)
    np.testing.assert_allclose(scores.values, [[0.2, 0.8], [0.5, 0.5]])
    assert scores.blank().tolist() == [False, True]
    all_refused = {"scores": [{"error": {"code": "filtered"}}] * 2}
    assert (
        served(lambda _: httpx.Response(200, json=all_refused), ITEMS, unanswered=["filtered"])
        .query(IMAGES)
        .blank()
        .all()
    )


def test_of_several_images_in_a_refused_request_nobody_knows_which() -> None:
    with pytest.raises(OracleError, match="which of 2 images it will not score is not said"):
        served(refusing(), change(errors=CODED), unanswered=["filtered"]).query(IMAGES)


@pytest.mark.parametrize(("unbilled", "usd"), [([400], 0.0), ([], 0.01)])
def test_it_is_asked_for_once_and_costs_what_the_service_takes(
    unbilled: list[int], usd: float, tmp_path: Path
) -> None:
    asked = list[int]()

    def service(request: httpx.Request) -> httpx.Response:
        asked.append(len(request.content))
        return refusing()(request)

    document = change(errors=CODED | {"unbilled": unbilled}, batch={"max": 1})
    with Ledger.open(tmp_path / "ledger.sqlite", budget=Budget(queries=10)) as ledger:
        oracle = paid(served(service, document, unanswered=["filtered"], usd_per_image=0.01), ledger)
        first, second = oracle.query(IMAGES[:1]), oracle.query(IMAGES[:1])
        np.testing.assert_array_equal(first.values, second.values)
        assert len(asked) == 1
        assert (ledger.spent.queries, ledger.spent.answered) == (1, 1)
        assert ledger.spent.usd == pytest.approx(usd)


def test_a_filtered_image_and_an_evasive_one_are_answers_of_a_chat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    image = np.zeros((1, 224, 224, 3), np.uint8)

    def opened(service: Callable[[httpx.Request], httpx.Response]) -> Any:
        options = {"model": "m", "labels": ["cat", "dog", "cow", "hen"], "input_size": 224}
        return open_vendor("openai-chat", options, transport=httpx.MockTransport(service))

    filtered = opened(refusing(body={"error": {"code": "content_filter", "message": "filtered"}}))
    assert filtered.query(image).values.tolist() == [[0.25] * 4]
    tokens = [{"token": "I", "logprob": -0.1}, {"token": "Sorry", "logprob": -2.0}]
    evasive = {"choices": [{"logprobs": {"content": [{"top_logprobs": tokens}]}}]}
    assert opened(refusing(200, evasive)).query(image).values.tolist() == [[0.25] * 4]


def test_a_refusal_that_comes_with_a_later_answer_is_an_answer_as_well() -> None:
    document = change(
        errors=CODED,
        batch={"max": 1},
        poll={"url": "{url}/jobs/{id}", "id": "job", "pending": "status == 'processing'", "every_s": 0.001},
    )

    def service(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(200, json={"job": "1", "status": "processing"})
        return refusing()(request)

    assert served(service, document, unanswered=["filtered"]).query(IMAGES[:1]).blank().all()
    with pytest.raises(OracleError, match="name 'filtered' in"):
        served(service, document).query(IMAGES[:1])
