from __future__ import annotations

import pytest

from bbprompt.config import parse_config
from bbprompt.public import OWN_IMAGES, UNNAMED, public_oracle, public_settings, public_source


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("efficientnet-lite0@4a675c6b3d71", "efficientnet-lite0@4a675c6b3d71"),
        ("https://x7.us-east-1.aws.endpoints.huggingface.cloud resnet 3", "resnet 3"),
        ("http://127.0.0.1:8000 resnet 3", "resnet 3"),
        ("huggingface@2 https://api.example/models/google/vit-base 0f1e2d3c4b5a", "huggingface@2 0f1e2d3c4b5a"),
        ("google/vit-base-patch16-224", "google/vit-base-patch16-224"),
        ("onnx-/home/ann/acme/model.onnx", UNNAMED),
        ("/srv/model ~/model ./model C:\\\\model ../m a/b/c", UNNAMED),
        ("10.0.0.7 box.local localhost box:8000 [fe80::1] 2001:db8::7", UNNAMED),
    ],
)
def test_an_oracle_s_name_loses_every_word_that_says_where_it_is(name: str, shown: str) -> None:
    assert public_oracle(name) == shown


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("digits", "digits"),
        ("eurosat:/data/eurosat", "eurosat"),
        ("hf:cifar/ten", "cifar/ten"),
        ("hf:/home/ann/images", None),
        ("hf:./images", None),
        ("folder:/home/ann/patients", None),
        ("npz:secret.npz", None),
        ("parquet:s3/secret", None),
    ],
)
def test_a_source_is_named_only_if_others_can_have_it(source: str, shown: str | None) -> None:
    assert public_source(source) == shown


def test_settings_are_names_and_numbers_without_places() -> None:
    config = parse_config(
        {
            "seed": 3,
            "oracle": {"adapter": "/home/ann/acme.toml", "url": "https://acme.example", "key_env": "ACME_KEY"},
            "data": {"source": "folder:/home/ann/patients", "shots": 16},
            "prompt": {"template": "padding", "size": 4},
            "labels": {"map": "semantic", "text": "npz:/home/ann/texts.npz"},
            "fit": {
                "method": "spsa",
                "looks": 2,
                "radius": 0.5,
                "student_options": {"path": "/x"},
                "student": "/x",
            },
            "budget": {"queries": 100},
        }
    )
    found = public_settings(config)
    assert found["seed"] == 3
    assert found["oracle.adapter"] == "acme"
    assert found["data.source"] == OWN_IMAGES
    assert (found["data.shots"], found["prompt.size"], found["fit.radius"]) == (16, 4, 0.5)
    assert (found["fit.method"], found["labels.map"], found["budget.queries"]) == ("spsa", "semantic", 100)
    told = " ".join(map(str, found.values()))
    for secret in ("/", "ACME_KEY", "acme.example", "patients", "npz"):
        assert secret not in told
