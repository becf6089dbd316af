"""What the report begins and ends with: the answer in a sentence, the photos, and what people wrote."""

from core.charts.dataset import class_balance_chart
from core.comparison import verdict
from core.reporting.markup import Html, Section, chart, html, joined, paragraph, tag
from core.reporting.material import Material
from core.reporting.parts import run_name
from core.text.units import brief, count, listed, moment, percent, size


def heading(material: Material) -> list[Html]:
    dataset = material.dataset
    made = f"Made with Graft {material.version} on {moment(material.made_at)} UTC · {count(len(material.rows), 'run')}"
    return [
        paragraph("Graft report", class_="kicker"),
        tag("h1", f"Which model is best for {dataset.name}?"),
        paragraph(answer(material), class_="answer"),
        paragraph(f"{made} · {dataset.name} version {dataset.version}", class_="meta"),
    ]


def answer(material: Material) -> str:
    """One or two sentences about all runs, as text."""
    measured = [row for row in material.rows if row.accuracy is not None]
    if not measured:
        return "None of these runs has been measured on the test photos yet."
    best, names = measured[0], {run_id: brief(name) for run_id, name in material.names.items()}
    right = f"{percent(best.accuracy, best.interval)} of the test photos"
    if len(measured) == 1:
        return f"{names[best.run_id]} is right on {right}; there is nothing to compare it with."
    pairs = material.comparison.against_best
    first = f"{names[best.run_id]} is the most accurate of {len(measured)} runs, right on {right}."
    if len(pairs) == 1:
        return f"{first} {verdict(pairs[0], names)}"
    ties = [pair.b for pair in pairs if pair.tie]
    if not ties:
        return f"{first} The others are clearly behind." if pairs else first
    if len(ties) <= _NAMED:
        return f"{first} {listed([names[run_id] for run_id in ties])} may be as good: the difference could be chance."
    return f"{first} {len(ties)} of the {len(pairs)} others may be as good: the differences could be chance."


_NAMED = 3
"""Runs named in a sentence; of more only the number is said."""


def photos_section(material: Material) -> Section:
    dataset = material.dataset
    sizes = dataset.split_sizes
    facts = {
        "Photos": f"{dataset.photo_count:,}".replace(",", "\u202f"),
        "Classes": str(len(dataset.class_names)),
        "Training": str(sizes["train"]),
        "Validation": str(sizes["validation"]),
        "Test": str(sizes["test"]),
        "On disk": size(dataset.size_bytes),
    }
    given = "came with the photos" if dataset.split_given else f"was drawn by Graft (seed {dataset.seed})"
    refused = f" {count(len(dataset.rejections), 'file')} were refused." if dataset.rejections else ""
    words = f"Imported {moment(dataset.created_at)} UTC. The split {given}.{refused}"
    body = joined(
        [
            tag(
                "dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in facts.items()), class_="facts"
            ),
            chart("classes", class_balance_chart(dataset)),
            paragraph(words, class_="note"),
            paragraph(f"Digest of photos, classes and split: {dataset.digest}", class_="note"),
        ]
    )
    return Section("photos", "Photos", f"The photos: {dataset.name} version {dataset.version}", body)


def notes_section(material: Material) -> Section | None:
    """Notes and tags as they were written, never as markup."""
    written = [run for row in material.rows if (run := material.runs[row.run_id]).notes.strip()]
    if not written:
        return None
    parts = [joined([tag("h3", run_name(material, run.id)), tag("blockquote", _lines(run.notes))]) for run in written]
    return Section("notes", "Notes", "What was noted about these runs", joined(parts))


def _lines(text: str) -> Html:
    return joined((html(line) for line in text.strip().splitlines()), "\n")
