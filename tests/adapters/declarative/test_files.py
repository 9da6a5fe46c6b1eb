"""An adapter's file is checked as a whole: each mistake is one line that names the table, the key and the fix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bbprompt.errors import ConfigError
from bbprompt_adapters.declarative.files import read_file
from tests.adapters.declarative.toy import IMAGES, change, opened


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (change(answer=None), r"toy.toml lacks the table \[answer\]"),
        (change(anwser={}), r"unknown table in toy.toml: 'anwser'; did you mean 'answer'\?"),
        (change(answer={"itmes": "x"}), r"toy.toml \[answer\] has an unknown key 'itmes'; did you mean 'items'\?"),
        (change(answer={"kind": "probabilty"}), r"\[answer\] kind: unknown value 'probabilty'; did you mean"),
        (change(answer={"path": "scores["}), r"\[answer\] path: 'scores\[' is no JMESPath"),
        (change(answer={"items": None}), r"\[answer\] lacks items"),
        (
            change(answer={"kind": "top_k"}),
            r"\[answer\] top_k: .* with kind = 'top_k' alone, got kind = 'top_k' and no top_k",
        ),
        (change(answer={"shape": "label"}), r"\[answer\] shape: 'label' and the kind 'label' go together"),
        (change(answer={"shape": "embedding"}), r"\[labels\]: goes with the shape 'embedding'"),
        (change(request={"json": {"a": "{imgae}"}}), r"unknown placeholder in .*: 'imgae'; did you mean 'image'\?"),
        (change(request={"url": "{ulr}/x"}), r"unknown placeholder in toy.toml \[request\] url: 'ulr'"),
        (
            change(request={"json": {"a": "{label}"}}),
            r"unknown placeholder in .*: 'label'; did you mean 'labels'\?",
        ),
        (change(request={"url": "http://[::1/x"}), r"'http://\[::1/x' is no URL"),
        (change(request={"url": "http://a..b/x"}), r"'http://a..b/x' is no URL"),
        (change(request={"headers": {"x": "a\nb"}}), r"a header needs a name of .*, got 'x': 'a\\nb'"),
        (change(auth={"prefix": "\u00fc"}), r"a header needs .*, got 'Authorization': '\u00fc'"),
        (change(answer={"kind": "top_k", "top_k": "{url}"}), r"\[answer\] top_k: expected a whole number from 1"),
        (
            change(answer={"kind": "tags", "threshold": "{url}"}),
            r"\[answer\] threshold: expected a number from 0 to 1",
        ),
        (change(answer={"path": f"a[{'9' * 5000}]"}), r"\[answer\] path: 'a\[9+' is no JMESPath"),
        (change(image={"scale": float("inf")}), r"scale, mean and std must be numbers that a float32 can hold"),
        (change(request={"json": None}), r"expected exactly one of json, parts and body, got none"),
        (
            change(request={"body": "{image}"}),
            r"expected exactly one of json, parts and body, got \['json', 'body'\]",
        ),
        (change(image={"form": "bytes"}), r"\[image\] form: json holds base64 or data-uri or list, got 'bytes'"),
        (change(image={"form": "list"}), r"\[image\] form: 'list' is for tensors"),
        (change(image={"quality": 101}), r"\[image\] quality: expected int <= 100"),
        (change(image={"size": [2]}), r"\[image\] size: expected array of length >= 2, got"),
        (change(image={"std": [1.0, 0.0, 1.0]}), r"\[image\] std: must not be 0"),
        (change(batch={"default": 5}), r"\[batch\] default: expected at most max = 4, got 5"),
        (change(poll={"url": "{url}"}), r"\[poll\]: expected pending, or stream = true"),
        (change(poll={"pending": "a"}), r"\[poll\]: expected exactly one of url and url_path"),
        (change(errors={"ok": "a ="}), r"\[errors\] ok: 'a =' is no JMESPath"),
        (change(auth={"scheme": "sigv4"}), r"\[auth\] service: scheme 'sigv4' needs"),
        (change(options={"x": {"type": "int"}}), r"\[options.x\] type: unknown value 'int'"),
        (change(options={"labels": {}}), r"\[options.labels\]: every adapter has that key"),
    ],
)
def test_a_mistake_in_a_file_is_one_line(document: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        opened({}, document)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lables": []}, r"\[oracle\] has an unknown key 'lables'; did you mean 'labels'\?"),
        ({"labels": ["a"]}, r"\[oracle\] labels: expected at least 2, got 1"),
        ({"url": 3}, r"\[oracle\] url: expected a text, got 3"),
        ({"url": "toy.test"}, r"\[oracle\] url: expected http://HOST:PORT"),
        ({"max_batch": 5}, r"\[oracle\] max_batch: toy takes at most 4 images in a request, got 5"),
        ({"key_env": "BBPROMPT_NOT_SET"}, r"set the environment variable 'BBPROMPT_NOT_SET' to the key"),
        ({"key_command": ["bbprompt-no-such"]}, r"key_command: 'bbprompt-no-such' failed"),
    ],
)
def test_a_mistake_in_a_run_file_is_one_line(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        opened({}, **options).query(IMAGES)


def test_a_file_that_is_no_adapter_is_one_line(tmp_path: Path) -> None:
    for content, message in (
        (b"a = ", "is not TOML"),
        (b"\xff", "is not TOML"),
        (b"", r"lacks the table \[adapter\]"),
        (b"a = " + b"9" * 5000, "is not TOML"),
        (b"a = " + b"[" * 2000 + b"]" * 2000, "is nested too deeply"),
    ):
        path = tmp_path / "a.toml"
        path.write_bytes(content)
        with pytest.raises(ConfigError, match=message):
            read_file(path)
    with pytest.raises(ConfigError, match="no adapter file at"):
        read_file(tmp_path / "none.toml")
