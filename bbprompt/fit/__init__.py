"""Two short loops over the same objective: one may only query, the other may differentiate."""

from bbprompt.fit.by_gradient import differentiable, fit_by_gradient
from bbprompt.fit.by_query import fit_by_query
from bbprompt.fit.gradient_settings import GradientSettings
from bbprompt.fit.layout import Place
from bbprompt.fit.selection import Fit, Selection

__all__ = ["Fit", "GradientSettings", "Place", "Selection", "differentiable", "fit_by_gradient", "fit_by_query"]
