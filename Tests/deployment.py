"""A server of the tests' own, in a process and a folder of its own."""
import json
import os
import pathlib
import secrets
import subprocess
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
BINARY = os.environ.get("TENON_BINARY") or str(ROOT / ".build/debug/tenon")
ADMIN = "admin@example.com"


class Deployment:
    """A running server and how to get in."""

    def __init__(self, folder: pathlib.Path, demo: bool):
        self.data = folder / "data"
        self.password = secrets.token_urlsafe(16)
        secret = folder / "password"
        secret.write_text(self.password)
        command = [BINARY, "init", "--data", str(self.data), "--admin-email", ADMIN, "--admin-password-file", str(secret)]
        subprocess.run(command + (["--demo"] if demo else []), check=True, capture_output=True, text=True, timeout=300)
        self.log = open(folder / "server.log", "w+")
        self.process = subprocess.Popen(
            [BINARY, "serve", "--data", str(self.data), "--port", "0"], stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        while line and "listening on " not in line:
            line = self.process.stdout.readline()
        assert line, "the server did not start: " + (folder / "server.log").read_text()
        self.url = line.split("listening on ")[1].strip()
        with urllib.request.urlopen(self.url + "/readyz", timeout=10) as answer:
            assert answer.status == 200

    def token(self, user=ADMIN):
        """A token of a user, for the JSON front."""
        made = subprocess.run(
            [BINARY, "token", "create", "--user", user, "--name", "tests", "--data", str(self.data)], check=True, capture_output=True, text=True,
            timeout=60)
        return made.stdout.strip()

    def ask(self, method, path, body=None, token="", headers=None, raw=None):
        """Asks the JSON front: the status and what was answered."""
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers or {})
        if token:
            request.add_header("Authorization", "Bearer " + token)
        if body is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        try:
            return status, json.loads(text or b"null")
        except ValueError:
            return status, text.decode(errors="replace")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.log.close()
