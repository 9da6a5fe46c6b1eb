"""For each shipped adapter: what its vendor documents as a request and as an answer, and the scores that it means."""

from __future__ import annotations

import json
import math

from .case import IMAGE, SECRET, Case

NAN = math.nan
PETS = ["cat", "dog"]

LABEL = [
    {"label": "dog", "confidences": [{"label": "dog", "confidence": 0.75}, {"label": "cat", "confidence": 0.25}]}
]

CASES: dict[str, Case] = {
    "huggingface": Case(
        options={"model": "google/vit-base-patch16-224", "labels": ["cat", "dog", "tree"], "top_k": 2},
        url="https://router.huggingface.co/hf-inference/models/google/vit-base-patch16-224",
        headers={"authorization": f"Bearer {SECRET}"},
        body={"inputs": IMAGE, "parameters": {"top_k": 2, "function_to_apply": "softmax"}},
        answer=[{"label": "dog", "score": 0.7}, {"label": "cat", "score": 0.2}],
        scores=[0.2, 0.7, NAN],
        env={"HF_TOKEN": SECRET},
    ),
    "huggingface-zero-shot": Case(
        options={"model": "openai/clip", "labels": PETS},
        url="https://router.huggingface.co/hf-inference/models/openai/clip",
        headers={"authorization": f"Bearer {SECRET}"},
        body={
            "inputs": IMAGE,
            "parameters": {"candidate_labels": PETS, "hypothesis_template": "This is a photo of {}."},
        },
        answer=[{"label": "dog", "score": 0.9}, {"label": "cat", "score": 0.1}],
        scores=[0.1, 0.9],
        env={"HF_TOKEN": SECRET},
    ),
    "google-vision": Case(
        options={"labels": ["Cat", "Dog", "Tree"], "max_results": 10},
        url="https://vision.googleapis.com/v1/images:annotate",
        headers={"x-goog-api-key": SECRET},
        body={
            "requests": [
                {
                    "image": {"content": IMAGE},
                    "features": [{"type": "LABEL_DETECTION", "maxResults": 10, "model": "builtin/stable"}],
                }
            ]
        },
        answer={
            "responses": [
                {
                    "labelAnnotations": [
                        {"mid": "/m/01yrx", "description": "Cat", "score": 0.97, "topicality": 0.97},
                        {"mid": "/m/04rky", "description": "Mammal", "score": 0.92, "topicality": 0.5},
                        {"mid": "/m/07j7r", "description": "Tree", "score": 0.61, "topicality": 0.1},
                    ]
                }
            ]
        },
        scores=[0.97, 0.25, 0.61],
        env={"GOOGLE_API_KEY": SECRET},
    ),
    "rekognition-labels": Case(
        options={"region": "eu-west-1", "labels": ["Cat", "Dog"], "max_labels": 50},
        url="https://rekognition.eu-west-1.amazonaws.com/",
        headers={
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": "RekognitionService.DetectLabels",
        },
        body={"Image": {"Bytes": IMAGE}, "MaxLabels": 50, "MinConfidence": 0},
        answer={
            "Labels": [
                {"Name": "Cat", "Confidence": 98.5, "Instances": [], "Parents": [{"Name": "Animal"}]},
                {"Name": "Animal", "Confidence": 99.1, "Instances": [], "Parents": []},
            ],
            "LabelModelVersion": "3.0",
        },
        scores=[0.985, 0.0],
        env={"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET},
    ),
    "rekognition-custom-labels": Case(
        options={"region": "eu-west-1", "labels": PETS, "project_version_arn": "arn:aws:rekognition:eu-west-1:1:p"},
        url="https://rekognition.eu-west-1.amazonaws.com/",
        headers={"x-amz-target": "RekognitionService.DetectCustomLabels"},
        body={
            "ProjectVersionArn": "arn:aws:rekognition:eu-west-1:1:p",
            "Image": {"Bytes": IMAGE},
            "MinConfidence": 0,
        },
        answer={"CustomLabels": [{"Name": "dog", "Confidence": 75.0}]},
        scores=[0.0, 0.75],
        env={"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET},
    ),
    "azure-custom-vision": Case(
        options={
            "url": "https://me.cognitiveservices.azure.com/",
            "project": "p1",
            "iteration": "it 2",
            "labels": PETS,
        },
        url="https://me.cognitiveservices.azure.com/customvision/v3.0/Prediction/p1/classify/iterations/it%202"
        "/image/nostore",
        headers={"prediction-key": SECRET, "content-type": "application/octet-stream"},
        body=None,
        answer={
            "id": "1",
            "predictions": [
                {"probability": 0.8, "tagId": "t2", "tagName": "dog"},
                {"probability": 0.2, "tagId": "t1", "tagName": "cat"},
            ],
        },
        scores=[0.2, 0.8],
        env={"AZURE_CUSTOM_VISION_KEY": SECRET},
    ),
    "azure-image-analysis": Case(
        options={"url": "https://me.cognitiveservices.azure.com", "labels": ["cat", "dog"]},
        url="https://me.cognitiveservices.azure.com/computervision/imageanalysis:analyze"
        "?api-version=2024-02-01&features=tags&language=en&model-version=latest",
        headers={"ocp-apim-subscription-key": SECRET, "content-type": "application/octet-stream"},
        body=None,
        answer={
            "modelVersion": "2023-10-01",
            "metadata": {"width": 224, "height": 224},
            "tagsResult": {"values": [{"name": "cat", "confidence": 0.99}, {"name": "pet", "confidence": 0.9}]},
        },
        scores=[0.99, 0.25],
        env={"AZURE_VISION_KEY": SECRET},
    ),
    "clarifai": Case(
        options={"labels": PETS},
        url="https://api.clarifai.com/v2/users/clarifai/apps/main/models/general-image-recognition/outputs",
        headers={"authorization": f"Key {SECRET}"},
        body={
            "inputs": [{"data": {"image": {"base64": IMAGE}}}],
            "model": {"output_info": {"output_config": {"select_concepts": [{"name": "cat"}, {"name": "dog"}]}}},
        },
        answer={
            "status": {"code": 10000, "description": "Ok"},
            "outputs": [
                {
                    "status": {"code": 10000},
                    "data": {
                        "concepts": [
                            {"id": "ai_1", "name": "cat", "value": 0.98, "app_id": "main"},
                            {"id": "ai_2", "name": "dog", "value": 0.03, "app_id": "main"},
                        ]
                    },
                }
            ],
        },
        scores=[0.98, 0.03],
        env={"CLARIFAI_PAT": SECRET},
    ),
    "roboflow": Case(
        options={"project": "pets", "version": 3, "labels": PETS},
        url=f"https://classify.roboflow.com/pets/3?api_key={SECRET}",
        headers={"content-type": "application/x-www-form-urlencoded"},
        body=None,
        answer={
            "time": 0.1,
            "image": {"width": 224, "height": 224},
            "predictions": [
                {"class": "dog", "class_id": 1, "confidence": 0.6},
                {"class": "cat", "class_id": 0, "confidence": 0.4},
            ],
            "top": "dog",
            "confidence": 0.6,
        },
        scores=[0.4, 0.6],
        env={"ROBOFLOW_API_KEY": SECRET},
    ),
    "kserve-v1": Case(
        options={"url": "http://kserve.test:8080", "model": "m", "labels": PETS, "input_size": [1, 2]},
        url="http://kserve.test:8080/v1/models/m:predict",
        body={"instances": [[[[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]]]},
        answer={"predictions": [[0.25, 0.75]]},
        scores=[0.25, 0.75],
    ),
    "tf-serving": Case(
        options={"url": "http://tf.test:8501", "model": "m", "labels": PETS},
        url="http://tf.test:8501/v1/models/m:predict",
        body={"instances": [{"b64": IMAGE}]},
        answer={"predictions": [[0.25, 0.75]]},
        scores=[0.25, 0.75],
    ),
    "torchserve": Case(
        options={"url": "http://ts.test:8080", "model": "m", "labels": ["cat", "dog", "tree"], "top_k": 2},
        url="http://ts.test:8080/predictions/m",
        headers={"content-type": "image/png"},
        body=None,
        answer={"cat": 0.5, "tree": 0.3},
        scores=[0.5, NAN, 0.3],
    ),
    "openai-chat": Case(
        options={"model": "gpt-4o-mini", "labels": ["cat", "dog", "tree"], "top_logprobs": 5},
        url="https://api.openai.com/v1/chat/completions",
        headers={"authorization": f"Bearer {SECRET}"},
        body={
            "model": "gpt-4o-mini",
            "max_completion_tokens": 1,
            "temperature": 0,
            "logprobs": True,
            "top_logprobs": 5,
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "text",
                            "text": "What does the image show? Answer with one letter and nothing else.\n"
                            "A: cat\nB: dog\nC: tree",
                        },
                        {"type": "image_url", "image_url": {"url": IMAGE, "detail": "low"}},
                    ],
                }
            ],
        },
        answer={
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "gpt-4o-mini",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "length",
                    "message": {"role": "assistant", "content": "B", "refusal": None},
                    "logprobs": {
                        "refusal": None,
                        "content": [
                            {
                                "token": "B",
                                "logprob": -0.5,
                                "bytes": [66],
                                "top_logprobs": [
                                    {"token": "B", "logprob": math.log(0.5), "bytes": [66]},
                                    {"token": " B", "logprob": math.log(0.125), "bytes": [32, 66]},
                                    {"token": "A", "logprob": math.log(0.25), "bytes": [65]},
                                    {"token": "The", "logprob": math.log(0.0625), "bytes": None},
                                ],
                            }
                        ],
                    },
                }
            ],
            "usage": {"prompt_tokens": 100, "completion_tokens": 1, "total_tokens": 101},
        },
        scores=[0.25, 0.625, NAN],
        env={"OPENAI_API_KEY": SECRET},
    ),
    "replicate": Case(
        options={"version": "f" * 64, "labels": PETS},
        url="https://api.replicate.com/v1/predictions",
        headers={"authorization": f"Bearer {SECRET}", "prefer": "wait"},
        body={"version": "f" * 64, "input": {"image": IMAGE}},
        answer={
            "id": "p1",
            "status": "starting",
            "output": None,
            "urls": {"get": "https://api.replicate.com/v1/predictions/p1"},
        },
        then=(
            {
                "status": "processing",
                "output": None,
                "urls": {"get": "https://api.replicate.com/v1/predictions/p1"},
            },
            {"status": "succeeded", "output": {"cat": 0.1, "dog": 0.9}, "metrics": {"predict_time": 0.5}},
        ),
        scores=[0.1, 0.9],
        env={"REPLICATE_API_TOKEN": SECRET},
    ),
    "cog": Case(
        options={"url": "http://cog.test:5000", "labels": PETS},
        url="http://cog.test:5000/predictions",
        body={"input": {"image": IMAGE}},
        answer={"status": "succeeded", "output": {"cat": 0.1, "dog": 0.9}},
        scores=[0.1, 0.9],
    ),
    "clip-embeddings": Case(
        options={"url": "http://clip.test:7997", "model": "clip", "labels": PETS},
        url="http://clip.test:7997/embeddings",
        body={"model": "clip", "input": [IMAGE], "encoding_format": "float", "modality": "image"},
        answer={"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [3.0, 4.0]}]},
        texts={
            "data": [
                {"object": "embedding", "index": 1, "embedding": [0.0, 2.0]},
                {"object": "embedding", "index": 0, "embedding": [1.0, 0.0]},
            ]
        },
        scores=[0.6, 0.8],
    ),
    "gradio": Case(
        options={"url": "http://gradio.test:7860", "labels": PETS},
        url="http://gradio.test:7860/gradio_api/call/predict",
        body={"data": [{"url": IMAGE, "meta": {"_type": "gradio.FileData"}}]},
        answer={"event_id": "e1"},
        then=("event: heartbeat\ndata: null\n\nevent: complete\ndata: " + json.dumps(LABEL) + "\n\n",),
        scores=[0.25, 0.75],
    ),
}
