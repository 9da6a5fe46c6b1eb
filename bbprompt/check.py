"""Pre-flight: one image through the oracle, before a run's budget is spent."""

from __future__ import annotations

import time
from collections.abc import Iterator

import msgspec

from bbprompt.config import RunConfig
from bbprompt.oracle import check_scores
from bbprompt.rounded import decimals
from bbprompt.run import open_run


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """What one query showed.

    Attributes:
        answer: what the scores mean.
        top: the label that scored highest for the first training image.
        seconds_per_query: of this one query; requests in batches and in flight together are faster.
        queries: that the run would send at most; ``None`` for gradients.
        usd: at most; ``None`` where the price is unknown or nothing is paid.
        open_vocabulary: whether answers may hold labels beyond those that are listed.
        decimals: that its probabilities look rounded to; ``None`` where they do not.
    """

    oracle: str
    input_size: tuple[int, int]
    labels: int
    answer: str
    top: str
    seconds_per_query: float
    queries: int | None
    usd: float | None
    open_vocabulary: bool = False
    decimals: int | None = None

    def lines(self) -> Iterator[str]:
        """Say it in words."""
        h, w = self.input_size
        beyond = " of an open vocabulary" if self.open_vocabulary else ""
        yield f"{self.oracle} answers: {self.answer} over {self.labels} labels{beyond}, for images of {h}x{w} pixels"
        yield f"the first training image, unprompted, is {self.top!r} to it ({self.seconds_per_query:.3f} s)"
        if self.decimals is not None:
            yield (
                f"its probabilities look rounded to {self.decimals} decimals: a label map learns more from more of them, "
                "so ask the service for all that it has"
            )
        if self.queries is None:
            yield "the run is local: nothing is paid"
        else:
            price = "at an unknown price" if self.usd is None else f"for at most ${self.usd:.2f}"
            hours = self.queries * self.seconds_per_query / 3600
            yield f"the run would send at most {self.queries} queries {price}, {hours:.2f} hours at most at this pace"


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
    seconds = time.perf_counter() - started
    return Check(
        oracle=task.spec.name,
        input_size=task.spec.input_size,
        labels=len(task.spec.labels),
        answer=str(scores.answer),
        top=task.spec.labels[int(scores.log()[0].argmax())],
        seconds_per_query=seconds,
        queries=plan.total if plan else None,
        usd=task.spec.usd(plan.total) if plan else None,
        open_vocabulary=task.spec.open_vocabulary,
        decimals=decimals(scores),
    )
