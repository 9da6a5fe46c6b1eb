"""The grammar of an adapter's file: its tables and keys. What they do is beside the code that does it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

Positive = Annotated[int, msgspec.Meta(ge=1)]

# Lists of a fixed length, not tuples: msgspec 0.22 corrupts memory over a fixed tuple beside a bounded int.
Size = Annotated[list[Positive], msgspec.Meta(min_length=2, max_length=2)]
Channels = Annotated[list[float], msgspec.Meta(min_length=3, max_length=3)]
Code = int | str


class About(msgspec.Struct, frozen=True, kw_only=True):
    """``[adapter]``: what this speaks to.

    Attributes:
        name: as in ``[oracle] adapter`` of a run file.
        version: raised whenever the same image may get another answer: the ledger's cache goes by it.
        title: one line for people.
        docs: where its vendor describes the API.
    """

    name: str
    version: Positive = 1
    title: str = ""
    docs: str = ""


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """``[options.NAME]``: a key of the run file's ``[oracle]``, a placeholder ``{NAME}`` here.

    Attributes:
        type: what the value must be.
        default: its value if the run file says nothing.
        optional: may be left out though there is no default; what holds its placeholder is then left out, too.
        about: one line for people.
    """

    type: Literal["text", "whole", "number", "flag", "texts"] = "text"
    default: str | int | float | bool | list[str] | None = None
    optional: bool = False
    about: str = ""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """``[request]``: what is sent. Exactly one of ``json``, ``parts`` and ``body``.

    Attributes:
        method: of HTTP.
        url: ``{url}`` stands as it is, other placeholders percent-encoded but for slashes.
        query: parameters of the URL.
        headers: further headers.
        json: a JSON body, of any shape.
        parts: a multipart form; ``"{image}"`` becomes a file.
        body: ``"{image}"``: the image alone, as bytes or base64.
        content_type: instead of the usual one.
    """

    url: str
    method: Literal["POST", "PUT"] = "POST"
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    json: Any = None
    parts: dict[str, str] | None = None
    body: Literal["{image}"] | None = None
    content_type: str | None = None


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """``[image]``: how an image becomes ``{image}``.

    Attributes:
        encoding: "tensor" is the raw array.
        form: of the encoded bytes; "list" nests a tensor's numbers.
        quality: of JPEG.
        size: [height, width], unless the run file says ``input_size``.
        min_size: [height, width] that the service refuses to go below.
        max_bytes: of one encoded image.
        dtype, layout: of a tensor.
        scale, mean, std: of a float tensor: (pixel * scale - mean) / std.
    """

    encoding: Literal["png", "jpeg", "tensor"] = "png"
    form: Literal["bytes", "base64", "data-uri", "list"] = "base64"
    quality: Annotated[int, msgspec.Meta(ge=1, le=100)] = 95
    size: Size = msgspec.field(default_factory=lambda: [224, 224])
    min_size: Size = msgspec.field(default_factory=lambda: [1, 1])
    max_bytes: Positive = 50_000_000
    dtype: Literal["uint8", "float32"] = "float32"
    layout: Literal["hwc", "chw"] = "chw"
    scale: float = 1 / 255
    mean: Channels = msgspec.field(default_factory=lambda: [0.0, 0.0, 0.0])
    std: Channels = msgspec.field(default_factory=lambda: [1.0, 1.0, 1.0])


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """``[batch]``: images in one request.

    Attributes:
        max: most that the service takes.
        default: how many are sent unless the run file says ``max_batch``; ``max`` if left out.
        in_flight: requests at once, unless the run file says ``max_in_flight``.
    """

    max: Positive = 1
    default: Positive | None = None
    in_flight: Positive = 8


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """``[answer]``: where the scores are and what they mean.

    Attributes:
        items: JMESPath from the body to a list with one item per image; without it the body answers one image.
        position: JMESPath from an item to its image's number from 0, where items may come in another order.
        path: JMESPath from an item to its scores.
        shape: "list" of objects, "mapping" from label to score, "vector" of scores in the labels' order, "label"
            alone, or "embedding": a vector whose cosine with each label's text is the score.
        label, score: JMESPath from an object of a list to its label and its score.
        names: what stands for a label in answers: itself, its letter (A, B, ...), or its number from 0.
        kind: what scores mean; see ``bbprompt.oracle.Answer``. What a missing label means follows from it: an error
            among probabilities, a share of the rest in top_k, below ``threshold`` among tags.
        scale: of what is answered; log is natural.
        top_k: labels that an answer lists at most, with kind top_k.
        threshold: below which the service hides tags, from 0 to 1; 0 if it hides none that it thought of.
        repeated: what a label listed twice means.
        open_vocabulary: whether labels that the run file does not list may come; they are left out.
    """

    path: str
    items: str | None = None
    position: str | None = None
    shape: Literal["list", "mapping", "vector", "label", "embedding"] = "list"
    label: str = "label"
    score: str = "score"
    names: Literal["label", "letter", "number"] = "label"
    kind: Literal["logits", "probabilities", "top_k", "tags", "similarity", "label"]
    scale: Literal["unit", "percent", "log"] = "unit"
    top_k: int | str | None = None
    threshold: float | str = 0.0
    repeated: Literal["refuse", "add", "largest"] = "refuse"
    open_vocabulary: bool = False


class Labels(msgspec.Struct, frozen=True, kw_only=True):
    """``[labels]``: how labels' texts become vectors, for answers of shape "embedding".

    Attributes:
        json: the request's body, ``{texts}`` in it.
        text: what is sent for a label.
        items, position, path: as in ``[answer]``; from an item to its vector.
    """

    json: Any
    text: str = "a photo of a {label}"
    items: str
    position: str | None = None
    path: str


class Errors(msgspec.Struct, frozen=True, kw_only=True):
    """``[errors]``: what a refusal means. Codes are HTTP statuses (numbers) or codes of the body (text).

    Attributes:
        ok: JMESPath that is true of the body of a success; any 2xx if left out.
        item: JMESPath from an item to its error, where a success may hold some.
        code, message: JMESPath from a body to its own code and words.
        retry: may go through later, beside 408, 409, 425, 429 and 5xx.
        final: will not.
        unbilled: certainly cost nothing, beside 401, 403, 404, 405, 413, 415 and 429.
        unanswered: say that the service will not score an image, for what it shows: that is kept as its answer, one
            that names no label.
        wait_s: JMESPath from a refusal's body to the seconds that it asks to wait.
    """

    ok: str | None = None
    item: str | None = None
    code: str | None = None
    message: str | None = None
    retry: list[Code] = []
    final: list[Code] = []
    unbilled: list[Code] = []
    unanswered: list[Code] = []
    wait_s: str | None = None


class Auth(msgspec.Struct, frozen=True, kw_only=True):
    """``[auth]``: where the key goes. It comes from ``key_env`` or ``key_command`` of the run file.

    Attributes:
        scheme: a header, a parameter of the URL, or AWS's signature.
        header, prefix: of scheme "header".
        parameter: of scheme "query".
        service, region: of scheme "sigv4".
        env: variable that holds the key unless the run file says ``key_env``.
        required: whether the service refuses requests without a key.
    """

    scheme: Literal["header", "query", "sigv4"] = "header"
    header: str = "Authorization"
    prefix: str = "Bearer "
    parameter: str = "api_key"
    service: str = ""
    region: str = "{region}"
    env: str | None = None
    required: bool = True


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """``[poll]``: the answer is fetched after the request.

    Attributes:
        url: ``{url}``, options and ``{id}`` in it; or a JMESPath from the body to it, if ``url_path`` says so.
        url_path: JMESPath from the body to the URL, which must be on the same host.
        id: JMESPath from the body to ``{id}``.
        pending: JMESPath that is true of a body that is not ready; not for streams.
        stream: whether the URL is a stream of server-sent events.
        done, failed: events of a stream that end it.
        every_s: seconds between two looks.
        within_s: seconds after which it is given up.
    """

    url: str = ""
    url_path: str | None = None
    id: str | None = None
    pending: str | None = None
    stream: bool = False
    done: str = "complete"
    failed: str = "error"
    every_s: Annotated[float, msgspec.Meta(gt=0)] = 0.5
    within_s: Annotated[float, msgspec.Meta(gt=0)] = 300.0


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """``[price]``: what is charged for. How much is in the run file, as ``usd_per_image`` and so on.

    Attributes:
        unit: of the price.
        amount: JMESPath from the body to tokens or seconds used; without it the time that the answer took.
        most: units that one request may use: what is set aside for it before it is sent.
    """

    unit: Literal["image", "request", "token", "second"] = "image"
    amount: str | None = None
    most: Annotated[float, msgspec.Meta(gt=0)] | None = None


class Mapped(msgspec.Struct, frozen=True, kw_only=True):
    """``[mapped]``: what else of an item ``bbprompt proxy`` must change where it maps labels; JMESPath all.

    Attributes:
        best: where the label of the largest score is said again.
        best_score: where that score is.
        blank: what is about that label and has no meaning for a class; becomes null.
    """

    best: list[str] = []
    best_score: list[str] = []
    blank: list[str] = []
