"""Commands without their start: a process that has imported what they import forks one for each.

Without arguments of its own it is the program `stancekit`: it hands its words, its folder, its environment and its
three files to the process that listens at $STANCEKIT_ZYGOTE, and ends as the command there does.
"""

import json
import os
import socket
import sys
from pathlib import Path


def ask(address: str) -> int:
    """Have a command run; return its exit code."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.connect(address)
        said = json.dumps([sys.argv[1:], str(Path.cwd()), dict(os.environ)]).encode()
        socket.send_fds(line, [len(said).to_bytes(8)], [0, 1, 2])
        line.sendall(said)
        answer = line.recv(1)
    return answer[0] if answer else 1


def serve(address: str) -> None:
    """Import what commands need, without starting a thread, and fork a process for whoever asks."""
    import pandas  # noqa: F401
    import scipy.stats  # noqa: F401
    import sklearn.linear_model  # noqa: F401
    import skops.io  # noqa: F401

    import stancekit.commands.cli  # noqa: F401
    from stancekit.resources import hidden
    from stancekit.text.nlp import import_spacy

    with hidden("torch"):
        import_spacy()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        door.bind(address)
        door.listen()
        print("ready", flush=True)
        while True:
            line, _ = door.accept()
            if os.fork() == 0:
                door.close()
                if os.fork() == 0:
                    answer(line)
                os._exit(0)
            line.close()
            os.wait()


def answer(line: socket.socket) -> None:
    """Become the command that is asked for."""
    size, files, _, _ = socket.recv_fds(line, 8, 3)
    said = b""
    while len(said) < int.from_bytes(size):
        said += line.recv(65536)
    words, folder, environment = json.loads(said)
    for number, file in enumerate(files):
        os.dup2(file, number)
    # What Python knows of the old ones (whether they can seek, whether they are terminals) is not so of these.
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    code = 1
    try:
        from stancekit.__main__ import main

        code = main(words)
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        line.sendall(bytes([code & 255]))
        os._exit(code & 255)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2])
    else:
        sys.exit(ask(os.environ["STANCEKIT_ZYGOTE"]))
