"""Finished runs as one HTML page that needs nothing else: no script, no request, no font."""

from bbprompt.report.gallery import open_exhibit, write_gallery
from bbprompt.report.page import write_report
from bbprompt.report.paper import save_figures

__all__ = ["open_exhibit", "save_figures", "write_gallery", "write_report"]
