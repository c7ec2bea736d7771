"""The programs that are measured: the product as a server, its commands, and the parts of the benchmark in Swift."""
import array
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

    def __init__(self, data, token, *more, environment={}):
        self.token = token
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [environment.get("TENON_BINARY", TENON), "serve", "--data", data, "--port", "0", *more], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, env={**os.environ, **environment})
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
        """The memory of all its processes in MB, what they share counted once, as if no other program had it, too; and how much of the
        database's file is mapped besides, which is the system's cache of that file and goes when the memory is needed."""
        own, shared, mapped = 0, set(), set()
        for process in family(self.process.pid):
            for name, file, pages in resident(process):
                if file is None:
                    own += len(pages)
                else:
                    (mapped if ".sqlite" in name else shared).update((file, page) for page in pages)
        return tuple(count * os.sysconf("SC_PAGE_SIZE") / 2**20 for count in (own + len(shared), len(mapped)))

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


def resident(process):
    """What of a process is in memory (proc_pid_maps(5), pagemap in the kernel's documentation): for each of its mappings the pages of the
    file, named and identified; and the pages that are its own, whose file is None."""
    size = os.sysconf("SC_PAGE_SIZE")
    with open(f"/proc/{process}/pagemap", "rb") as pagemap:
        for line in Path(f"/proc/{process}/maps").read_text().splitlines():
            span, _, offset, device, inode, *name = line.split(maxsplit=5)
            begin, end = (int(address, 16) // size for address in span.split("-"))
            if begin >= 1 << 47:
                continue
            pagemap.seek(begin * 8)
            entries = array.array("Q", pagemap.read((end - begin) * 8))
            first = int(offset, 16) // size
            there = [place for place, entry in enumerate(entries) if entry >> 63]
            yield "".join(name), None, [place for place in there if not entries[place] >> 61 & 1]
            yield "".join(name), (device, inode), [first + place for place in there if entries[place] >> 61 & 1]


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
