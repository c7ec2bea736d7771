"""What does not depend on how many records there are: the supervisor beside the server, and the way to plugins' code."""
import shutil
import statistics
import subprocess

from .measures import list_path
from .report import BARS
from .server import BENCH, ROOT, Server, output, rate


def measure_supervision(deployment, report, seconds):
    """The same build with and without its supervisor, on copies of one deployment, by turns."""
    if deployment.engine.name != "sqlite":
        return
    copy = str(deployment.folder / "copy")
    deployment.server.stop()
    shutil.copytree(deployment.data, copy)
    deployment.server = Server(deployment.data, deployment.token)
    paths = {"supervised_small": "/healthz", "supervised_list": list_path(deployment)}
    with Server(copy, deployment.token, "--unsupervised") as alone:
        rates = {key: ([], []) for key in paths}
        for _ in range(5):
            for key, path in paths.items():
                for figures, server in zip(rates[key], (deployment.server, alone)):
                    figures.append(rate(server.port, [path], deployment.token, deployment.folder, seconds))
    shutil.rmtree(copy)
    for key, (supervised, unsupervised) in rates.items():
        with_it, without = statistics.median(supervised), statistics.median(unsupervised)
        report.add(deployment.engine.name, deployment.size, key, with_it / without, f"{with_it:,.0f}/s", f"{without:,.0f}/s")


def measure_calls(deployment, report, seconds):
    """The way to plugins' code, in nanoseconds: measured within the kernel, as `bench calls` says."""
    if deployment.engine.name != "sqlite":
        return
    folder = deployment.folder
    library = folder / "listener.so"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, ROOT / "Benchmarks/listener.c"], check=True)
    texts = [output(BENCH, "calls", folder / f"calls{turn}.sqlite", library) for turn in range(3)]
    runs = [[line.split("\t") for line in text.splitlines()] for text in texts]
    for same in zip(*runs):
        _, bar, name = same[0]
        if bar != "-":
            BARS[name] = {"at_most": float(bar), "what": name + ", in ns"}
        report.add("sqlite", deployment.size, name, statistics.median(float(line[0]) for line in same))


MACHINERY = {"supervision": measure_supervision, "calls": measure_calls}
