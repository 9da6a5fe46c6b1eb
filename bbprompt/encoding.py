"""How people's text files are read."""

from __future__ import annotations

TEXT = "utf-8-sig"
"""UTF-8, also as editors on Windows and Excel write it: behind a byte-order mark, which belongs to no word of it."""
