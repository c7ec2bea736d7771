"""What is measured of one deployment. Each measure takes turns with its floor, so that both have the same minute of the machine."""
import json
import statistics
import sys
import time
from urllib.parse import quote

from . import words
from .server import BENCH, BareRoute, Server, bench, output, rate

median = statistics.median
ROUTE = [("200", "GET", "/", "", "")]
TURNS = 5


def percentile(figures, part):
    return sorted(figures)[min(len(figures) - 1, int(len(figures) * part))]


def ms(microseconds):
    return f"{microseconds / 1000:.2f} ms"


def spread(figures):
    return f"p50 {ms(median(figures))}, p95 {ms(percentile(figures, 0.95))}"


def get(path, expected=""):
    return ("200", "GET", path, "", expected)


# What is asked for

def list_path(deployment):
    return f"/api/v1/leads?status={deployment.open[0]}&sort=-created_at&limit=50"


def board_path():
    return "/api/v1/leads/board?limit=25"


def searches(size, path="/api/v1/leads?limit=50&q="):
    """Many different texts; what has a number only one record has, and its answer must tell it."""
    found = [get(path + quote(word), '"id":') for word in words.MANY] + [get(path + quote(word), '"data":[') for word in words.SOME]
    nothing = [get(path + quote(word), '"data":[]') for word in words.NONE]
    return found + nothing + [get(path + quote(word), '"id":') for word in words.rare(size)]


def creations(deployment, count):
    bodies = output(BENCH, "samples", deployment.next_number(), count).splitlines()
    return [("201", "POST", "/api/v1/leads", body, '"score":') for body in bodies]


def changes(deployment, count, seed):
    """Each of some records to a status that it does not have."""
    requests = []
    for record in deployment.some_ids(count, seed):
        now = deployment.server.read(f"/api/v1/leads/{record}")["status"]
        to = deployment.open[(deployment.open.index(now) + 1) % len(deployment.open)] if now in deployment.open else deployment.open[0]
        requests.append(("200", "PATCH", f"/api/v1/leads/{record}", json.dumps({"status": to}), f'"status":{to},'))
    return requests


# Reading

def measure_list(deployment, report, seconds):
    path = list_path(deployment)
    compare_rates(deployment, report, "list", [path], deployment.server.ask(path), seconds)


def measure_read(deployment, report, seconds):
    ids = deployment.some_ids(1000, 1)
    deployment.server.load([get(f"/api/v1/leads/{record}", f'{{"id":{record},') for record in ids], 32, deployment.folder)
    paths = [f"/api/v1/leads/{record}" for record in ids]
    compare_rates(deployment, report, "read", paths, deployment.server.ask(paths[0]), seconds)


def compare_rates(deployment, report, key, paths, body, seconds):
    if key == "list" and len(json.loads(body)["data"]) != 50:
        sys.exit("the list is too short to measure")
    ours, bare = [], []
    with BareRoute(body, deployment.folder) as route:
        for _ in range(TURNS):
            bare.append(rate(route.port, ["/"], "none", deployment.folder, seconds))
            ours.append(rate(deployment.server.port, paths, deployment.token, deployment.folder, seconds))
    report.add(
        deployment.engine.name, deployment.size, key, median(ours) / median(bare), f"{median(ours):,.0f}/s",
        f"{median(bare):,.0f}/s with the same {len(body):,} bytes")


def measure_board(deployment, report, seconds):
    path = board_path()
    with BareRoute(deployment.server.ask(path), deployment.folder) as route:
        bare = route.load(ROUTE, 1, deployment.folder, 1)[1]
        ours = deployment.server.load([get(path)] * 200, 1, deployment.folder)[1]
    report.add(
        deployment.engine.name, deployment.size, "board", median(ours) / median(bare), spread(ours), f"bare route {ms(median(bare))}")


