"""The beginning and the end of the report: the result in a sentence, the dataset, and users' notes."""

from core.charts.dataset import class_balance_chart
from core.comparison.summary import accuracy_text, recommendation, standings_sentence
from core.reporting.material import Material
from core.reporting.parts import Section, report_chart, run_label
from core.reporting.rendering import render
from core.text.units import brief, count, moment, size


def answer(material: Material) -> str:
    """One or two sentences about all runs, as text."""
    measured = [row for row in material.rows if row.accuracy is not None]
    if not measured:
        return "None of these runs has been measured on the test photos yet."
    found = material.comparison.verdict
    if found is None:
        return ""
    names = {run_id: brief(name) for run_id, name in material.names.items()}
    reached = f"{names[found.best.run_id]}: {accuracy_text(found.best)} test accuracy"
    if found.runs == 1:
        return f"{reached}; there is nothing to compare it with."
    of = f"the most accurate of {count(found.runs, 'run')}" if found.runs > 2 else "the more accurate of two runs"
    first = f"{recommendation(found, names)} {reached}, {of}."
    return f"{first} {standings_sentence(found, names)}".rstrip()


def dataset_section(material: Material) -> Section:
    dataset = material.dataset
    sizes = dataset.split_sizes
    facts = {
        "Photos": f"{dataset.photo_count:,}",
        "Classes": str(len(dataset.class_names)),
        "Training": str(sizes["train"]),
        "Validation": str(sizes["validation"]),
        "Test": str(sizes["test"]),
        "On disk": size(dataset.size_bytes),
    }
    given = "came with the photos" if dataset.split_given else f"was drawn by Graft (seed {dataset.seed})"
    skipped = f" {count(len(dataset.rejections), 'file')} skipped." if dataset.rejections else ""
    body = render(
        "dataset",
        facts=facts,
        balance=report_chart("classes", class_balance_chart(dataset)),
        imported=f"Imported {moment(dataset.created_at)} UTC. The split {given}.{skipped}",
        digest=dataset.digest,
    )
    title = f"The photos: {dataset.name} version {dataset.version}"
    return Section(key="dataset", label="Dataset", title=title, body=body)


def notes_section(material: Material) -> Section | None:
    """Notes as they were written, never as markup."""
    noted = [run for row in material.rows if (run := material.runs[row.run.id]).notes.strip()]
    if not noted:
        return None
    notes = [(run_label(material, run.id), run.notes.strip().splitlines()) for run in noted]
    return Section(key="notes", label="Notes", title="Notes on these runs", body=render("notes", notes=notes))
