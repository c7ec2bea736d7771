"""A deployment with so many records, and a floor with the same ones."""
import json
import os
import random
import sys
import time

from .server import BENCH, Server, bench, output, tenon

PASSWORD = "a benchmark needs a long password"
EMAIL = "bench@example.org"
# So many records are imported at once.
PIECE = int(os.environ.get("PIECE", "100000"))


class Deployment:
    """Filled through the product's own importer; its floor is filled with the same records, so that the trees are as deep.

    What was filled is used again where its folder is kept."""

    def __init__(self, engine, size, folder):
        self.engine, self.size, self.folder = engine, size, folder / f"{engine.name}-{size}"
        self.data = str(self.folder / "data")
        self.ids = []
        self.floor = engine.floor(size)
        note = self.folder / "filled.json"
        if note.exists():
            self.token, self.piece, self.imports, self.floor_imports = json.loads(note.read_text())
        else:
            self.folder.mkdir(parents=True)
            secret = self.folder / "password"
            secret.write_text(PASSWORD)
            tenon("init", "--data", self.data, "--admin-email", EMAIL, "--admin-password-file", secret, *engine.options(size))
            self.token = tenon("token", "create", "--data", self.data, "--user", EMAIL, "--name", "bench")
            self.piece, self.imports, self.floor_imports = min(PIECE, size), [], []
        self.server = Server(self.data, self.token)
        self.statuses = self.server.read("/api/v1/lead-statuses?limit=50")["data"]
        self.open = [status["id"] for status in self.statuses if not status.get("is_final")]
        if not note.exists():
            self.fill()
            note.write_text(json.dumps([self.token, self.piece, self.imports, self.floor_imports]))

    def fill(self):
        names = ",".join(status["name"] for status in self.statuses if status["id"] in self.open)
        for first in range(0, self.size, PIECE):
            count = min(PIECE, self.size - first)
            lines = output(BENCH, "samples", first, count, names)
            begun = time.perf_counter()
            made = self.server.read("/api/v1/imports?entity=leads&file_name=bench.csv", body=lines.encode(), kind="text/csv")
            plan = json.dumps({"currency": "EUR"}).encode()
            done = self.server.read(f"/api/v1/imports/{made['id']}/run?wait=true", body=plan)
            self.imports.append(time.perf_counter() - begun)
            if done["state"] != "done" or done["created"] != count:
                sys.exit(f"the import did not make the records: {json.dumps(done)[:800]}")
            self.floor_imports.append(bench("floor", self.engine.name, self.floor, "fill", first, count)[0] / 1e6)
            print(
                f"      {self.engine.name}: {first + count:,} of {self.size:,} records, {count:,} in {self.imports[-1]:.1f} s"
                f" (bare: {self.floor_imports[-1]:.1f} s)", flush=True)
        self.engine.settle(self.size)

    def next_number(self):
        """The number of a record that is not there yet: above the newest id, since each has a number of its own."""
        return self.server.read("/api/v1/leads?sort=-id&limit=1")["data"][0]["id"] + 1

    def some_numbers(self, count, seed):
        """Some of the floor's records, which has no gaps."""
        return random.Random(seed).sample(range(1, self.size + 1), count)

    def some_ids(self, count, seed):
        """Some of the deployment's own: an engine may leave out numbers that were given to rows that did not come in."""
        if not self.ids:
            cursor = ""
            while cursor is not None:
                page = self.server.read("/api/v1/leads?limit=500&sort=id&fields=id" + cursor)
                self.ids += [record["id"] for record in page["data"]]
                cursor = "&cursor=" + page["next"] if page["next"] else None
        return [self.ids[number - 1] for number in self.some_numbers(count, seed)]

    def stop(self):
        self.server.stop()
