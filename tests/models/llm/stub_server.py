"""An OpenAI-compatible server on 127.0.0.1 that answers by the cue lexicon, and fails on demand.

Standard library alone, and no framework: one thread and plain sockets, so that what is measured is the
client. It counts what it was asked and which replies it sent whole.
"""

import asyncio
import json
import math
import random
import re
import socket
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

OPTION = re.compile(r"^\(?([A-Z])[.)] ([\w-]+)\b", re.MULTILINE)
SENTENCE = re.compile(r"Sentence: (.*)")


@dataclass
class Faults:
    """What goes wrong: each number n makes every n-th request fail, a status one in n at random."""

    status: dict[int, int] = field(default_factory=dict)  # status by n
    retry_after: str | None = None
    cut: int = 0  # JSON that stops in the middle
    drop: int = 0  # a connection closed in the middle of a body
    hang: int = 0  # no reply in time
    illegal: int = 0  # a word in place of a letter
    without_logprobs: bool = False
    refuse_logprobs: bool = False
    ignore_schema: bool = False
    models: int = 200  # the status of the list of models
    seconds: float = 0.0  # how long every reply takes
    hold: int = 0  # requests from this one on are not answered while it is set
    always: int = 0  # a status for every request
    location: str = ""
    body: str = ""  # what an error says


class Stub:
    """The server; `with Stub() as stub` runs it in a thread, `python stub_server.py` in a process."""

    def __init__(self, faults=None, *, name="stub", log=None):
        self.faults = faults or Faults()
        self.name = name
        self.seen = Counter()  # bodies that came in whole
        self.answered = Counter()  # bodies whose reply was sent whole
        self.headers = []
        self.connections = []
        self.number = 0
        self.dice = random.Random(0)
        self.log = log

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self.thread.start()
        ready.wait(10)
        return self

    def __exit__(self, *_):
        if self.thread.is_alive():
            self.loop.call_soon_threadsafe(self.stop.set)
            self.thread.join(10)

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def requests(self):
        return sum(self.seen.values())

    def _run(self, ready):
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_until_complete(self.serve(ready.set))
            for task in asyncio.all_tasks(self.loop):
                task.cancel()
            self.loop.run_until_complete(asyncio.sleep(0.01))
        finally:
            self.loop.close()

    async def serve(self, ready):
        self.stop = asyncio.Event()
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready()
        await self.stop.wait()
        server.close()

    async def _connection(self, reader, writer):
        self.connections.append(writer.get_extra_info("peername"))
        try:
            writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
                body = await reader.readexactly(int(length[1])) if length else b""
                if not await self._reply(writer, head, body):
                    return
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _reply(self, writer, head, body):
        """Answer a request; false where the connection is to end."""
        faults = self.faults
        if head.startswith("GET"):
            found = {
                "object": "list",
                "data": [{"id": self.name, "object": "model", "owned_by": "tests"}],
            }
            self._send(writer, faults.models, json.dumps(found))
            await writer.drain()
            return True
        self.headers.append(head) if len(self.headers) < 5 else None
        self.number += 1
        number = self.number
        self.seen[body] += 1
        if self.log:
            self.log(body)
        while faults.hold and number >= faults.hold:
            await asyncio.sleep(0.01)
        if faults.seconds:
            await asyncio.sleep(faults.seconds)
        if faults.hang and number % faults.hang == 0:
            await asyncio.sleep(60)
            return False
        failing = [
            status for every, status in faults.status.items() if self.dice.random() < 1 / every
        ]
        if status := faults.always or (failing[0] if failing else 0):
            self._send(writer, status, faults.body or '{"error": {"message": "not now"}}')
            await writer.drain()
            return True
        request = json.loads(body)
        if faults.refuse_logprobs and "logprobs" in request:
            self._send(writer, 400, '{"error": {"message": "unknown field logprobs"}}')
            await writer.drain()
            return True
        reply = json.dumps(
            self._answer(request, illegal=bool(faults.illegal and number % faults.illegal == 0))
        )
        if faults.cut and number % faults.cut == 0:
            self._send(writer, 200, reply[: len(reply) // 2])
            await writer.drain()
            return True
        if faults.drop and number % faults.drop == 0:
            writer.write(
                f"HTTP/1.1 200 OK\r\nContent-Length: {len(reply)}\r\n\r\n{reply[:20]}".encode()
            )
            await writer.drain()
            return False
        self._send(writer, 200, reply)
        await writer.drain()
        self.answered[body] += 1
        return True

    def _send(self, writer, status, text):
        extra = (
            f"Retry-After: {self.faults.retry_after}\r\n"
            if self.faults.retry_after and status != 200
            else ""
        )
        extra += f"Location: {self.faults.location}\r\n" if self.faults.location else ""
        content = text.encode()
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nServer: stub/1\r\n{extra}"
        writer.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)

    def _answer(self, request, *, illegal=False):
        messages = [message["content"] for message in request["messages"]]
        letters = dict(OPTION.findall(messages[0]))
        said = "Sorry" if illegal else likeliest(letters, messages[-1])
        schema = request.get("response_format")
        by_schema = schema and not illegal and not self.faults.ignore_schema
        content = json.dumps({"answer": said}) if by_schema else said
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": content},
            "finish_reason": "stop",
        }
        if request.get("logprobs") and not self.faults.without_logprobs:
            rest = 0.2 / max(1, len(letters) - 1)
            top = [
                {"token": letter, "logprob": math.log(0.8 if letter == said else rest)}
                for letter in letters
            ]
            if illegal:
                top = [{"token": said, "logprob": -0.01}, {"token": "I", "logprob": -5.0}]
            choice["logprobs"] = {
                "content": [{"token": said, "logprob": -0.1, "top_logprobs": top}]
            }
        words = sum(len(text) for text in messages) // 4
        usage = {"prompt_tokens": words, "completion_tokens": 1}
        return {
            "id": "x",
            "model": self.name,
            "system_fingerprint": "fp",
            "choices": [choice],
            "usage": usage,
        }


# A few cues that do not depend on the kit: what is under test cannot answer for the stub.
CUES = {
    "condemn": r"against|condemn|reject|refus|veto|criticis|accus|denounc|opposed",
    "support": r"in favour|support|welcom|endors|sponsor|prais|backed|for the",
    "abstain": r"abstain|neutral|absent|not vote",
    "yes": r"war|peace|law|troops|aid|sanction",
}


def likeliest(letters, asked):
    """Return the letter of the code that a cue stands for, else of the last code there is."""
    found = SENTENCE.search(asked)
    sentence = (found[1] if found else asked).lower()
    names = {name: letter for letter, name in letters.items()}
    for code, cues in CUES.items():
        if code in names and re.search(cues, sentence):
            return names[code]
    rest = names.get("none") or names.get("no")
    return rest or sorted(letters)[len(sentence) % len(letters) - 1] if letters else "A"


def main(path, seconds):
    """Run in a process of its own: the port is printed, and the hash of each body that comes in goes into a file."""
    import hashlib

    file = Path(path).open("a", buffering=1)  # noqa: SIM115

    def log(body):
        file.write(hashlib.sha256(body).hexdigest() + "\n")

    stub = Stub(Faults(seconds=float(seconds)), log=log)
    asyncio.run(stub.serve(lambda: print(stub.port, flush=True)))


if __name__ == "__main__":
    main(*sys.argv[1:])
