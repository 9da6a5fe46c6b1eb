"""Lay an overlay over image files, folders and streams. Pillow and numpy only."""

from bbprompt.deploy.files import pair_files
from bbprompt.deploy.folder import lay_folder
from bbprompt.deploy.laying import Done, Laying, apply_to_file
from bbprompt.deploy.stream import lay_stream

__all__ = ["Done", "Laying", "apply_to_file", "lay_folder", "lay_stream", "pair_files"]
