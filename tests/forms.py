"""A page's form as a browser would post it."""

from bs4 import Tag


def fields_of(form: Tag) -> dict[str, str]:
    """What is posted when its first button is pressed, unchanged."""
    data = {}
    for field in form.select("input[name]"):
        kind = field.get("type")
        if kind not in ("radio", "checkbox") or field.has_attr("checked"):
            data[str(field["name"])] = str(field.get("value", "on" if kind == "checkbox" else ""))
    for area in form.select("textarea[name]"):
        data[str(area["name"])] = area.text.removeprefix("\n")
    for select in form.select("select[name]"):
        chosen = select.select_one("option[selected]")
        data[str(select["name"])] = str(chosen["value"]) if chosen else ""
    return data
