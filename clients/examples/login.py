"""A login's second step, on the command line: python3 login.py USER

Environment: TWOFOLD_URL, TWOFOLD_KEY. The code is read from standard input. Standard library only.
"""

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request

URL = os.environ.get("TWOFOLD_URL", "http://127.0.0.1:8080")
KEY = os.environ["TWOFOLD_KEY"]


def post(path: str, body: dict) -> tuple[int, dict]:
    """Answers status and body; what could not be decided raises."""
    request = urllib.request.Request(
        URL + path,
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code >= 500 or error.code == 401:
            raise
        return error.code, json.load(error)


def main() -> int:
    user = urllib.parse.quote(sys.argv[1] if len(sys.argv) > 1 else "alice", safe="")
    # The panel has checked the password. What now?
    status, login = post(f"/v1/users/{user}/challenges", {})
    if status >= 400:
        print(login["code"], login["detail"], file=sys.stderr)
        return 2
    if login["login_allowed"]:
        print("in:", login["status"])
        return 0
    print(login["message"])
    if totp := login.get("enrolment", {}).get("totp"):
        print("key:", totp["secret"])
    status, result = post(f"/v1/users/{user}/challenges/{login['id']}/verify", {"code": sys.stdin.readline()})
    print(result.get("message") or result["detail"])
    return 0 if status == 200 and result["verified"] is True and result["purpose"] == "login" else 1


if __name__ == "__main__":
    sys.exit(main())