def measure_search(deployment, report, seconds):
    engine, size, floor = deployment.engine.name, deployment.size, deployment.floor
    kinds = {"many have": words.MANY, "some have": words.SOME, "one has": words.rare(size), "none has": words.NONE}
    every = [word for texts in kinds.values() for word in texts]
    bare = bench("floor", engine, floor, "searches", *every * 3)
    for key, path in ("search", "/api/v1/leads?limit=50&q="), ("search_all", "/api/v1/search?q="):
        # Once before it counts: the parts of a large file that are asked for may not be in the system's cache.
        deployment.server.load(searches(size, path), 1, deployment.folder)
        ours = deployment.server.load(searches(size, path) * 3, 1, deployment.folder)[1]
        by_kind = "; ".join(
            f"{kind} {ms(percentile(deployment.server.load([get(path + quote(word)) for word in texts] * 3, 1, deployment.folder)[1], 0.95))}"
            for kind, texts in kinds.items())
        report.add(engine, size, key, median(ours) / median(bare), spread(ours), spread(bare), "p95 of what " + by_kind)
    short = deployment.server.load([get("/api/v1/leads?limit=50&q=" + word) for word in words.SHORT] * 5, 1, deployment.folder)[1]
    report.add(engine, size, "search_short", median(short) / 1000, spread(short))


# Changing

def measure_create(deployment, report, seconds):
    engine, floor, size = deployment.engine.name, deployment.floor, deployment.size
    change_and_compare(
        deployment, report, "create", lambda turn, count: creations(deployment, count),
        lambda turn, count: bench("floor", engine, floor, "inserts", 10 * size + 1_000 * turn, count))


def measure_update(deployment, report, seconds):
    engine, floor = deployment.engine.name, deployment.floor
    change_and_compare(
        deployment, report, "update", lambda turn, count: changes(deployment, count, turn),
        lambda turn, count: bench("floor", engine, floor, "updates", turn % 3 + 1, *deployment.some_numbers(count, 100 + turn)))


def change_and_compare(deployment, report, key, requests, bare_turn):
    """Over one connection beside the bare ones' time, over 32 beside the rate of the bare ones one by one."""
    ours, bare, rates, bare_rates = [], [], [], []
    for turn in range(TURNS):
        ours += deployment.server.load(requests(turn, 200), 1, deployment.folder)[1]
        figures = bare_turn(2 * turn, 200)
        bare += figures
        many = requests(50 + turn, 1000)
        rates.append(len(many) * 1e6 / deployment.server.load(many, 32, deployment.folder)[0])
        again = bare_turn(2 * turn + 1, 200)
        bare += again
        bare_rates.append(400e6 / sum(figures + again))
    engine, size = deployment.engine.name, deployment.size
    report.add(engine, size, key, median(ours) / median(bare), spread(ours), spread(bare))
    report.add(
        engine, size, key + "_32", median(rates) / median(bare_rates), f"{median(rates):,.0f}/s", f"{median(bare_rates):,.0f}/s one by one")


# The server itself

def measure_import(deployment, report, seconds):
    engine, size = deployment.engine.name, deployment.size
    ours, bare = deployment.imports, deployment.floor_imports
    pieces = "" if len(ours) == 1 else f"first piece {ours[0]:.1f} s, last {ours[-1]:.1f} s"
    report.add(engine, size, "import", median(ours) / median(bare), f"{sum(ours):.1f} s", f"{sum(bare):.1f} s", pieces)
    if deployment.piece == 100_000:
        report.add(engine, size, "import_100000", median(ours), "", "", pieces)


