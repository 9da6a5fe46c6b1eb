"""The Hugging Face hub's HTTP API on the loopback, as far as its own client needs it to make, fill and read a repository.

What is text goes into a commit; what is not goes through git-lfs's batch API first, as on the real one. A token is asked
for where one writes, and a private repository is not there for who has none.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import yaml

TOKEN = "hf_of_these_tests"
LICENSES = (None, "mit", "cc0-1.0")
LFS = "application/vnd.git-lfs+json"
Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Repository:
    private: bool
    commits: dict[str, dict[str, str]] = field(default_factory=dict)
    """Of each commit: what a file's content is stored as."""
    large: set[str] = field(default_factory=set)

    @property
    def head(self) -> str:
        return next(reversed(self.commits), "0" * 40)


@dataclass
class Hub:
    url: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    stored: dict[str, bytes] = field(default_factory=dict)
    """Content by its sha256."""
    asked: list[str] = field(default_factory=list)

    @property
    def elsewhere(self) -> str:
        """Where large files are: another host, as the real one's are; its client then goes on by other rules."""
        return self.url.replace("127.0.0.1", "localhost")

    def file(self, repository: str, name: str) -> bytes:
        repo = self.repositories[repository]
        return self.stored[repo.commits[repo.head][name]]

    def create(self, body: bytes) -> Answer:
        asked = json.loads(body)
        name = f"{asked['organization']}/{asked['name']}"
        private = asked.get("visibility") == "private" or bool(asked.get("private"))
        if name in self.repositories:
            return answer({"error": "You already created this model repo", "url": f"{self.url}/{name}"}, 409)
        self.repositories[name] = Repository(private=private)
        return answer({"url": f"{self.url}/{name}", "name": name, "id": "1"})

    def validate(self, body: bytes) -> Answer:
        """The real one checks the header against a schema; of it, here, the licenses and what a result must have."""
        header = yaml.safe_load(re.match(r"---\n(.*?)\n---\n", json.loads(body)["content"], re.DOTALL)[1])  # type: ignore[index]
        if header.get("license") not in LICENSES:
            return answer({"errors": [{"message": '"license" must be one of [apache-2.0, mit, ...]'}]}, 400)
        for model in header.get("model-index", []):
            for result in model["results"]:
                assert {"task", "dataset", "metrics"} <= result.keys()
        return answer({"errors": [], "warnings": []})

    def preupload(self, _repository: str, body: bytes) -> Answer:
        files = []
        for file in json.loads(body)["files"]:
            mode = "regular" if is_text(base64.b64decode(file["sample"])) else "lfs"
            files.append({"path": file["path"], "uploadMode": mode, "shouldIgnore": False})
        return answer({"files": files})

    def batch(self, _repository: str, body: bytes) -> Answer:
        objects = json.loads(body)["objects"]
        for each in objects:
            if each["oid"] not in self.stored:
                each["actions"] = {"upload": {"href": f"{self.url}/lfs/{each['oid']}"}}
        return answer({"transfer": "basic", "objects": objects}, kind=LFS)

    def upload(self, oid: str, body: bytes) -> Answer:
        if hashlib.sha256(body).hexdigest() != oid:
            return answer({"error": "checksum"}, 400)
        self.stored[oid] = body
        return answer({})

    def commit(self, repository: str, body: bytes) -> Answer:
        repo = self.repositories[repository]
        files = dict(repo.commits.get(repo.head, {}))
        for line in body.splitlines():
            item = json.loads(line)
            value = item["value"]
            if item["key"] == "file":
                content = base64.b64decode(value["content"])
                oid = hashlib.sha256(content).hexdigest()
                self.stored[oid] = content
                files[value["path"]] = oid
            elif item["key"] == "lfsFile":
                assert value["oid"] in self.stored, "a pointer to nothing"
                files[value["path"]] = value["oid"]
                repo.large.add(value["path"])
        name = hashlib.sha1(body, usedforsecurity=False).hexdigest()
        repo.commits[name] = files
        return answer({"commitUrl": f"{self.url}/{repository}/commit/{name}", "commitOid": name, "success": True})

    def info(self, repository: str, revision: str) -> Answer:
        repo = self.repositories[repository]
        commit = repo.head if revision == "main" else revision
        if commit not in repo.commits:
            return answer({"error": "Invalid rev id"}, 404, **{"X-Error-Code": "RevisionNotFound"})
        siblings = [{"rfilename": name} for name in repo.commits[commit]]
        return answer({"id": repository, "sha": commit, "private": repo.private, "siblings": siblings})

    def resolve(self, repository: str, revision: str, name: str) -> Answer:
        repo = self.repositories[repository]
        if name not in repo.commits[revision]:
            return answer({"error": "Entry not found"}, 404, **{"X-Error-Code": "EntryNotFound"})
        oid = repo.commits[revision][name]
        head = {"X-Repo-Commit": revision, "ETag": f'"{oid}"'}
        if name not in repo.large:
            return 200, head, self.stored[oid]
        linked = {"X-Linked-Etag": f'"{oid}"', "X-Linked-Size": str(len(self.stored[oid]))}
        return 302, {**head, **linked, "Location": f"{self.elsewhere}/lfs/{oid}"}, b""

    def download(self, oid: str) -> Answer:
        return 200, {"ETag": f'"{oid}"'}, self.stored[oid]


