"""A stand-in for the Hugging Face Hub on this machine, for making, filling and reading repositories.

Files are kept as bytes, commits as their SHA-1. It knows no users; a token is only demanded for
repositories that were made private.
"""

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

# Files that are sent as large ones, as the Hub decides by their content.
LARGE = (".skops", ".safetensors", ".bin")


class Repository:
    """The commits of a repository, each the bytes of its files by name."""

    def __init__(self, private=False):
        self.private = private
        self.commits = {}
        self.branches = {}

    def commit(self, files, branch="main"):
        content = json.dumps({name: hashlib.sha1(data).hexdigest() for name, data in files.items()})
        sha = hashlib.sha1(f"{len(self.commits)}{content}".encode()).hexdigest()
        self.commits[sha] = dict(files)
        self.branches[branch] = sha
        return sha

    def sha(self, revision):
        return self.branches.get(revision, revision if revision in self.commits else None)


class StandInHub(ThreadingHTTPServer):
    """The server; `with StandInHub() as hub` serves in a thread until the block ends."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.repositories = {}
        self.large = {}
        self.requests = []

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error):
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer(self.read())

    do_HEAD = do_GET  # noqa: N815

    def do_POST(self):
        self.answer(self.write())

    do_PUT = do_POST  # noqa: N815

    def answer(self, result):
        status, headers, body = result
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def json(self, content, status=200):
        return status, {"Content-Type": "application/json"}, json.dumps(content).encode()

    def missing(self, code):
        return 404, {"X-Error-Code": code, "X-Error-Message": code}, b"{}"

    def allowed(self, repository):
        return repository is not None and (
            not repository.private or self.headers.get("Authorization") == "Bearer secret"
        )

    def read(self):
        url = urlsplit(self.path)
        parts = [unquote(part) for part in url.path.strip("/").split("/")]
        self.server.requests.append((self.command, url.path))
        if parts[:2] == ["api", "models"]:
            name, rest = "/".join(parts[2:4]), parts[4:]
        else:
            name, rest = "/".join(parts[:2]), parts[2:]
        repository = self.server.repositories.get(name)
        if not self.allowed(repository):
            return self.missing("RepoNotFound")
        revision = rest[1] if len(rest) > 1 else "main"
        sha = repository.sha(revision)
        if sha is None:
            return self.missing("RevisionNotFound")
        files = repository.commits[sha]
        if rest[:1] == ["resolve"]:
            return self.file(sha, files, "/".join(rest[2:]))
        if rest[:1] == ["tree"]:
            entries = []
            for path, data in files.items():
                entry = {"type": "file", "path": path, "size": len(data)}
                entries.append(entry | {"oid": hashlib.sha1(data).hexdigest()})
            return self.json(entries)
        siblings = [{"rfilename": path} for path in files]
        info = {"id": name, "modelId": name, "sha": sha, "private": repository.private}
        return self.json(info | {"siblings": siblings, "tags": [], "downloads": 0})

    def file(self, sha, files, path):
        if path not in files:
            return self.missing("EntryNotFound")
        etag = hashlib.sha256(files[path]).hexdigest()
        return 200, {"X-Repo-Commit": sha, "ETag": f'"{etag}"'}, files[path]

    def write(self):
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b"".join(self.chunks())
        path = unquote(url.path)
        self.server.requests.append((self.command, path))
        if self.headers.get("Authorization") is None and not path.startswith("/large/"):
            return self.json({"error": "log in"}, 401)
        if path.startswith("/large/"):
            self.server.large[path.removeprefix("/large/")] = body
            return 200, {}, b""
        if path == "/api/repos/create":
            return self.create(json.loads(body))
        if path == "/api/validate-yaml":
            return self.json({"errors": [], "warnings": []})
        if path.endswith(".git/info/lfs/objects/batch"):
            return self.batch(json.loads(body))
        parts = path.strip("/").split("/")
        name, action = "/".join(parts[2:4]), parts[4]
        if action == "preupload":
            files = json.loads(body)["files"]
            modes = []
            for file in files:
                mode = "lfs" if file["path"].endswith(LARGE) else "regular"
                modes.append({"path": file["path"], "uploadMode": mode, "shouldIgnore": False})
            return self.json({"files": modes})
        assert action == "commit", (path, parse_qs(url.query))
        return self.commit(name, body)

    def chunks(self):
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def create(self, asked):
        name = f"{asked['organization'] or 'me'}/{asked['name']}"
        answer = {"url": f"{self.server.endpoint}/{name}", "id": name, "name": name}
        if name in self.server.repositories:
            return self.json(answer | {"error": "it is there"}, 409)
        private = asked.get("visibility") == "private" or bool(asked.get("private"))
        self.server.repositories[name] = Repository(private)
        self.server.repositories[name].commit({".gitattributes": b""})
        return self.json(answer)

    def batch(self, asked):
        objects = []
        for item in asked["objects"]:
            href = f"{self.server.endpoint}/large/{item['oid']}"
            objects.append(item | {"actions": {"upload": {"href": href, "header": {}}}})
        return self.json({"transfer": "basic", "objects": objects})

    def commit(self, name, body):
        repository = self.server.repositories[name]
        files = dict(repository.commits[repository.branches["main"]])
        for line in body.splitlines():
            operation = json.loads(line)
            value = operation["value"]
            if operation["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif operation["key"] == "lfsFile":
                files[value["path"]] = self.server.large[value["oid"]]
        sha = repository.commit(files)
        address = f"{self.server.endpoint}/{name}/commit/{sha}"
        return self.json(
            {"success": True, "commitUrl": address, "commitOid": sha, "hookOutput": ""}
        )
