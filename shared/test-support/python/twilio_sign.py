"""Signs callbacks with the official package: a JSON object a line in, a signature a line out.

Each object has `token`, `url` and either `form` (a list of pairs of texts) or `body` (a text that is no form).
"""

import json
import sys

from twilio.request_validator import RequestValidator, compare


def fields(pairs):
    """What a web framework would hand the validator: one value, or a list of them."""
    values = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return {name: found[0] if len(found) == 1 else found for name, found in values.items()}


for line in sys.stdin:
    asked = json.loads(line)
    validator = RequestValidator(asked["token"])
    if "body" in asked:
        told = fields([])
        url = asked["url"]
        joined = "&" if "?" in url else "?"
        url += joined + "bodySHA256=" + validator.compute_hash(asked["body"])
        signature = validator.compute_signature(url, told)
        assert validator.validate(url, asked["body"], signature)
    else:
        url = asked["url"]
        told = fields(asked["form"])
        signature = validator.compute_signature(url, told)
        assert validator.validate(url, told, signature)
        assert not compare(signature, validator.compute_signature(url + "/", told))
    print(json.dumps({"url": url, "signature": signature}))
