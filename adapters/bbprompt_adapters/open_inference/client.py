"""A model behind the Open Inference Protocol v2 (Triton, KServe, MLServer, ``bbprompt serve``) as an oracle."""

from __future__ import annotations

import weakref
from collections.abc import Mapping

import numpy as np

from bbprompt.arrays import UInt8
from bbprompt.errors import AnswerError
from bbprompt.oracle import OracleSpec, Scores, as_float32, check_request, check_scores
from bbprompt_adapters.http.library import httpx
from bbprompt_adapters.http.transport import Reply, Transport
from bbprompt_adapters.open_inference.messages import JSON_SIZE, decode_response, encode_request
from bbprompt_adapters.open_inference.metadata import (
    BINARY,
    fetch_max_batch,
    fetch_model,
    fetch_server,
    find_image_input,
    find_output,
    model_path,
)
from bbprompt_adapters.open_inference.options import Options, read_credentials, read_options
from bbprompt_adapters.open_inference.pixels import Pixels, make_pixels
from bbprompt_adapters.open_inference.spec import make_spec
from bbprompt_adapters.open_inference.tensors import CodecError, Tensor


class OpenInferenceOracle:
    """One model on one server. One query is one request; safe to query from ``spec.max_in_flight`` threads."""

    def __init__(
        self, transport: Transport, *, spec: OracleSpec, model: str, pixels: Pixels, output: str, binary: bool
    ) -> None:
        """Hold what ``open_oracle`` found out; it is what makes one of these."""
        self.spec = spec
        self._transport = transport
        self._path = f"{model_path(model)}/infer"
        self._pixels = pixels
        self._output = output
        self._binary = binary
        self.close = weakref.finalize(self, transport.close)

    def query(self, images: UInt8) -> Scores:
        """Score n images in one request: uint8, shape (n, h, w, 3), RGB, n up to ``spec.max_batch``.

        Raises:
            DataError: the images have the wrong dtype or shape, or are too many. Nothing was sent.
            OracleError: the request failed; the error says whether it may have been billed.
            AnswerError: the answer is no usable scores.
        """
        check_request(images, self.spec)
        body = encode_request(self._pixels(images), output=self._output, binary=self._binary)
        limit = 100_000 + 64 * len(images) * len(self.spec.labels)
        reply = self._transport.post(self._path, body.content, body.headers, max_bytes=limit)
        with self._transport.reading(reply.content):
            return check_scores(Scores(self._read(reply), self.spec.answer), self.spec, len(images))

    def _read(self, reply: Reply) -> np.ndarray:
        try:
            outputs = decode_response(reply.content, reply.headers.get(JSON_SIZE))
        except CodecError as error:
            raise AnswerError(f"{self.spec.name} answered with something else than scores: {error}") from error
        return self._pick(outputs)

    def _pick(self, outputs: list[Tensor]) -> np.ndarray:
        for tensor in outputs:
            if tensor.name == self._output:
                return as_float32(tensor.values)
        names = ", ".join(tensor.name for tensor in outputs) or "none"
        raise AnswerError(f"{self.spec.name} answered the outputs {names}; expected {self._output!r}")


def open_oracle(
    options: Mapping[str, object], *, transport: httpx.BaseTransport | None = None
) -> OpenInferenceOracle:
    """Ask the server about the model and return it as an oracle. Nothing is paid.

    Args:
        options: see ``Options``.
        transport: stands in for the network in tests.

    Raises:
        ConfigError: an option that does not fit, or one that is missing because the server leaves it open.
        OracleError: no server, or no such model.
    """
    chosen = read_options(options)
    connection = Transport(
        chosen.url,
        timeout_s=chosen.timeout_s,
        max_connections=chosen.max_in_flight,
        credentials=read_credentials(chosen.key_env),
        transport=transport,
    )
    try:
        return _open(connection, chosen)
    except BaseException:
        connection.close()
        raise


def _open(transport: Transport, options: Options) -> OpenInferenceOracle:
    info = fetch_model(transport, options.model)
    target, output = find_image_input(info), find_output(info, options.output)
    server = fetch_server(transport)
    most = info.extras.max_batch or fetch_max_batch(transport, options.model, server)
    return OpenInferenceOracle(
        transport,
        spec=make_spec(info, target, output, options, max_batch=most),
        model=options.model,
        pixels=make_pixels(target, options),
        output=output.name,
        binary=BINARY in server.extensions,
    )
