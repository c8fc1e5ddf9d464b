#!/usr/bin/env python3
"""privacyIDEA behind gunicorn, with one PostgreSQL database."""

import json
import os
import pathlib
import secrets
import subprocess
import sys
import tempfile

import common

VERSION = "3.14"
GUNICORN = "27.0.1"
DRIVER = "2.9.13"
WORKERS = 3
# What its documentation tells to set; everything else is as it comes.
CONFIGURATION = """
SQLALCHEMY_DATABASE_URI = {database!r}
SECRET_KEY = {key!r}
PI_PEPPER = {pepper!r}
PI_ENCFILE = {home!r} + "/enckey"
PI_AUDIT_KEY_PRIVATE = {home!r} + "/private.pem"
PI_AUDIT_KEY_PUBLIC = {home!r} + "/public.pem"
PI_LOGFILE = {home!r} + "/privacyidea.log"
PI_LOGLEVEL = 30
"""
MANAGE = "from privacyidea.cli.pimanage import cli; cli()"
# Tokens in its own way and by its own code; over HTTP each would first need an administrator and a policy.
SEED = """
import json, secrets, sys
from privacyidea.app import create_app
from privacyidea.lib.token import init_token
app = create_app(config_name="production", config_file=sys.argv[1], silent=True)
made = []
with app.app_context():
    for n in range(int(sys.argv[2])):
        key = secrets.token_hex(20)
        serial = f"TOTP{n:08d}"
        init_token({"type": "totp", "serial": serial, "otpkey": key, "timeStep": 30, "otplen": 6, "hashlib": "sha1"})
        made.append({"serial": serial, "key": key})
print("seeded " + json.dumps(made))
"""
APPLICATION = """
import os
from privacyidea.app import create_app
application = create_app(config_name="production", config_file=os.environ["PRIVACYIDEA_CONFIGFILE"], silent=True)
"""


def main():
    options = common.arguments(users=600, database=True)
    packages = (f"privacyidea=={VERSION}", f"gunicorn=={GUNICORN}", f"psycopg2-binary=={DRIVER}")
    site = common.python_packages(options.home / "privacyidea", *packages).resolve()
    with tempfile.TemporaryDirectory(prefix="peer-privacyidea-") as folder, common.Servers() as servers:
        home = pathlib.Path(folder)
        configuration = home / "pi.cfg"
        database = "postgresql+psycopg2://" + options.database.split("://", 1)[1]
        key, pepper = secrets.token_hex(24), secrets.token_hex(24)
        configuration.write_text(CONFIGURATION.format(database=database, key=key, pepper=pepper, home=str(home)))
        environment = {**os.environ, "PYTHONPATH": str(site), "PRIVACYIDEA_CONFIGFILE": str(configuration)}

        def run(*words):
            command = [sys.executable, *words]
            return subprocess.run(command, cwd=home, env=environment, check=True, stdout=subprocess.PIPE).stdout.decode()

        for step in ("create_enckey", "create_audit_keys", "create_tables"):
            run("-c", MANAGE, "setup", step)
        # One token more, for the warm-up.
        said = run("-c", SEED, str(configuration), str(options.users + 1))
        line = next(line for line in said.splitlines() if line.startswith("seeded "))
        seeded = json.loads(line.removeprefix("seeded "))
        (home / "application.py").write_text(APPLICATION)
        port = common.free_port()
        gunicorn = [sys.executable, "-m", "gunicorn", "--workers", WORKERS, "--bind", f"127.0.0.1:{port}"]
        servers.start([*gunicorn, "application:application"], home / "gunicorn.log", cwd=home, env=environment)
        servers.wait(port, "/healthz/readyz", (200, 404))
        warm_up(port, seeded.pop()["serial"])
        servers.describe(describe(port, seeded))


def warm_up(port, serial):
    """Each worker loads most of itself at its first request, for a second or more. Fewer wrong codes than block a token."""
    body = {"serial": serial, "pass": "000000", "otponly": "1"}

    def ask(connection, _):
        common.call(connection, "POST", "/validate/check", body)

    common.each(port, 3 * WORKERS, ask, threads=WORKERS)


def describe(port, seeded):
    users = [{"user": token["serial"], "secret": common.base32(bytes.fromhex(token["key"]))} for token in seeded]
    return {
        "name": "privacyIDEA",
        "version": VERSION,
        "setup": [
            f"gunicorn with {WORKERS} workers, the settings its documentation asks for; otherwise as it comes",
            "POST /validate/check of a token by its serial with otponly=1, so that no PIN is hashed",
            "its fail counter (10 in a row) and its audit are on",
        ],
        "urls": [f"http://127.0.0.1:{port}"],
        "clients": WORKERS,
        "request": {
            "method": "POST",
            "path": "/validate/check",
            "headers": {"Content-Type": "application/json"},
            "body": '{"serial":"{user}","pass":"{code}","otponly":"1"}',
        },
        "right": {"status": 200, "holds": '"value": true'},
        "wrong": {"status": 200, "holds": '"value": false'},
        "replay": {"status": 200, "holds": '"value": false'},
        "users": users,
    }


if __name__ == "__main__":
    main()
