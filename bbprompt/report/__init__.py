"""Finished runs as one HTML page that needs nothing else: no script, no request, no font."""

from bbprompt.report.page import write_report

__all__ = ["write_report"]
