"""Many images: going on where an earlier call stopped, past every file that cannot be used."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from bbprompt.atomic import write_atomically
from bbprompt.deploy.laying import Done, Laying, Pair, lay_one
from bbprompt.deploy.processes import AT_ONCE, lay_in_processes
from bbprompt.errors import DataError
from bbprompt.overlay import Overlay, encode_overlay

MARKER = ".bbprompt-apply"
"""In the output folder: which prompt its images were laid with."""


def lay_folder(
    overlay: Overlay,
    pairs: Sequence[Pair],
    folder: Path,
    *,
    jobs: int,
    overwrite: bool = False,
    draft: bool = False,
) -> Iterator[Done]:
    """Lay ``overlay`` over images, and say of each what became of it, in order.

    Args:
        overlay: what is laid.
        pairs: from ``pair_files``, all of whose targets lie in ``folder``.
        folder: where the targets go. What an earlier call with the same prompt has laid there is kept, unless its
            image is newer.
        jobs: processes; 1 works in this one.
        overwrite: lay all of them, whatever is there.
        draft: see ``Laying``.

    Raises:
        DataError: ``folder`` holds another prompt's images, or cannot be written.
    """
    since_ns = _claim(folder, _identity(overlay, draft), overwrite=overwrite)
    todo = [pair for pair in pairs if not _is_done(*pair, since_ns=since_ns)]
    again = set(todo)
    yield from (Done(pair[0], kept=True) for pair in pairs if pair not in again)
    if jobs == 1 or len(todo) <= AT_ONCE:
        laying = Laying(overlay, draft)
        yield from (lay_one(laying, pair) for pair in todo)
    else:
        yield from lay_in_processes(encode_overlay(overlay), todo, jobs=jobs, draft=draft)


def _claim(folder: Path, prompt: str, *, overwrite: bool) -> int:
    """Mark ``folder`` as this prompt's; return since when it is: what is older is another's, or to be overwritten."""
    marker = folder / MARKER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        found = marker.read_text("utf-8").strip() if marker.exists() else None
        if found not in (None, prompt) and not overwrite:
            raise DataError(
                f"{folder} holds images of another prompt, or a draft; give another folder, or --overwrite"
            )
        if found is None or overwrite:
            write_atomically(marker, f"{prompt}\n".encode())
        return marker.stat().st_mtime_ns
    except OSError as error:
        raise DataError(f"cannot write into {folder}: {error.strerror or error}") from error


def _identity(overlay: Overlay, draft: bool) -> str:
    """What decides the laid pixels, hashed."""
    template = repr((overlay.template.name, overlay.template, draft)).encode()
    return hashlib.sha256(template + overlay.levels.astype("<i2").tobytes()).hexdigest()


def _is_done(source: Path, target: Path, *, since_ns: int) -> bool:
    try:
        made = target.stat()
        newer = made.st_mtime_ns >= max(source.stat().st_mtime_ns, since_ns)
        return newer and made.st_size > 0 and not target.samefile(source)
    except OSError:
        return False
