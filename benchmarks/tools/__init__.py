"""docs/tools.md, run as it stands with the real tools, and what it does to a real prompt's accuracy."""
