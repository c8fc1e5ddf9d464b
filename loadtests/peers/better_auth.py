#!/usr/bin/env python3
"""better-auth with its two-factor plugin: two node processes in front of one PostgreSQL database."""

import json
import os
import pathlib
import subprocess
import tempfile

import common

VERSION = "1.7.24"
DRIVER = "8.23.1"
PROCESSES = 2
SERVER = common.PEERS / "better-auth" / "server.mjs"


def main():
    options = common.arguments(users=3_000, database=True)
    site = common.node_packages(options.home / "better-auth", f"better-auth@{VERSION}", f"pg@{DRIVER}")
    environment = {**os.environ, "DATABASE_URL": options.database, "NODE_ENV": "production"}
    with tempfile.TemporaryDirectory(prefix="peer-better-auth-") as folder, common.Servers() as servers:
        seed = ["node", SERVER, "seed", str(options.users)]
        seeded = subprocess.run(seed, cwd=site, env=environment, check=True, stdout=subprocess.PIPE)
        ports = [common.free_port() for _ in range(PROCESSES)]
        for port in ports:
            servers.start(["node", SERVER, "serve", port], pathlib.Path(folder) / f"{port}.log", cwd=site, env=environment)
        for port in ports:
            servers.wait(port, "/api/auth/ok")
        servers.describe(describe(ports, json.loads(seeded.stdout)))


def describe(ports, seeded):
    users = [{**user, "secret": common.base32(user["secret"].encode())} for user in seeded]
    return {
        "name": "better-auth twoFactor",
        "version": VERSION,
        "setup": [
            f"{PROCESSES} node processes, NODE_ENV=production, database pool of 16 each; otherwise as it comes",
            "POST /two-factor/verify-totp of a signed-in user: the way without its lock-out's writes, which flatters it",
            "its rate limit (3 in 10 s for each address) is on; each user comes from an address of its own, told in the "
            "header X-Forwarded-For that it reads by default",
        ],
        "urls": [f"http://127.0.0.1:{port}" for port in ports],
        "clients": 32,
        "request": {
            "method": "POST",
            "path": "/api/auth/two-factor/verify-totp",
            "headers": {
                "Content-Type": "application/json",
                "Cookie": "{cookie}",
                "Origin": "http://127.0.0.1",
                "X-Forwarded-For": "{address}",
            },
            "body": '{"code":"{code}"}',
        },
        "right": {"status": 200, "holds": '"token":"'},
        "wrong": {"status": 401, "holds": "INVALID_CODE"},
        "replay": {"status": 401, "holds": "INVALID_CODE"},
        "users": users,
    }


if __name__ == "__main__":
    main()
