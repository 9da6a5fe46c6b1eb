"""What a source holds, before it is split."""

from __future__ import annotations

from dataclasses import dataclass

from bbprompt.data.listing import Pool
from bbprompt.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """What a source holds.

    Attributes:
        pool: images to split.
        test: the source's own test images, with the same classes; ``None`` where test is split off the pool.
    """

    pool: Pool
    test: Pool | None = None

    def __post_init__(self) -> None:
        if self.test is not None and self.test.classes != self.pool.classes:
            odd = sorted(set(self.test.classes) ^ set(self.pool.classes)) or list(self.test.classes)
            raise DataError(
                f"train and test must have the same classes, in the same order; they differ in {', '.join(odd[:5])}"
            )
