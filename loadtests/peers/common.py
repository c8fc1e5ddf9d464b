"""What the scripts of all peers do alike: install, wait, seed, describe, and end when told to."""

import argparse
import base64
import http.client
import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

# Longest wait for a server that starts, and for one that ends, in seconds.
READY_S = 90
END_S = 15
# The system's certificate authorities, on Debian and its kin: Node brings a list of its own.
SYSTEM_CAS = "/etc/ssl/certs/ca-certificates.crt"
PEERS = pathlib.Path(__file__).resolve().parent


def arguments(users, database=False):
    """The options every script has; `users` is how many there are unless told otherwise."""
    parser = argparse.ArgumentParser()
    home = PEERS.parents[1] / "target" / "peers"
    parser.add_argument("--home", type=pathlib.Path, default=home, help="what is installed is kept here")
    parser.add_argument("--users", type=int, default=users)
    if database:
        parser.add_argument("--database", required=True, help="an empty PostgreSQL database, as postgres://…")
    return parser.parse_args()


def installed(folder, wanted, install):
    """Installs into a draft that takes the folder's place when all went well; does nothing if it has done so before."""
    mark = folder / "installed.txt"
    if mark.exists() and mark.read_text() == wanted:
        return folder
    draft = folder.with_name(folder.name + ".draft")
    for old in (draft, folder):
        shutil.rmtree(old, ignore_errors=True)
    draft.mkdir(parents=True)
    install(draft)
    (draft / "installed.txt").write_text(wanted)
    draft.rename(folder)
    return folder


def python_packages(folder, *packages):
    """Pinned packages of the usual index. No virtual environment: not every distribution ships what makes them."""

    def install(draft):
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input",
               "--root-user-action=ignore"]
        subprocess.run([*pip, "--target", draft, *packages], check=True, stdout=sys.stderr)

    return installed(folder, "\n".join(packages), install)


def node_packages(folder, *packages):
    """Pinned packages of the usual registry."""

    def install(draft):
        environment = dict(os.environ)
        if pathlib.Path(SYSTEM_CAS).exists():
            environment["NODE_EXTRA_CA_CERTS"] = SYSTEM_CAS
        npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", "."]
        subprocess.run([*npm, *packages], check=True, cwd=draft, env=environment, stdout=sys.stderr)

    return installed(folder, "\n".join(packages), install)


def free_port():
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def secret():
    """160 bits, as RFC 4226 wants them."""
    return secrets.token_bytes(20)


def base32(secret_bytes):
    return base64.b32encode(secret_bytes).decode()


def call(connection, method, path, body=None, headers=None):
    """One request with JSON in and out; answers the status and what came."""
    text = None if body is None else json.dumps(body)
    connection.request(method, path, text, {"Content-Type": "application/json", **(headers or {})})
    response = connection.getresponse()
    data = response.read()
    try:
        return response.status, json.loads(data or b"null")
    except ValueError:
        return response.status, data.decode(errors="replace")


def each(port, count, work, threads=16):
    """`work(connection, n)` for every n, over several connections. The first failure is the script's."""
    numbers, lock, failures = iter(range(count)), threading.Lock(), []

    def run():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            while not failures:
                with lock:
                    n = next(numbers, None)
                if n is None:
                    return
                work(connection, n)
        except Exception as error:  # noqa: BLE001: told below, in the main thread
            failures.append(error)

    workers = [threading.Thread(target=run) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if failures:
        raise failures[0]


class Servers:
    """Processes that end with this script."""

    def __init__(self):
        self.processes = []
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: sys.exit(0))

    def start(self, command, log, **options):
        with open(log, "ab") as output:
            process = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                # Not in the terminal's group: Ctrl-C is for this script, which ends its servers in order.
                start_new_session=True, **options,
            )
        process.log = log
        self.processes.append(process)
        return process

    def wait(self, port, path, statuses=(200,)):
        """Until the server answers with one of these statuses."""
        until = time.monotonic() + READY_S
        while time.monotonic() < until:
            for process in self.processes:
                if process.poll() is not None:
                    raise SystemExit(f"{process.args[0]} ended: {pathlib.Path(process.log).read_text()[-2000:]}")
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                if call(connection, "GET", path)[0] in statuses:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise SystemExit(f"nothing answers at port {port} after {READY_S} s")

    def describe(self, description):
        """Prints what the load needs to know, and waits until the input ends or a signal comes."""
        description["pids"] = [process.pid for process in self.processes]
        print(json.dumps(description), flush=True)
        sys.stdin.buffer.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
