"""``explain``: heat maps of a photo, as pictures."""

from argparse import Namespace
from contextlib import closing
from pathlib import Path

from core.cli.verbs import Result, Verbs, add_verb
from core.cli.written import add_output, target_file, write_file
from core.errors import InvalidInput
from core.explaining.framing import overlay
from core.explaining.values import Explanation
from core.output.explanations import explanation_row
from core.text.units import percent
from core.workbench import Workbench


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(verbs, "explain", explain, explain_text, "show which part of a photo speaks for a class")
    verb.add_argument("--model", required=True, metavar="RUN", help="run or model")
    verb.add_argument("photo", metavar="PHOTO")
    verb.add_argument("--class", dest="class_name", metavar="NAME", help="by default the class that is predicted")
    add_output(verb, "a .png file; of several heat maps the others get -2, -3, ... before .png")


def explain(options: Namespace) -> Result:
    target = target_file(options.output, options.force, (".png",))
    try:
        content = Path(options.photo).read_bytes()
    except OSError as error:
        raise InvalidInput(f"{options.photo} cannot be read: {error.strerror}.") from None
    workbench = Workbench.open()
    with closing(workbench.explaining):
        found = workbench.explain(options.model, (options.photo, content), class_name=options.class_name)
    files = _files(found, target, options.force)
    for path, picture in files:
        write_file(path, picture)
    complete = not any(member.problem for member in found.members)
    return explanation_row(found) | {"file": options.photo, "pictures": [str(path) for path, _ in files]}, complete


def _files(found: Explanation, target: Path, force: bool) -> list[tuple[Path, bytes]]:
    maps = [heat for member in found.members for heat in member.maps]
    names = [target] + [target.with_stem(f"{target.stem}-{number}") for number in range(2, len(maps) + 1)]
    return [
        (target_file(str(name), force, (".png",)), overlay(found.jpeg, heat))
        for name, heat in zip(names, maps, strict=False)
    ]


def explain_text(result: dict) -> str:
    line = f"{result['title']} ({result['run']}): {result['class_name']} {percent(result['probability'])}"
    if result["predicted"] != result["class_name"]:
        line += f"; it predicts {result['predicted']}"
    lines, pictures = [line], iter(result["pictures"])
    for member in result["members"]:
        name = f"{member['title']}: " if len(result["members"]) > 1 else ""
        lines += [f"  {name}{next(pictures)}{f' ({title})' if title else ''}" for title in member["networks"]]
        lines += [f"  {name}{note}" for note in _notes(member, result["class_name"])]
    return "\n".join(lines)


def _notes(member: dict, class_name: str) -> list[str]:
    """What the reader of a heat map has to know."""
    found = [member["problem"]] if member["problem"] else []
    if member["because"] and not member["problem"]:
        found.append(f"{member['method']}, because {member['because']}")
    if member["no_place_stands_out"]:
        found.append(f"no part of the photo stands out for {class_name}")
    if test := member["deletion_test"]:
        found.append(
            f"{class_name} has {percent(test['whole'])}; {percent(test['hottest'])} with the hottest fifth hidden, "
            f"{percent(test['elsewhere'])} with another fifth hidden"
            + ("" if test["holds"] else ": do not trust this heat map")
        )
    return found
