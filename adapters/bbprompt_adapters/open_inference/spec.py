"""What is known of a served model before it is asked: what its server says, and what the options add."""

from __future__ import annotations

from collections.abc import Sequence

from bbprompt.errors import ConfigError
from bbprompt.oracle import Answer, OracleSpec
from bbprompt_adapters.open_inference.metadata import ImageInput, ModelInfo, TensorInfo
from bbprompt_adapters.open_inference.options import Options, read_labels

DEFAULT_MAX_BATCH = 16


def make_spec(
    info: ModelInfo, target: ImageInput, output: TensorInfo, options: Options, *, max_batch: int | None
) -> OracleSpec:
    """Return the spec; where the options say nothing the server is believed.

    Args:
        info: what the server says of the model.
        target: where the images go.
        output: where the scores are.
        options: what the run file says.
        max_batch: most images in one request, if the server says so.

    Raises:
        ConfigError: options and server contradict each other, or neither says what is needed.
    """
    extras = info.extras
    version = (info.versions or ["-"])[-1]
    return OracleSpec(
        name=options.identity or extras.identity or f"{options.url.rstrip('/')} {options.model} {version}",
        input_size=_input_size(target, options),
        labels=_labels(output, extras.labels, options),
        answer=Answer(options.answer or extras.answer or Answer.PROBABILITIES),
        max_batch=_max_batch(target, max_batch, options),
        max_in_flight=options.max_in_flight,
        usd_per_query=options.usd_per_query,
    )


def _input_size(target: ImageInput, options: Options) -> tuple[int, int]:
    wanted = options.input_size
    pair: Sequence[int | None] = [wanted] * 2 if isinstance(wanted, int) else wanted or [None] * 2
    height, width = (fixed or chosen for fixed, chosen in zip(target.size, pair, strict=True))
    if height is None or width is None:
        raise ConfigError("[oracle] input_size: the model takes any size; say which, as pixels or [height, width]")
    if wanted is not None and pair != [height, width]:
        raise ConfigError(
            f"[oracle] input_size: the model takes {height} x {width} pixels, got {wanted}; leave it out"
        )
    return height, width


def _labels(output: TensorInfo, served: list[str] | None, options: Options) -> tuple[str, ...]:
    width = output.shape[-1]
    labels = tuple(served or ()) if options.labels is None else read_labels(options.labels)
    if not labels:
        labels = tuple(f"class_{column}" for column in range(width))
    if not labels or (width > 0 and len(labels) != width):
        columns = width if width > 0 else "any number of"
        raise ConfigError(f"[oracle] labels: the model answers {columns} columns, got {len(labels)} labels")
    return labels


def _max_batch(target: ImageInput, served: int | None, options: Options) -> int:
    if target.batch not in (None, 1):
        raise ConfigError(
            f"the model wants exactly {target.batch} images in a request; serve it with any batch size"
        )
    most = target.batch or served
    if options.max_batch and most:
        return min(options.max_batch, most)
    return options.max_batch or most or DEFAULT_MAX_BATCH
