"""A mail server for tests: accepts, refuses, hangs or hangs up as told, and keeps what it got as files.

Argument: a directory holding options.json. Prints "PORT <n>" when listening on 127.0.0.1 and stops when stdin closes.
Every message becomes <n>.eml (the bytes after DATA, dots unstuffed) and then <n>.json (its envelope).
control.json, when there, is read anew for every command, so a test can change its mind.
"""

import asyncio
import json
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

HOME = sys.argv[1]
with open(os.path.join(HOME, "options.json"), encoding="utf-8") as options_file:
    OPTIONS = json.load(options_file)


def told(stage):
    """What the test wants at a stage: a reply such as "450 later", "hang", "cut", or nothing."""
    try:
        with open(os.path.join(HOME, "control.json"), encoding="utf-8") as control_file:
            return json.load(control_file).get(stage)
    except FileNotFoundError:
        return None


async def obey(server, stage, usual):
    want = told(stage)
    if want == "hang":
        await asyncio.sleep(3600)
    if want == "cut":
        server.transport.abort()
        await asyncio.sleep(3600)
    return want or usual


class Handler:
    def __init__(self):
        self.count = 0

    async def handle_MAIL(self, server, session, envelope, address, mail_options):
        reply = await obey(server, "mail", "250 OK")
        if reply.startswith("250"):
            envelope.mail_from = address
            envelope.mail_options.extend(mail_options)
        return reply

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        reply = await obey(server, "rcpt", "250 OK")
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(rcpt_options)
        return reply

    async def handle_DATA(self, server, session, envelope):
        early = told("data")
        if early not in (None, "hang", "cut"):
            return early
        self.count += 1
        name = os.path.join(HOME, "%06d" % self.count)
        with open(name + ".eml", "wb") as message_file:
            message_file.write(envelope.original_content)
        facts = {
            "mail_from": envelope.mail_from,
            "rcpt_tos": envelope.rcpt_tos,
            "options": envelope.mail_options + envelope.rcpt_options,
            "hello": session.host_name,
            "peer_port": session.peer[1],
            "tls": OPTIONS["tls"] == "implicit" or session.ssl is not None,
            "login": session.auth_data.login.decode() if session.authenticated else None,
        }
        with open(name + ".part", "w", encoding="utf-8") as facts_file:
            json.dump(facts, facts_file)
        os.rename(name + ".part", name + ".json")
        return await obey(server, "data", "250 2.0.0 OK: queued as Q%06d" % self.count)


class Sink(SMTP):
    async def smtp_DATA(self, arg):
        want = told("data_command")
        if want is not None:
            await self.push(await obey(self, "data_command", ""))
            return
        if OPTIONS["lenient"]:
            await self.lenient_data()
        else:
            await super().smtp_DATA(arg)

    async def lenient_data(self):
        """Ends a message at a dot between line ends of any kind, as servers open to smuggling do."""
        await self.push("354 go ahead, any line end will do")
        lines = []
        while True:
            line = await self._reader.readuntil(b"\n")
            if line in (b".\n", b".\r\n"):
                break
            lines.append(line[1:] if line.startswith(b".") else line)
        self.envelope.original_content = self.envelope.content = b"".join(lines)
        status = await self._call_handler_hook("DATA")
        self._set_post_data_state()
        await self.push(status)


def authenticate(server, session, envelope, mechanism, data):
    wanted = OPTIONS["auth"]
    good = (
        isinstance(data, LoginPassword)
        and wanted is not None
        and [data.login.decode(), data.password.decode()] == wanted
    )
    return AuthResult(success=good, handled=False, auth_data=data)


async def main():
    context = None
    if OPTIONS["tls"] != "plain":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(HOME, "cert.pem"), os.path.join(HOME, "key.pem"))
    starttls = OPTIONS["tls"] == "starttls"
    handler = Handler()

    def factory():
        return Sink(
            handler,
            hostname="sink.test",
            loop=asyncio.get_running_loop(),
            tls_context=context if starttls else None,
            require_starttls=starttls,
            auth_required=OPTIONS["auth"] is not None,
            auth_require_tls=starttls,
            authenticator=authenticate if OPTIONS["auth"] else None,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(factory, "127.0.0.1", 0, ssl=context if OPTIONS["tls"] == "implicit" else None)
    print("PORT", server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)
    os._exit(0)


asyncio.run(main())
