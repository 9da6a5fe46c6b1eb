"""Every experiment: one file each, one line in ``EXPERIMENTS`` each."""

from __future__ import annotations

from benchmarks.paper.experiment import Experiment
from benchmarks.paper.experiments.dogs_and_cats import DOGS_AND_CATS
from benchmarks.paper.experiments.domains import DOMAINS
from benchmarks.paper.experiments.maps import MAPS
from benchmarks.paper.experiments.methods import METHODS
from benchmarks.paper.experiments.regimes import REGIMES
from benchmarks.paper.experiments.shift import SHIFT
from benchmarks.paper.experiments.templates import TEMPLATES, TEMPLATES_TEXT
from benchmarks.paper.experiments.texts import TEXTS

EXPERIMENTS: dict[str, Experiment] = {
    experiment.name: experiment
    for experiment in (TEMPLATES, TEMPLATES_TEXT, DOGS_AND_CATS, MAPS, METHODS, REGIMES, TEXTS, SHIFT, DOMAINS)
}
