"""Checks that every metric that rules and dashboard name is in one of the given copies of /metrics."""

import pathlib
import re
import sys

INFRA = pathlib.Path(__file__).parent.parent
USERS = (INFRA / "prometheus" / "rules.yaml", INFRA / "grafana" / "twofold.json")
NAME = re.compile(r"twofold_[a-z0-9_]+")
TYPE = re.compile(r"# TYPE (twofold_[a-z0-9_]+) ([a-z]+)")
# What a sample of each type is called, besides the plain name.
ENDS = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}


def printed(text):
    """The names of the samples in one copy, and of those that it only announces."""
    samples = {match.group(0) for line in text.splitlines() if (match := NAME.match(line))}
    announced = {name + end for name, kind in TYPE.findall(text) for end in ENDS.get(kind, ("",))}
    return samples | announced


def main():
    there = set().union(*(printed(pathlib.Path(path).read_text()) for path in sys.argv[1:]))
    missing = {name: path.name for path in USERS for name in NAME.findall(path.read_text()) if name not in there}
    for name, user in sorted(missing.items()):
        print(f"{user}: no process prints {name}")
    if missing or not there:
        sys.exit(1)


main()
