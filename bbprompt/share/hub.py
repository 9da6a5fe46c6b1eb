"""Cards on the Hugging Face hub, through its own client: ``HF_ENDPOINT`` and ``HF_TOKEN`` mean what they always do."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bbprompt.errors import ConfigError, OverlayError, UsageError
from bbprompt.registry import needs_extra
from bbprompt.share.card import FILES
from bbprompt.share.reading import read_card

if TYPE_CHECKING:
    from huggingface_hub import HfApi


def push(folder: Path, repository: str, *, public: bool = False) -> str:
    """Upload a card's folder as one commit; return where it is.

    Args:
        folder: what ``write_card`` wrote.
        repository: "OWNER/NAME"; made if there is none yet.
        public: whether one that is made is for everybody; one that is there stays as it is.

    Raises:
        ConfigError: the extra ``hub`` is not installed.
        OverlayError: the folder is no card.
        UsageError: the hub cannot be reached, or refuses.
    """
    read_card(folder)
    with _client(repository) as api:
        from huggingface_hub import CommitOperationAdd

        api.create_repo(repository, private=not public, exist_ok=True)
        files = [CommitOperationAdd(name, folder / name) for name in FILES]
        return api.create_commit(repository, files, commit_message="A pixel prompt").commit_url


def pull(repository: str, out: Path, *, revision: str = "main") -> Path:
    """Download a card into the folder ``out``, if it is whole; return its PNG.

    Args:
        repository: "OWNER/NAME".
        out: a folder; files of an earlier pull are replaced.
        revision: a branch, a tag or a commit. All files are of the one commit that it is now.

    Raises:
        ConfigError: the extra ``hub`` is not installed, or the folder cannot be written into.
        OverlayError: what is there is no card, or a damaged one; ``out`` is left as it was.
        UsageError: the hub cannot be reached, or refuses.
    """
    with TemporaryDirectory() as folder:
        with _client(repository) as api:
            commit = api.model_info(repository, revision=revision).sha
            for name in FILES:
                api.hf_hub_download(repository, name, revision=commit, local_dir=folder)
        read_card(Path(folder))
        try:
            out.mkdir(parents=True, exist_ok=True)
            for name in FILES:
                shutil.copyfile(Path(folder) / name, out / name)
        except OSError as error:
            raise ConfigError(f"cannot write into {out}: {error.strerror}; name another --out") from error
    return out / FILES[1]


@contextmanager
def _client(repository: str) -> Iterator[HfApi]:
    """The hub's client; whatever goes wrong with it is one line that names the repository."""
    with needs_extra("hub"):
        from huggingface_hub import HfApi, errors
        from huggingface_hub.utils.tqdm import disable_progress_bars

    disable_progress_bars()
    api = HfApi(library_name="bbprompt")
    try:
        yield api
    except errors.RemoteEntryNotFoundError as error:
        raise OverlayError(
            f"{repository} holds no prompt card; name a repository that bbprompt push has made"
        ) from error
    except errors.HFValidationError as error:
        raise UsageError(f"{repository!r} is no repository of the hub; write OWNER/NAME") from error
    except errors.HfHubHTTPError as error:
        raise UsageError(_refused(api, repository, error.response.status_code)) from error
    except ValueError as error:  # what it says of a header that it does not take, such as an unknown license
        raise UsageError(f"the hub at {api.endpoint} does not take the card: {_one_line(error)}") from error
    except Exception as error:  # the network's are those of an HTTP library that it has changed before
        raise UsageError(
            f"cannot reach the hub at {api.endpoint} ({type(error).__name__}: {_one_line(error)}); is there a network? "
            "HF_ENDPOINT names another hub"
        ) from error


FIXES = {
    401: "correct the name, or log in with: hf auth login, or set HF_TOKEN",
    403: "use a token that may write there",
    404: "correct the name or the revision; one that is private needs a token: hf auth login, or HF_TOKEN",
}


def _refused(api: HfApi, repository: str, status: int) -> str:
    fix = FIXES.get(status, "try again later" if status >= 500 or status == 429 else "see the hub's status page")
    return f"the hub at {api.endpoint} answers {status} for {repository}; {fix}"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
