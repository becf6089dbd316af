"""The table of ImageNet's classes, from a small wheel made here."""

import csv
import zipfile

from core.backbones import generate

FILES = {
    "imagenet_synsets.txt": "n01440764\nn02012849\nn03126707\n",
    "imagenet_synset_to_lemma.txt": "n01440764\ttench, Tinca tinca\nn02012849\tcrane\nn03126707\tcrane\n",
}


def test_every_class_has_the_first_of_its_names_and_no_name_stands_for_two(tmp_path, monkeypatch):
    monkeypatch.setattr(generate, "CLASSES", tmp_path / "classes.csv")
    with zipfile.ZipFile(tmp_path / "timm.whl", "w") as wheel:
        for name, text in FILES.items():
            wheel.writestr(f"timm/data/_info/{name}", text)
    generate.main(tmp_path / "timm.whl")
    with (tmp_path / "classes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == ["tench", "crane (bird)", "crane (machine)"]
    assert rows[0] == {"synset": "n01440764", "name": "tench", "lemmas": "tench, Tinca tinca"}
