"""One real run, whose oracle has an address that nobody is to see."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bbprompt.config import parse_config
from bbprompt.run import fit_run
from tests.run.conftest import Digits, document, opens

SECRET = "acme-prod.example"
"""In the address of the service, in paths, and in nothing that is shown."""


@pytest.fixture(scope="session")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(SECRET) / "run"
    fake = Digits()
    fake.spec = replace(fake.spec, name=f"https://{SECRET}/v1 features 3")
    oracle = {"adapter": f"/home/{SECRET}/features.toml", "url": f"https://{SECRET}/v1", "key_env": SECRET}
    with pytest.MonkeyPatch.context() as patch:
        opens(fake, patch)
        fit_run(parse_config(document(oracle=oracle)), folder)
    return folder