def answer(
    document: dict[str, Any], status: int = 200, *, kind: str = "application/json", **headers: str
) -> Answer:
    if "error" in document:
        headers["X-Error-Message"] = document["error"]
    return status, {"Content-Type": kind, **headers}, json.dumps(document).encode()


def is_text(sample: bytes) -> bool:
    try:
        return "\0" not in sample.decode()
    except UnicodeDecodeError:
        return False


REPO = r"([\w.-]+/[\w.-]+)"
ROUTES: list[tuple[str, str, Callable[..., Answer], bool]] = [
    ("POST", r"/api/repos/create", Hub.create, True),
    ("POST", r"/api/validate-yaml", Hub.validate, True),
    ("POST", rf"/api/models/{REPO}/preupload/main", Hub.preupload, True),
    ("POST", rf"/{REPO}\.git/info/lfs/objects/batch", Hub.batch, True),
    ("PUT", r"/lfs/(\w+)", Hub.upload, True),
    ("POST", rf"/api/models/{REPO}/commit/main", Hub.commit, True),
    ("GET", rf"/api/models/{REPO}/revision/([\w.-]+)", Hub.info, False),
    ("GET", rf"/{REPO}/resolve/(\w+)/([\w.-]+)", Hub.resolve, False),
    ("GET", r"/lfs/(\w+)", Hub.download, False),
]


class Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, headers, content = self.find(body)
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def find(self, body: bytes) -> Answer:
        method, path = ("GET" if self.command == "HEAD" else self.command), self.path.partition("?")[0]
        self.hub.asked.append(f"{self.command} {path}")
        known = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        for route, pattern, answers, writes in ROUTES:
            found = re.fullmatch(pattern, path)
            if route != method or not found:
                continue
            if writes and not known and route != "PUT":  # where a file goes is signed, on the real one
                return answer({"error": "Invalid username or password."}, 401)
            if "/" in (found.groups() or ("",))[0] and not self.may_see(found[1], known=known):
                return answer({"error": "Repository not found"}, 404, **{"X-Error-Code": "RepoNotFound"})
            return answers(self.hub, *found.groups(), *([body] if method in ("POST", "PUT") else []))
        return answer({"error": f"no such route: {method} {path}"}, 501)

    def may_see(self, repository: str, *, known: bool) -> bool:
        repo = self.hub.repositories.get(repository)
        return repo is not None and (known or not repo.private)

    do_GET = do_HEAD = do_POST = do_PUT = handle_any  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextmanager
def running_hub() -> Iterator[Hub]:
    hub = Hub()
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": hub})) as server:
        server.daemon_threads = True
        hub.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield hub
        server.shutdown()
