"""The programs that are measured: the product as a server, its commands, and the parts of the benchmark in Swift."""
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TENON = Path(os.environ.get("TENON_BINARY", ROOT / ".build/release/tenon"))
BENCH = Path(os.environ.get("BENCH_BINARY", ROOT / ".build/release/bench"))


def output(*command):
    """What a program prints; ends the benchmark with its error when it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(str(part) for part in command)[:300]}\nended with {done.returncode}: {done.stderr.strip()[-3000:]}")
    return done.stdout.strip()


def tenon(*arguments):
    return output(TENON, *arguments)


def bench(*arguments):
    """The microseconds that a part of the benchmark prints, a line each."""
    return [int(line) for line in output(BENCH, *arguments).split()]


class Server:
    """The product, serving a deployment on a free port."""

    def __init__(self, data, token, *more):
        self.token = token
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [TENON, "serve", "--data", data, "--port", "0", *more], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.port = None
        for line in self.process.stdout:
            found = re.search(r"listening on http://[^ ]*:(\d+)", line)
            if found:
                self.port = int(found.group(1))
                break
        if self.port is None:
            sys.exit(f"the server of {data} did not start")

    def ask(self, path, body=None, kind="application/json", method=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=body, method=method)
        request.add_header("Authorization", f"Bearer {self.token}")
        if body is not None:
            request.add_header("Content-Type", kind)
        try:
            with urllib.request.urlopen(request, timeout=1800) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            sys.exit(f"{path}: {error.code} {error.read()[:800]}")

    def read(self, path, **more):
        return json.loads(self.ask(path, **more))

    def load(self, requests, connections, folder, seconds=None):
        """Sends requests (status, method, path, body, what the answer must have), and gives the microseconds of all and of each."""
        file = folder / "requests"
        file.write_text("\n".join("\t".join(request) for request in requests))
        took = bench("load", self.port, self.token, connections, file, *([] if seconds is None else [seconds]))
        return took[0], took[1:]

    def memory(self):
        """The memory of all its processes in MB, what they share counted once; and how much of the database's file is mapped besides,
        which is the system's cache of that file and goes when the memory is needed."""
        own = mapped = 0
        for process in family(self.process.pid):
            name = ""
            for line in Path(f"/proc/{process}/smaps").read_text().splitlines():
                head = re.match(r"[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+ *(.*)", line)
                if head:
                    name = head.group(1)
                elif line.startswith("Pss:"):
                    size = int(line.split()[1]) / 1024
                    own, mapped = (own, mapped + size) if ".sqlite" in name else (own + size, mapped)
        return own, mapped

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def family(process):
    """A process and all that came of it, from whichever of its threads."""
    children = [int(child) for file in Path(f"/proc/{process}/task").glob("*/children") for child in file.read_text().split()]
    return [process] + [member for child in children for member in family(child)]


class BareRoute:
    """A route of the same HTTP library that does nothing but answer with the same bytes."""

    def __init__(self, body, folder):
        file = folder / "body.json"
        file.write_bytes(body)
        self.process = subprocess.Popen([BENCH, "route", file], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        self.token = "none"

    load = Server.load

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def rate(port, paths, token, folder, seconds):
    """Requests a second over 32 connections, by a client that costs next to nothing (wrk)."""
    script = folder / "paths.lua"
    lines = ",".join(f'"{path}"' for path in paths)
    script.write_text(
        f'local paths, place = {{{lines}}}, 0\n'
        f'local headers = {{["Authorization"] = "Bearer {token}"}}\n'
        "function request() place = place % #paths + 1; return wrk.format(\"GET\", paths[place], headers) end\n")
    text = output("wrk", "-t1", "-c32", f"-d{seconds}s", "-s", script, f"http://127.0.0.1:{port}")
    errors = re.search(r"Non-2xx.*|Socket errors.*", text)
    if errors:
        sys.exit(f"{paths[0]}: {errors.group(0)}")
    return float(re.search(r"Requests/sec:\s*([\d.]+)", text).group(1))
