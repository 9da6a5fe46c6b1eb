"""Each kind of fault, over a real socket: what it costs, what is sent again, and that no wrong score gets through."""

from __future__ import annotations

import gc
import itertools
import socket
import ssl
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import trustme

from bbprompt.errors import AnswerError, OracleError
from bbprompt.ledger import Budget, Ledger
from bbprompt.oracle import Oracle
from bbprompt.registry import open_oracle
from bbprompt.testing.fakes import FAKE_SPEC, FakeOracle, fake_images
from bbprompt.wrappers import Cached, paid
from benchmarks.faults.books import Entry
from benchmarks.faults.connection import Reply, listening
from benchmarks.faults.dialects import ADAPTER, LABELS, MODEL
from benchmarks.faults.kinds import KINDS, RIGHT, Kind, refuse, scheduled
from benchmarks.faults.service import SPEC, Service

N = 5
IMAGES = fake_images(N)
RIGHT_SCORES = FakeOracle(SPEC).answer(IMAGES).values
DIALECTS = ("json", "binary tensors", "json tensors")


def options(dialect: str, url: str, **more: object) -> tuple[str, dict[str, object]]:
    common = {"url": url, "labels": list(LABELS), "answer": "logits", "timeout_s": 0.5, **more}
    if dialect == "json":
        return str(ADAPTER), common
    return "open-inference", {**common, "model": MODEL, "max_batch": 8}


@dataclass
class Client:
    """A client of the service with a ledger of its own, and the service's books."""

    oracle: Cached
    ledger: Ledger
    books: list[Entry]

    @property
    def billed(self) -> int:
        return sum(len(entry.keys) for entry in self.books if entry.billed)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Callable[..., Client]]:
    with ExitStack() as stack:

        def open_client(schedule: Iterable[str], dialect: str = "json", **more: object) -> Client:
            books: list[Entry] = []
            service = Service(iter(schedule), books.append, binary=dialect != "json tensors")
            url = stack.enter_context(listening(service))
            ledger = stack.enter_context(
                Ledger.open(tmp_path / f"{len(books)}.sqlite", budget=Budget(queries=1000))
            )
            oracle: Oracle = open_oracle(*options(dialect, url, **more))
            stack.callback(oracle.close)  # type: ignore[attr-defined]
            return Client(paid(oracle, ledger, first_wait_s=0.001), ledger, books)

        yield open_client


ANSWERED = ("slow answer", "gzip", "items reordered")
FREE_RETRY = ("429", "429 with Retry-After", "429 with a date")
PAID_RETRY = ("500", "503", "503 with Retry-After", "reset", "half an answer", "silence")
REFUSED = {
    "400": "answered 400 Bad Request",
    "redirect": "it points to http://127.0.0.1:9/elsewhere, which is not followed; correct",
    "wrong width": "scores of shape|which is not among|expected 3 numbers",
    "items doubled": "numbered 0 to 4, once each|scores of shape",
    "gzip of 30 MB": "answered more than the .* bytes that an answer can take",
    "a huge body": "answered more than the .* bytes that an answer can take",
    "a late label": "answered the label 'zebra', which is not among .* labels; add it there",
}
REFUSED_IN_JSON = {"NaN": "answered NaN or infinity, expected finite scores"}
RETRIED_IN_JSON = ("one item failed", "200 with an error inside", "a page of HTML")
"""A body that is no JSON may be a gateway's page; the adapter's file names the code that is worth another try."""

REFUSED_IN_TENSORS = {
    "NaN": "NaN or infinity for image 4 of 5|something else than scores",
    "200 with an error inside": "something else than scores: not the JSON of this protocol",
    "a page of HTML": "something else than scores: not the JSON of this protocol",
}


def test_every_kind_has_its_place_here() -> None:
    assert {RIGHT, *ANSWERED, *FREE_RETRY, *PAID_RETRY, *REFUSED, *REFUSED_IN_JSON, *RETRIED_IN_JSON} == set(KINDS)


def cases(names: Iterable[str]) -> list[tuple[str, str]]:
    pairs = itertools.product(names, DIALECTS)
    return [(name, dialect) for name, dialect in pairs if dialect == "json" or not KINDS[name].json_only]


