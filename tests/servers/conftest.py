"""Real servers, each started once, when the first test wants it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.servers.catalogue import RAN, SERVERS
from tests.servers.process import Running, running

ALLOWED = "rekognition:DetectLabels"
Start = Callable[[str], Running]


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """File of the model that all of them serve."""
    make = pytest.importorskip("tests.servers.model.make", reason="needs the extras lite0 and digits")
    path = tmp_path_factory.mktemp("model") / "network.npz"
    make.write_network(path)
    return path


@pytest.fixture(scope="session")
def task(weights: Path) -> Path:
    """File of the images that the model is adapted to."""
    from tests.servers.model.make import write_task

    path = weights.with_name("task.npz")
    write_task(path)
    return path


@pytest.fixture(scope="session")
def start(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start a server by name, or skip if it is not installed."""
    with ExitStack() as stack:
        started: dict[str, Running] = {}

        def begin(name: str) -> Running:
            if not SERVERS[name].is_installed:
                pytest.skip(f"{name} is not installed; `make test-servers` does that")
            if name not in started:
                weights, folder = request.getfixturevalue("weights"), tmp_path_factory.mktemp(name)
                started[name] = stack.enter_context(running(SERVERS[name], network=weights, folder=folder))
            return started[name]

        yield begin


@pytest.fixture(scope="session")
def aws_key(start: Start) -> dict[str, str]:
    """The key of a user of moto's who may do one thing: what AWS's tools look for in the environment."""
    from botocore.session import get_session

    anyone = {"aws_access_key_id": "anyone", "aws_secret_access_key": "anything"}
    iam = get_session().create_client("iam", "eu-west-1", endpoint_url=start("moto").url, **anyone)
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ALLOWED, "Resource": "*"}]}
    iam.create_user(UserName="reader")
    iam.put_user_policy(UserName="reader", PolicyName="reads", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    iam.close()
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


@pytest.fixture
def server(request: pytest.FixtureRequest, start: Start, monkeypatch: pytest.MonkeyPatch) -> Running:
    """The server that the test is about, its parameter; with the key that it wants in the environment."""
    name: str = request.param
    here = start(name)
    if name == "moto":
        for variable, value in request.getfixturevalue("aws_key").items():
            monkeypatch.setenv(variable, value)
    request.node.user_properties.append((RAN, f"{name} {here.version}"))
    return here


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Show a server's last words under the failure of its test."""
    report: pytest.TestReport = yield
    here = getattr(item, "funcargs", {}).get("server")
    if report.failed and isinstance(here, Running):
        report.sections.append((f"last words of {here.server.name}", here.words()))
    return report
