"""What the site needs beyond Markdown: files of the repository that pages link to, and formulas without a script."""

from __future__ import annotations

import html
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from latex2mathml.converter import convert
from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

COPIES = "source"
"""Where the copies of files beyond docs/ lie on the site."""
BEYOND = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<target>(?:\.\./)+[^)#\s]+)\)")
FORMULA = re.compile(r'<(?P<tag>span|div) class="arithmatex">\\[(\[](?P<tex>.*?)\\[)\]]</(?P=tag)>', re.DOTALL)


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add each file beyond docs/ that a page links to."""
    for page in list(files.documentation_pages()):
        for found in BEYOND.finditer(page.content_string):
            path = _beyond(page, found["target"], config)
            uri = f"{COPIES}/{_in_repository(path, config)}" if path and path.is_file() else None
            if uri and files.get_file_from_path(uri) is None:
                files.append(File.generated(config, uri, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Lead links beyond docs/ to the copies; a folder has none, and its name is enough."""

    def lead(found: re.Match[str]) -> str:
        path = _beyond(page.file, found["target"], config)
        if path is None:
            return found[0]
        up = "../" * (len(PurePosixPath(page.file.src_uri).parts) - 1)
        copy = f"{up}{COPIES}/{_in_repository(path, config)}"
        return (
            f"[{found['text']}]({copy})"
            if path.is_file()
            else f"{found['text']} (`{_in_repository(path, config)}`)"
        )

    return BEYOND.sub(lead, markdown)


def on_page_content(content: str, /, **_: Any) -> str:
    """Set formulas as MathML, which browsers know by themselves."""

    def mathml(found: re.Match[str]) -> str:
        tex = html.unescape(found["tex"])
        if found["tag"] == "span":
            return convert(tex, display="inline")
        return f'<div class="formula" tabindex="0">{convert(tex, display="block")}</div>'

    return FORMULA.sub(mathml, content)


def _beyond(page: File, target: str, config: MkDocsConfig) -> Path | None:
    """The file that a page's link leads to, if it is not in docs/."""
    docs = Path(config.docs_dir)
    path = (docs / page.src_uri).parent.joinpath(target).resolve()
    return None if path.is_relative_to(docs) else path


def _in_repository(path: Path, config: MkDocsConfig) -> str:
    return path.relative_to(Path(config.docs_dir).parent).as_posix()
