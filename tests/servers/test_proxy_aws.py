"""boto3, unmodified, through the proxy before moto, which verifies signatures and records what arrives."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from scipy.special import softmax

from bbprompt.oracle import Answer, Scores
from tests.servers.proxied import from_png, overlay, photo, proxy, to_png

WHERE = "boto3 and moto are installed by `make test-tools`"
boto3 = pytest.importorskip("boto3", reason=WHERE)
pytest.importorskip("moto.server", reason=WHERE)

from botocore.exceptions import ClientError  # noqa: E402

REGION = "us-east-1"


class Moto:
    """A moto server that has one account, whose key it verifies."""

    def __init__(self, url: str, recording: Path) -> None:
        self.url, self.recording = url, recording
        iam = boto3.client(
            "iam", endpoint_url=url, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x"
        )
        iam.create_user(UserName="proxy")
        everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
        iam.put_user_policy(UserName="proxy", PolicyName="all", PolicyDocument=policy)
        made = iam.create_access_key(UserName="proxy")["AccessKey"]
        self.key = {"AWS_ACCESS_KEY_ID": made["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"]}
        self.say("reset-auth", b"0")
        self.say("recorder/start-recording")

    def say(self, what: str, content: bytes = b"") -> None:
        httpx.post(f"{self.url}/moto-api/{what}", content=content, trust_env=False).raise_for_status()

    def arrived(self) -> list[dict[str, Any]]:
        """Bodies of the requests for labels."""
        lines = self.recording.read_text().splitlines() if self.recording.exists() else []
        bodies = [base64.b64decode(json.loads(line)["body"]) for line in lines]
        return [json.loads(body) for body in bodies if b"Image" in body]


@pytest.fixture
def moto(tmp_path: Path) -> Iterator[Moto]:
    recording = tmp_path / "recording"
    environment = {"MOTO_RECORDER_FILEPATH": str(recording), "PYTHONWARNINGS": "ignore"}
    code = (
        "import sys; from moto.server import ThreadedMotoServer as S; s = S('127.0.0.1', 0, verbose=False); s.start(); "
        "print('http://%s:%d' % s.get_host_and_port(), flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    ) as server:
        assert server.stdout is not None
        try:
            yield Moto(server.stdout.readline().strip(), recording)
        finally:
            server.terminate()


def client(url: str, key: str = "AKIACALLER", secret: str = "of-the-caller") -> Any:
    return boto3.client(
        "rekognition", endpoint_url=url, region_name=REGION, aws_access_key_id=key, aws_secret_access_key=secret
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("adapter", ["generic", "rekognition-labels"])
def test_moto_accepts_the_signature_over_the_prompted_image(moto: Moto, tmp_path: Path, adapter: str) -> None:
    image = to_png(photo())
    with pytest.raises(ClientError, match="security token included in the request is invalid"):
        client(moto.url).detect_labels(Image={"Bytes": image})
    ours = client(moto.url, *moto.key.values())
    expected = ours.detect_labels(Image={"Bytes": to_png(overlay().apply(photo()[None])[0])})["Labels"]
    arguments = ["--adapter", adapter, "--labels", "pass", "--sign-aws"]
    with proxy(tmp_path, moto.url, *arguments, env=moto.key) as url:
        found = client(url).detect_labels(Image={"Bytes": image})["Labels"]
    assert found == expected
    locally, through = (from_png(base64.b64decode(body["Image"]["Bytes"])) for body in moto.arrived()[-2:])
    np.testing.assert_array_equal(through, locally)


@pytest.mark.filterwarnings("ignore")
def test_moto_refuses_another_secret(moto: Moto, tmp_path: Path) -> None:
    wrong = moto.key | {"AWS_SECRET_ACCESS_KEY": "wrong"}
    with (
        proxy(tmp_path, moto.url, "--adapter", "generic", "--labels", "pass", "--sign-aws", env=wrong) as url,
        pytest.raises(ClientError, match="signature we calculated does not match"),
    ):
        client(url).detect_labels(Image={"Bytes": to_png(photo())})


@pytest.mark.filterwarnings("ignore")
def test_boto3_reads_the_classes(moto: Moto, tmp_path: Path) -> None:
    listed = client(moto.url, *moto.key.values()).detect_labels(Image={"Bytes": to_png(photo())})["Labels"]
    labels = [*sorted({entry["Name"] for entry in listed}), "Nothing"]
    confidence = {entry["Name"]: entry["Confidence"] / 100 for entry in listed}
    values = np.asarray([[confidence.get(label, 0.0) for label in labels]], np.float32)
    wanted = softmax(Scores(values, Answer.TAGS).log()[:, [len(labels) - 1, 0]], axis=1).astype(np.float32)[0]
    arguments = ["--adapter", "rekognition-labels", "--option", f"labels={json.dumps(labels)}", "--sign-aws"]
    prompt = overlay([len(labels) - 1, 0], len(labels))
    with proxy(tmp_path, moto.url, *arguments, prompt=prompt, env=moto.key) as url:
        found = client(url).detect_labels(Image={"Bytes": to_png(photo())})["Labels"]
    assert {entry["Name"]: entry["Confidence"] for entry in found} == {
        name: float(value) * 100 for name, value in zip("ab", wanted, strict=True)
    }


@pytest.mark.filterwarnings("ignore")
def test_without_sign_aws_boto3_is_told_what_to_do(moto: Moto, tmp_path: Path) -> None:
    with (
        proxy(tmp_path, moto.url, "--adapter", "generic", "--labels", "pass") as url,
        pytest.raises(ClientError, match="start the proxy with --sign-aws"),
    ):
        client(url).detect_labels(Image={"Bytes": to_png(photo())})
    assert moto.arrived() == []