def refusal(kind: str, dialect: str) -> str:
    return {**REFUSED, **(REFUSED_IN_JSON if dialect == "json" else REFUSED_IN_TENSORS)}[kind]


@pytest.mark.parametrize(("kind", "dialect"), cases(ANSWERED))
def test_odd_answers_that_are_right_are_used(kind: str, dialect: str, client: Callable[..., Client]) -> None:
    asking = client([kind], dialect)
    np.testing.assert_array_equal(asking.oracle.query(IMAGES).values, RIGHT_SCORES)
    assert [entry.kind for entry in asking.books] == [kind]
    assert asking.ledger.spent.queries == asking.billed == N


@pytest.mark.parametrize(
    ("kind", "dialect"),
    [*cases(FREE_RETRY), *cases(PAID_RETRY), *((kind, "json") for kind in RETRIED_IN_JSON)],
)
def test_what_may_go_through_later_is_sent_again_and_the_bill_is_the_service_s(
    kind: str, dialect: str, client: Callable[..., Client]
) -> None:
    asking = client([kind], dialect)
    np.testing.assert_array_equal(asking.oracle.query(IMAGES).values, RIGHT_SCORES)
    assert [entry.kind for entry in asking.books] == [kind, RIGHT]
    assert asking.oracle.counters.retries == 1
    assert asking.ledger.spent.queries == asking.billed == (N if kind in FREE_RETRY else 2 * N)
    assert asking.ledger.spent.answered == N


@pytest.mark.parametrize(
    ("kind", "dialect"),
    [
        *cases(REFUSED),
        *itertools.product(REFUSED_IN_TENSORS, DIALECTS[1:]),
        *((kind, "json") for kind in REFUSED_IN_JSON),
    ],
)
def test_what_will_not_change_is_refused_by_name_and_nothing_of_it_is_kept(
    kind: str, dialect: str, client: Callable[..., Client]
) -> None:
    asking = client([kind], dialect)
    with pytest.raises(OracleError, match=refusal(kind, dialect)) as caught:
        asking.oracle.query(IMAGES)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, AnswerError) is (kind not in ("400", "redirect"))
    assert [entry.kind for entry in asking.books] == [kind]
    assert (asking.ledger.spent.failed, asking.ledger.spent.answered) == (N, 0)
    assert asking.ledger.spent.queries >= asking.billed
    np.testing.assert_array_equal(asking.oracle.query(IMAGES).values, RIGHT_SCORES)


