"""Checks that a Grafana dashboard can be imported: ids once, no panel over another, every query with the variable data source."""

import json
import pathlib
import sys

DATASOURCE = "${datasource}"


def main():
    dashboard = json.loads(pathlib.Path(sys.argv[1]).read_text())
    variables = {variable["name"] for variable in dashboard["templating"]["list"]}
    assert "datasource" in variables, "no variable for the data source"
    assert dashboard["uid"] and dashboard["title"] and dashboard["schemaVersion"] >= 36
    ids, cells = set(), set()
    for panel in dashboard["panels"]:
        title, place = panel["title"], panel["gridPos"]
        assert panel["id"] not in ids, f"{title}: id {panel['id']} twice"
        ids.add(panel["id"])
        assert place["x"] + place["w"] <= 24, f"{title}: wider than the page"
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in cells, f"{title}: over another panel"
                cells.add((x, y))
        if panel["type"] == "row":
            continue
        assert panel["datasource"]["uid"] == DATASOURCE, f"{title}: a data source of its own"
        assert panel["description"] and panel["targets"], f"{title}: no description or no query"
        for target in panel["targets"]:
            assert target["datasource"]["uid"] == DATASOURCE, f"{title}: a data source of its own"
            assert target["expr"].count("(") == target["expr"].count(")"), f"{title}: {target['expr']}"


main()