def measure_start(deployment, report, seconds):
    """Stops the deployment's server and starts it again, ten times; the last one stays, and its memory is looked at."""
    times, memories = [], []
    loaded = deployment.server.memory()
    for _ in range(10):
        deployment.server.stop()
        deployment.server = Server(deployment.data, deployment.token)
        deployment.server.ask("/api/v1/leads?limit=1")
        times.append((time.perf_counter() - deployment.server.started) * 1000)
    for _ in range(3):
        time.sleep(1)
        memories.append(deployment.server.memory())
    engine, size = deployment.engine.name, deployment.size
    report.add(engine, size, "start", median(times), f"slowest of ten {max(times):.0f} ms")
    report.add(engine, size, "memory", *memory_of(memories[-1]))
    report.add(engine, size, "memory_loaded", *memory_of(loaded))


def memory_of(memory):
    own, mapped = memory
    return own, f"and {mapped:.0f} MB of the database's file mapped" if mapped >= 1 else ""


# Beside other products, as they were measured: the fastest of Odoo 17, Tryton 8.2 and BottleCRM on a machine with two cores, with
# 8 clients and 10,000 records.
OTHERS = {"list": 116, "read": 144, "search": 148, "create": 79, "update": 59, "import": 34, "memory": 152}


def measure_others(deployment, report, seconds):
    server, folder = deployment.server, deployment.folder
    loads = {
        "list": [get(list_path(deployment), '"data":[{')],
        "read": [get(f"/api/v1/leads/{record}", f'{{"id":{record},') for record in deployment.some_ids(1000, 2)],
        "search": searches(deployment.size),
    }
    engine, size = deployment.engine.name, deployment.size
    for key, requests in loads.items():
        rates = []
        for _ in range(3):
            whole, took = server.load(requests, 8, folder, seconds)
            rates.append(len(took) * 1e6 / whole)
        beside(report, engine, size, key, median(rates))
    for key, requests in (("create", lambda turn: creations(deployment, 1000)), ("update", lambda turn: changes(deployment, 1000, 200 + turn))):
        rates = []
        for turn in range(3):
            some = requests(turn)
            rates.append(len(some) * 1e6 / server.load(some, 8, folder)[0])
        beside(report, engine, size, key, median(rates))
    if size == 10_000:
        took = deployment.imports[0]
        report.add(engine, size, "others_import", OTHERS["import"] / took, f"{took:.2f} s", f"{OTHERS['import']} s")
    own, mapped = memory_of(server.memory())
    report.add(engine, size, "others_memory", own / OTHERS["memory"], f"{own:.0f} MB after these loads {mapped}", f"{OTHERS['memory']} MB")


def beside(report, engine, size, key, figure):
    report.add(engine, size, "others_" + key, figure / OTHERS[key], f"{figure:,.0f}/s", f"{OTHERS[key]}/s")


MEASURES = {
    "import": measure_import, "list": measure_list, "read": measure_read, "board": measure_board, "search": measure_search,
    "create": measure_create, "update": measure_update, "others": measure_others, "start": measure_start,
}


def measure_growth(deployments, report, seconds):
    """The same questions to the smallest deployment and to each larger one, by turns."""
    asked = {
        "board": lambda deployment: [get(board_path())] * 40,
        "search": lambda deployment: searches(deployment.size),
        "search_all": lambda deployment: searches(deployment.size, "/api/v1/search?q="),
        "list": lambda deployment: [get(list_path(deployment))] * 100,
        "read": lambda deployment: [get(f"/api/v1/leads/{record}") for record in deployment.some_ids(200, 3)],
    }
    for key, requests in asked.items():
        took = [[] for _ in deployments]
        for turn in range(TURNS + 1):
            for figures, deployment in zip(took, deployments):
                some = deployment.server.load(requests(deployment), 1, deployment.folder)[1]
                # The first turn brings what is asked for into the system's cache, from which the small one was never gone.
                figures += some if turn > 0 else []
        least = percentile(took[0], 0.95)
        for figures, deployment in list(zip(took, deployments))[1:]:
            report.add(
                deployment.engine.name, deployment.size, key + "_growth", percentile(figures, 0.95) / least, spread(figures),
                f"with {deployments[0].size:,}: {spread(took[0])}")