def test_a_wait_longer_than_ours_is_told_and_not_waited(client: Callable[..., Client]) -> None:
    asking = client(["an hour"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(KINDS, "an hour", Kind(refuse(429, retry_after="3600"), billed=False))
        with pytest.raises(OracleError, match="it asks to wait 3600 s, at most 60 s are waited; resume later"):
            asking.oracle.query(IMAGES)
    assert (len(asking.books), asking.ledger.spent.queries) == (1, 0)


def test_a_service_that_only_fails_is_left_alone_after_two_requests(client: Callable[..., Client]) -> None:
    asking = client(itertools.repeat("500"))
    with pytest.raises(OracleError, match="2 requests in a row failed, no more are sent"):
        asking.oracle.query(IMAGES)
    assert asking.ledger.spent.queries == asking.billed == 2 * N


def test_a_service_that_has_answered_an_earlier_process_is_not_left_alone_after_two(tmp_path: Path) -> None:
    books: list[Entry] = []
    more = fake_images(2 * N)[N:]
    with (
        listening(Service(iter([RIGHT, "500", "500", "500", RIGHT]), books.append)) as url,
        Ledger.open(tmp_path / "ledger.sqlite", budget=Budget(queries=1000)) as ledger,
        closing(open_oracle(*options("json", url))) as oracle,  # type: ignore[type-var]
    ):
        paid(oracle, ledger).query(IMAGES)
        resumed = paid(oracle, ledger, first_wait_s=0.001)
        np.testing.assert_array_equal(resumed.query(more).values, FakeOracle(SPEC).answer(more).values)
    assert [entry.kind for entry in books] == [RIGHT, "500", "500", "500", RIGHT]


def test_labels_of_an_open_vocabulary_may_appear_late(client: Callable[..., Client], tmp_path: Path) -> None:
    adapter = tmp_path / "open.toml"
    text = ADAPTER.read_text(encoding="utf-8")
    adapter.write_text(text.replace('kind = "logits"', 'kind = "logits"\nopen_vocabulary = true'), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{__name__}.ADAPTER", adapter)
        asking = client(["a late label"])
        np.testing.assert_array_equal(asking.oracle.query(IMAGES).values, RIGHT_SCORES)
    assert len(asking.books) == 1


def test_a_redirect_is_not_followed_and_takes_no_key_along(client: Callable[..., Client]) -> None:
    asked: list[object] = []
    with listening(lambda request: Reply(content=str(asked.append(request)).encode())) as elsewhere:
        asking = client(["moved"])
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(KINDS, "moved", Kind(refuse(307, location=elsewhere)))
            with pytest.raises(OracleError, match=f"it points to {elsewhere}, which is not followed"):
                asking.oracle.query(IMAGES)
    assert asked == []


def test_answers_that_vary_are_asked_for_anew_and_each_is_kept(tmp_path: Path) -> None:
    books: list[Entry] = []
    with (
        listening(Service(iter(["500", "400"]), books.append, varies=True)) as url,
        Ledger.open(tmp_path / "ledger.sqlite", budget=Budget(queries=1000)) as ledger,
        closing(open_oracle(*options("json", url, varies=True))) as oracle,  # type: ignore[type-var]
    ):
        asking = paid(oracle, ledger, first_wait_s=0.001)
        with pytest.raises(OracleError):
            asking.query(IMAGES)
        turns = [asking.query(IMAGES).values for _ in range(2)]
        assert (turns[0] != turns[1]).all()
        again = paid(oracle, ledger)
        for turn in turns:
            np.testing.assert_array_equal(again.query(IMAGES).values, turn)
        assert len(books) == 4


@pytest.fixture(scope="module")
def certificate() -> trustme.LeafCert:
    return trustme.CA().issue_cert("127.0.0.1")


def test_a_certificate_that_nobody_vouches_for_is_refused_for_free(
    certificate: trustme.LeafCert, tmp_path: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    books: list[Entry] = []
    with listening(Service(iter(()), books.append), tls=context) as url:
        check_free(url, tmp_path, "has a certificate that cannot be trusted; fix it, or set SSL_CERT_FILE")
    assert books == []


def test_https_where_http_is_spoken_is_refused_for_free(tmp_path: Path) -> None:
    with listening(Service(iter(()), lambda _: None)) as url:
        check_free(
            url.replace("http:", "https:"), tmp_path, r"does not speak TLS \(.*SSL.*\); is it http, not https\?"
        )


def check_free(url: str, folder: Path, message: str) -> None:
    with (
        Ledger.open(folder / "ledger.sqlite", budget=Budget(queries=10)) as ledger,
        closing(open_oracle(*options("json", url))) as oracle,  # type: ignore[type-var]
    ):
        with pytest.raises(OracleError, match=message):
            paid(oracle, ledger, first_wait_s=0.001).query(IMAGES)
        assert ledger.spent.queries == 0


def test_a_schedule_is_the_same_for_the_same_seed_and_holds_every_kind() -> None:
    first, again, other = (list(itertools.islice(scheduled(s, faulty=0.5, json=True), 5000)) for s in (1, 1, 2))
    assert first == again != other
    assert set(first) == set(KINDS)
    assert first.count(RIGHT) == pytest.approx(2500, rel=0.1)
    assert FAKE_SPEC.max_batch >= N


def test_a_service_that_ends_keeps_no_connection() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with listening(lambda _: Reply(content=b"here")) as url:
            address = (url.removeprefix("http://").partition(":")[0], int(url.rpartition(":")[2]))
            left_open = [socket.create_connection(address, timeout=10) for _ in range(8)]
            for client in left_open:
                client.sendall(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n")
                assert client.recv(4096)
        gc.collect()
    for client in left_open:
        client.close()
    assert [str(one.message) for one in caught if one.category is ResourceWarning] == []
