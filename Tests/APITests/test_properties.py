"""The JSON front against its own description: whatever is sent, the answer is one that the OpenAPI document knows.

Schemathesis makes requests from the document, right ones and wrong ones, and holds the answers against it."""
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

# Whether an internal error, an answer that is not described, or one that is not as described came up.
CHECKS = [
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance", "response_schema_conformance",
    "unsupported_method", "allow_header_conformance", "ignored_auth",
]
# What would take the ground from under the test itself: its own token and user, the plugins, and streams that never end.
GROUND = [
    r"^/api/v1/plugins/.*(enable|disable|upgrade|uninstall|restore|release)$", r"^/api/v1/deployment$", r"^/api/v1/tokens", r"^/api/v1/users/\{id\}",
    r"^/api/v1/(users|roles|teams)/bulk$", r"^/api/v1/roles/\{id\}", r"^/api/v1/(users|roles|teams)/\{id\}/merge$", r"/events$", r"^/api/v1/mail/test$",
    r"^/api/v1/settings/(import|reset)$",
]


def run(deployment, token, folder, seconds, seed, more=()):
    """One run; gives what it said and its report."""
    report = folder / "report.json"
    command = [
        str(pathlib.Path(sys.executable).parent / "schemathesis"), "run", deployment.url + "/openapi.json", "--header", "Authorization: Bearer " + token,
        "--checks", ",".join(CHECKS), "--phases", "examples,fuzzing", "--max-examples", "6", "--seed", str(seed), "--workers", "2", "--max-time", str(seconds),
        "--request-timeout", "20", "--continue-on-failure", "--no-shrink", "--no-color", "--report", "json", "--report-json-path", str(report), "--warnings", "off",
        "--suppress-health-check", "all", *more,
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds + 100, env={**os.environ, "PYTHONWARNINGS": "ignore"})
    return done, json.loads(report.read_text()) if report.exists() else {}


def test_no_request_of_an_administrator_gets_an_answer_that_is_not_described(deployment, tmp_path):
    done, report = run(deployment, deployment.token(), tmp_path, 70, 20260302, ["--exclude-path-regex", "|".join(GROUND)])
    assert done.returncode == 0, done.stdout[-12000:] + done.stderr[-3000:]
    assert tried(done) > 200, done.stdout[-3000:]
    assert deployment.process.poll() is None
    with open(deployment.log.name) as log:
        told = [line for line in log if re.search(r"\berror\b.*tenon\.(front|web)", line)]
    assert not told, "".join(told[:10])


def test_no_request_of_somebody_with_few_rights_does_either_wherever_it_goes(deployment, tmp_path):
    admin = deployment.token()
    status, user = deployment.ask("POST", "/api/v1/users", {"name": "Few Rights", "email": "few@example.com", "roles": ["Sales agent"]}, admin)
    assert status == 201, user
    done, report = run(deployment, deployment.token("few@example.com"), tmp_path, 40, 7, ["--exclude-path-regex", r"(^/api/v1/tokens|/events$)"])
    assert done.returncode == 0, done.stdout[-12000:] + done.stderr[-3000:]
    assert tried(done) > 100, done.stdout[-3000:]


def tried(done):
    """How many requests were made, by the closing lines."""
    found = re.findall(r"(\d+)\s+(?:generated|test cases|requests|passed)", done.stdout)
    return max([int(number) for number in found], default=0)
