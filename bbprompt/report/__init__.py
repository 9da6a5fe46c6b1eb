"""Finished runs as one HTML page that needs nothing else: no script, no request, no font."""

from bbprompt.report.page import write_report
from bbprompt.report.paper import save_curves

__all__ = ["save_curves", "write_report"]
