"""Finished runs as one HTML page that needs nothing else: no script, no request, no font."""

from bbprompt.report.page import write_report
from bbprompt.report.paper import save_figures

__all__ = ["save_figures", "write_report"]
