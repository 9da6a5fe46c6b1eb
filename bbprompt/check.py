"""Pre-flight: one image through the oracle, before a run's budget is spent."""

from __future__ import annotations

import time
from collections.abc import Iterator

import msgspec

from bbprompt.config import RunConfig
from bbprompt.oracle import OracleSpec, check_scores
from bbprompt.plan import price_at_most
from bbprompt.rounded import decimals
from bbprompt.run import open_run


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """What one query showed.

    Attributes:
        answer: what the scores mean.
        top: the label that scored highest for the first training image; ``None`` if none is above another.
        seconds_per_query: of this one query; requests in batches and in flight together are faster.
        queries: that the run would send at most; ``None`` for gradients.
        usd: at most; ``None`` where the price is unknown or nothing is paid.
        hours: at most, one query after the other, and no sooner than the limit of requests a minute lets them.
        usd_told: what the service says that this one query cost; ``None`` if it does not say.
        usd_set_aside: what the budget holds ready for such a request before it is sent.
        open_vocabulary: whether answers may hold labels beyond those that are listed.
        decimals: that its probabilities look rounded to; ``None`` where they do not.
    """

    oracle: str
    input_size: tuple[int, int]
    labels: int
    answer: str
    top: str | None
    seconds_per_query: float
    queries: int | None
    usd: float | None
    hours: float | None
    usd_told: float | None = None
    usd_set_aside: float | None = None
    open_vocabulary: bool = False
    decimals: int | None = None

    def lines(self) -> Iterator[str]:
        """Say it in words."""
        h, w = self.input_size
        beyond = " of an open vocabulary" if self.open_vocabulary else ""
        yield f"{self.oracle} answers: {self.answer} over {self.labels} labels{beyond}, for images of {h}x{w} pixels"
        is_what = "no label" if self.top is None else repr(self.top)
        yield f"the first training image, unprompted, is {is_what} to it ({self.seconds_per_query:.3f} s)"
        if self.decimals is not None:
            yield (
                f"its probabilities look rounded to {self.decimals} decimals: a label map learns more from more of them, "
                "so ask the service for all that it has"
            )
        if self.usd_told is not None and self.usd_set_aside is not None and self.usd_told > self.usd_set_aside:
            yield (
                f"it cost ${self.usd_told:.6g} by the service's own word, and ${self.usd_set_aside:.6g} is set aside for "
                "a request: a budget in dollars may be passed; raise [oracle] most_per_request"
            )
        if self.queries is None:
            yield "the run is local: nothing is paid"
        else:
            price = "at an unknown price" if self.usd is None else f"for at most ${self.usd:.2f}"
            length = f"{self.hours:.2f} hours at most at this pace"
            yield f"the run would send at most {self.queries} queries {price}, {length}"


def check_run(config: RunConfig) -> Check:
    """Send one training image, unprompted. Costs one query.

    Raises:
        ConfigError: the run file cannot be used.
        OracleError: the oracle does not answer, or not with usable scores.
    """
    task, plan = open_run(config)
    image = task.plain(task.splits.train.images[:1])
    started = time.perf_counter()
    scores = check_scores(task.oracle.query(image), task.spec, 1)
    seconds, spec = time.perf_counter() - started, task.spec
    return Check(
        oracle=spec.name,
        input_size=spec.input_size,
        labels=len(spec.labels),
        answer=str(scores.answer),
        top=None if scores.blank()[0] else spec.labels[int(scores.log()[0].argmax())],
        seconds_per_query=seconds,
        queries=plan.total if plan else None,
        usd=price_at_most(task, plan) if plan else None,
        hours=plan.total * _pace_s(spec, seconds) / 3600 if plan else None,
        usd_told=scores.usd,
        usd_set_aside=spec.usd(1, requests=1),
        open_vocabulary=spec.open_vocabulary,
        decimals=decimals(scores),
    )


def _pace_s(spec: OracleSpec, seconds: float) -> float:
    """Seconds per query: as long as one took, or as the limit of requests a minute, which are full, leaves between."""
    limit = spec.requests_per_minute
    return seconds if not limit else max(seconds, 60 / limit / spec.max_batch)
