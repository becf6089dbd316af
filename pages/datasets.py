"""Datasets: are my photos ready for training?"""

from collections.abc import Sequence

import streamlit as st

from core.datasets.values import Dataset
from core.planning.fitness import problems_of
from core.text.units import count, listed, plain, size
from core.web.datasets import dataset_panel
from core.web.datasets.check_panel import check_panel
from core.web.datasets.check_view import check_view
from core.web.datasets.collection_panel import collection_panel
from core.web.datasets.copies_panel import copies
from core.web.datasets.growth_panel import growth_panel
from core.web.datasets.import_panel import import_box, import_jobs
from core.web.datasets.label_panel import label_panel
from core.web.datasets.label_view import label_view
from core.web.parts import not_there
from core.web.parts.choice import linked_dataset, write_address
from core.web.parts.frame import require_frame
from core.web.parts.labels import dataset_size, dataset_title
from core.web.parts.times import timed, when
from core.web.parts.widgets import fitness_notes, heading, page_link
from core.web.server.state import workbench
from core.workbench import Workbench


def page() -> None:
    bench = workbench()
    write_address()
    dataset = linked_dataset(bench)
    if sentences := not_there.missing(bench, "dataset"):
        not_there.show("Datasets", sentences, "datasets", "All datasets")
    elif dataset is None:
        every_dataset(bench, bench.registry.datasets())
    elif wanted := st.query_params.get("check"):
        check_view(bench, dataset, wanted)
    elif st.query_params.get("label"):
        label_view(bench, dataset)
    else:
        one_dataset(bench, dataset)


def every_dataset(bench: Workbench, datasets: Sequence[Dataset]) -> None:
    heading("Datasets", summary(bench, datasets))
    import_jobs(bench)
    with st.expander("Import photos", icon=":material/upload:", expanded=not datasets, key="import.box"):
        import_box(bench)
    for dataset in datasets:
        row(bench, dataset)


def summary(bench: Workbench, datasets: Sequence[Dataset]) -> str:
    if not datasets:
        return "There are no photos yet: import one folder of photos per class, or start with the demo photos."
    photos = sum(dataset.photo_count for dataset in datasets)
    newest = assessment(datasets[0], bench.leaks(datasets[0].id), bench.leaked(datasets[0].id))
    return f"{count(photos, 'photo')} in {count(len(datasets), 'dataset')}. Newest: {newest}"


def assessment(dataset: Dataset, leaks: int, leaked: int) -> str:
    """Whether the dataset is fit to compare models on, or why it is not, as one sentence."""
    problems = problems_of(dataset, leaks=leaks, leaked=leaked)
    if problems:
        kinds = listed([problem.kind for problem in problems])
        return f"{plain(dataset.name)} is not yet fit to compare models on: {kinds}."
    return f"{plain(dataset.name)} is ready to train: {dataset_size(dataset)}, classes balanced."


def row(bench: Workbench, dataset: Dataset) -> None:
    with st.container(border=True, key=f"dataset-{dataset.id}"):
        left, right = st.columns([2, 3], vertical_alignment="center")
        with left:
            st.header(plain(dataset_title(dataset)), anchor=False)
            unlabelled = f" · {dataset.unlabelled} without a class" if dataset.unlabelled else ""
            skipped = f" · {len(dataset.rejections)} skipped" if dataset.rejections else ""
            timed(
                f"{dataset_size(dataset)} · {size(dataset.size_bytes)}{unlabelled}{skipped} · "
                f"imported {when(dataset.created_at)}"
            )
            with st.container(horizontal=True):
                query = {"dataset": dataset.id}
                st.page_link("pages/datasets.py", label="Open", icon=":material/open_in_new:", query_params=query)
                page_link("train", dataset=dataset.id)
        with right:
            dataset_panel.sample(bench, dataset)


def one_dataset(bench: Workbench, dataset: Dataset) -> None:
    leaks, leaked = bench.leaks(dataset.id), bench.leaked(dataset.id)
    heading(plain(dataset_title(dataset)), assessment(dataset, leaks, leaked))
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Train on this dataset", type="primary", icon=":material/model_training:", key="dataset.train"):
            st.switch_page("pages/train.py", query_params={"dataset": dataset.id})
        page_link("runs", "Runs of this dataset", dataset=dataset.id)
        page_link("datasets", "All datasets")
    dataset_panel.first_look(bench, dataset)
    fitness_notes(dataset, leaks, leaked)
    dataset_panel.facts(dataset)
    check_panel(bench, dataset)
    growth_panel(bench, dataset)
    label_panel(bench, dataset)
    dataset_panel.gallery(bench, dataset)
    dataset_panel.unlabelled_gallery(bench, dataset)
    copies(bench, dataset)
    dataset_panel.image_sizes(bench, dataset)
    dataset_panel.skipped_files(dataset)
    collection_panel(bench, dataset)
    dataset_panel.deletion(bench, dataset)


require_frame()
page()
