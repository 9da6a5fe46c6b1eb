"""Gain against distance to ImageNet and against diversity, one point a data set: Fig. 5 of Bahng et al. 2022.

    python -m benchmarks.paper run domains
    python -m benchmarks.paper.domains [--images 100]
    python -m benchmarks.paper.domains --scale paper --data DIR --imagenet DIR --inception FILE --alexnet FILE

The first measures the gains; this reads them, measures the distances and writes domains-SCALE.json, .md and .png. The
small scale's distances are Lite0's own (``distances``); the paper's FID and LPIPS, from weights on disk
(``published_distances``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

import click
import msgspec
import numpy as np
from scipy.stats import spearmanr

from bbprompt.arrays import UInt8
from bbprompt.data import load_source
from bbprompt.table import markdown_table
from benchmarks import RESULTS
from benchmarks.documents import write_json
from benchmarks.machine import Machine, describe
from benchmarks.paper.experiments.domains import DOMAINS, SOURCES
from benchmarks.paper.inputs import DATA, PLACE, prepare
from benchmarks.paper.records import Scale
from benchmarks.paper.store import Store, of_today
from benchmarks.paper.table import gather

FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)
FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
SMALL_AXES = ("Frechet distance to ImageNet on Lite0", "diversity on Lite0")
PAPER_AXES = ("FID to ImageNet", "LPIPS diversity")
LOADED = 128
"""Side in pixels that image files are brought to before they are compared; Inception and AlexNet enlarge."""

Measure = Callable[[UInt8], tuple[float, float]]
"""From images (n, H, W, 3) to their distance and their diversity."""


class Domain(msgspec.Struct, frozen=True, kw_only=True):
    """One data set.

    Attributes:
        distance: to ImageNet.
        diversity: among its images.
        gain: of a prompt over none, in points of accuracy, mean over seeds; ``None`` where it was not measured.
    """

    name: str
    distance: float
    diversity: float
    gain: float | None


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What is committed.

    Attributes:
        machine: what the distances were measured on.
        axes: what distance and diversity are.
        images: of each data set, at most.
        domains: one a data set.
    """

    machine: Machine
    axes: tuple[str, str]
    images: int
    domains: list[Domain]


def gains(scale: Scale, results: Path) -> dict[str, float]:
    """Points of accuracy that a prompt adds, by data set."""
    found = gather(of_today(DOMAINS, Store(results).records(DOMAINS.name, scale)))
    return {
        row: mean(found["prompt", row]) - mean(found["no prompt", row])
        for row in DOMAINS.rows[scale]
        if {("prompt", row), ("no prompt", row)} <= found.keys()
    }


def measured(sources: dict[str, str], measure: Measure, *, images: int, gained: dict[str, float]) -> list[Domain]:
    """Measure each data set on ``images`` of its own."""
    domains = []
    for name, source in sources.items():
        pool = load_source(source, size=(LOADED, LOADED)).pool
        rows = np.sort(np.random.default_rng(0).permutation(len(pool))[:images])
        distance, diversity = measure(pool.take(rows).images)
        domains.append(Domain(name=name, distance=distance, diversity=diversity, gain=gained.get(name)))
    return domains


def table(document: Document) -> str:
    """The figures as Markdown, with rank correlations: four points say little."""
    heading = f"### `python -m benchmarks.paper.domains`: {DOMAINS.title}, against distance and diversity"
    rows = [(d.name, f"{d.distance:.3f}", f"{d.diversity:.3f}", _points(d.gain)) for d in document.domains]
    shown = markdown_table(("", *document.axes, "gain, points"), rows)
    words = "Published: prompts gain more the farther images are from ImageNet's, and the less varied they are."
    return "\n".join([heading, "", words, "", shown, "", *_correlations(document)]) + "\n"


def _points(gain: float | None) -> str:
    return "–" if gain is None else f"{gain:+.1f}"


def _correlations(document: Document) -> list[str]:
    known = [(domain, domain.gain) for domain in document.domains if domain.gain is not None]
    if len(known) < 3:
        return ["Too few gains are measured for a correlation."]
    gained = [gain for _, gain in known]
    values = ([domain.distance for domain, _ in known], [domain.diversity for domain, _ in known])
    return [
        f"- rank correlation of the gain with {axis}: {spearmanr(each, gained).statistic:+.2f} ({len(known)} data sets)"
        for axis, each in zip(document.axes, values, strict=True)
    ]


def draw(document: Document, path: Path) -> None:
    """Two panels, one for each axis."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 3.2), layout="constrained")
    panels: Sequence[object] = figure.subplots(1, 2, sharey=True)
    for panel, axis, key in zip(panels, document.axes, ("distance", "diversity"), strict=True):
        for domain in document.domains:
            if domain.gain is not None:
                at = getattr(domain, key)
                panel.plot(at, domain.gain, "o", color="C0")  # type: ignore[attr-defined]
                panel.annotate(domain.name, (at, domain.gain), fontsize="small")  # type: ignore[attr-defined]
        panel.set(xlabel=axis, ylabel="gain, points")  # type: ignore[attr-defined]
    figure.savefig(path)


@click.command()
@click.option("--scale", type=click.Choice(["small", "paper"]), default="small", show_default=True)
@click.option("--data", type=FOLDER, default=DATA, show_default="../shared/data", help="Inputs.")
@click.option("--images", type=click.IntRange(min=2), default=100, show_default=True, help="Of each data set.")
@click.option("--imagenet", type=FOLDER, help="Paper scale: a folder of ImageNet's images.")
@click.option("--inception", type=FILE, help="Paper scale: torch-fidelity's Inception weights.")
@click.option("--alexnet", type=FILE, help="Paper scale: torchvision's AlexNet weights.")
@click.option("--results", type=click.Path(path_type=Path, file_okay=False), default=RESULTS / "paper")
def main(
    scale: Scale,
    data: Path,
    images: int,
    imagenet: Path | None,
    inception: Path | None,
    alexnet: Path | None,
    results: Path,
) -> None:
    """Put the measured gains beside distances."""
    gained = gains(scale, results)
    with TemporaryDirectory() as folder:
        if scale == "small":
            prepare(data, Path(folder))
            sources = {name: source.replace(PLACE, folder) for name, (source, _) in SOURCES.items()}
            measure, axes = _on_lite0(), SMALL_AXES
        else:
            sources = {name: f"{name}:{data / name}" for name in DOMAINS.rows[scale]}
            measure, axes = _published(imagenet, inception, alexnet), PAPER_AXES
        domains = measured(sources, measure, images=images, gained=gained)
    document = Document(machine=describe(), axes=axes, images=images, domains=domains)
    stem = results / f"domains-{scale}-distances"
    write_json(stem.with_suffix(".json"), document)
    stem.with_suffix(".md").write_text(table(document), encoding="utf-8")
    draw(document, stem.with_suffix(".png"))
    click.echo(table(document))


def _on_lite0() -> Measure:
    from benchmarks.paper.distances import Features

    features = Features()
    return lambda images: (features.distance(images), features.diversity(images))


def _published(imagenet: Path | None, inception: Path | None, alexnet: Path | None) -> Measure:
    if imagenet is None or inception is None or alexnet is None:
        raise click.UsageError("--scale paper needs --imagenet, --inception and --alexnet; nothing is downloaded")
    from benchmarks.paper.published_distances import diversity, fid

    return lambda images: (fid(images, imagenet, inception), diversity(images, alexnet))


if __name__ == "__main__":
    main()
