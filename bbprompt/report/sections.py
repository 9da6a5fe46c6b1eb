"""What the page says of one run: its headline in words, its prompt, its examples, its confusion."""

from __future__ import annotations

from dataclasses import dataclass

from bbprompt.arrays import UInt8
from bbprompt.records import AccuracyRecord, Costs, Examples, ResultRecord, RunRecord
from bbprompt.report.pictures import image_uri, png_uri, shown_width, stretched_uri
from bbprompt.table import ENDED, accuracy, count, money, no_prompt_name, outlook_words, seconds


@dataclass(frozen=True, slots=True)
class View:
    """One test image as the oracle got it, and the class it was taken for."""

    what: str
    uri: str
    predicted: str
    right: bool


@dataclass(frozen=True, slots=True)
class Example:
    """One test image without and with the prompt."""

    target: str
    views: tuple[View, View]


@dataclass(frozen=True, slots=True)
class Cell:
    """Images of one true class that were taken for one class, and their share of that true class."""

    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Section:
    """One run; pictures are data URIs, the prompt's to be shown ``width`` pixels wide."""

    anchor: str
    name: str
    result: ResultRecord
    headline: str
    width: int
    overlay: str
    stretched: str
    examples: list[Example]
    confusion: list[list[Cell]]


def section(run: RunRecord, *, anchor: str) -> Section:
    """Gather what the page says of ``run``.

    Raises:
        OverlayError: its PNG is damaged.
    """
    return Section(
        anchor=anchor,
        name=run.name,
        result=run.result,
        headline=headline(run.result),
        width=shown_width(run.overlay_png),
        overlay=png_uri(run.overlay_png),
        stretched=stretched_uri(run.overlay_png),
        examples=_examples(run.examples, run.result.classes),
        confusion=[[Cell(n, n / max(1, sum(row))) for n in row] for row in run.result.confusion],
    )


def headline(result: ResultRecord) -> str:
    """One sentence: what was reached, against what, at what cost; it follows the run's name."""
    against = f"{no_prompt_name(result)} map ({accuracy(result.no_prompt)})"
    ended = f"; {ENDED[result.stopped]}" if result.stopped in ENDED else ""
    expected = f" Before: {outlook_words(result.outlook)}." if result.outlook else ""
    return (
        f"gets {accuracy(result.prompt)} of the test images right, "
        f"{_difference(result.prompt, result.no_prompt)} {against}, {_cost(result.costs)}{ended}.{expected}"
    )


def _difference(prompt: AccuracyRecord, no_prompt: AccuracyRecord) -> str:
    points = round(100 * prompt.accuracy, 1) - round(100 * no_prompt.accuracy, 1)
    overlap = prompt.low <= no_prompt.high and no_prompt.low <= prompt.high
    if abs(points) < 0.05:
        return "the same as"
    words = f"{abs(points):.1f} points {'more' if points > 0 else 'fewer'}"
    return f"{words} (the intervals overlap) than" if overlap else f"{words} than"


def _cost(costs: Costs) -> str:
    time = f"in {seconds(costs.seconds)} s"
    if costs.queries is None:
        return f"with {count(costs.passes)} images passed through a local model, nothing paid, {time}"
    price = "price unknown" if costs.usd is None else f"for {money(costs.usd)}"
    return f"with {count(costs.queries)} queries, {price}, {time}"


def _examples(examples: Examples, classes: tuple[str, ...]) -> list[Example]:
    def view(what: str, pixels: UInt8, target: int, predicted: int) -> View:
        return View(what, image_uri(pixels), classes[predicted], predicted == target)

    return [
        Example(
            classes[target],
            (view("no prompt", before, target, taken_before), view("with the prompt", after, target, taken_after)),
        )
        for before, after, target, taken_before, taken_after in zip(
            examples.before,
            examples.after,
            examples.targets.tolist(),
            examples.predicted_before.tolist(),
            examples.predicted_after.tolist(),
            strict=True,
        )
    ]
