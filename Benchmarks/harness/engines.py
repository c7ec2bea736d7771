"""The two engines: where a deployment keeps its records, and where the floor keeps the same."""
import os
import subprocess

from .server import ROOT, output


class SQLite:
    name = "sqlite"

    def __init__(self, folder):
        self.folder = folder

    def options(self, size):
        return []

    def floor(self, size):
        return str(self.folder / f"floor-{size}.sqlite")

    def settle(self, size):
        """SQLite needs no statistics that are not there after a commit."""

    def stop(self):
        pass


class PostgreSQL:
    """A private server that waits for its disk at every commit, with a database for each size and for each floor."""

    name = "postgresql"

    def __init__(self, folder):
        self.folder = folder / "server"
        task = "resume" if (self.folder / "data").exists() else "start"
        answer = subprocess.run(
            [ROOT / "tools/postgresql", task, self.folder], env={**os.environ, "DURABLE": "1"}, check=True, capture_output=True, text=True)
        note = folder / "address"
        if task == "start":
            note.write_text(answer.stdout.strip())
        self.address = note.read_text()

    def database(self, name):
        there = output("psql", "-At", "-d", self.address, "-c", f"SELECT 1 FROM pg_database WHERE datname = '{name}'")
        if not there:
            output("psql", "-q", "-d", self.address, "-c", f"CREATE DATABASE {name}")
        return self.address.rsplit("/", 1)[0] + "/" + name

    def options(self, size):
        return ["--database-url", self.database(f"tenon_{size}")]

    def floor(self, size):
        return self.database(f"floor_{size}")

    def settle(self, size):
        """What the server does by itself some minutes after so many rows came in."""
        for address in self.options(size)[1], self.floor(size):
            output("psql", "-q", "-d", address, "-c", "VACUUM ANALYZE")

    def stop(self):
        subprocess.run([ROOT / "tools/postgresql", "halt", self.folder], check=False)


ENGINES = {engine.name: engine for engine in (SQLite, PostgreSQL)}
