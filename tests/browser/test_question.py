"""An upload that can be read in several ways: asked in a browser, imported as it was answered."""

import re

from playwright.sync_api import expect

from tests.photo_files import archive, classes

PATIENT = 60_000


def test_an_ambiguous_archive_is_asked_about_and_imported_as_answered(visit, tmp_path):
    upload = archive(tmp_path / "pets.zip", classes("dataset/", cat=6, dog=6) | classes(first=90, samples=4))
    page = visit.open("/datasets")
    page.get_by_role("tab", name="Folder on this machine").click()
    page.get_by_role("textbox", name=re.compile("on the machine Graft runs on")).fill(str(upload))
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("How should “pets” be read?")).to_be_visible(timeout=PATIENT)
    ways = page.get_by_role("radio")
    expect(ways).to_have_count(2)
    expect(page.get_by_role("img", name="3 photos of cat")).to_be_visible()
    page.reload()  # the question does not depend on the page
    expect(ways).to_have_count(2, timeout=PATIENT)
    page.get_by_text(re.compile("are classes$")).last.click()
    expect(page.get_by_role("img", name="3 photos of samples")).to_be_visible(timeout=PATIENT)
    ways.first.locator("xpath=ancestor::label").click()
    expect(page.get_by_role("img", name="3 photos without a class")).to_be_visible(timeout=PATIENT)
    page.locator("[class*='st-key-import-answer'] button, [class*='st-key-import.answer'] button").click()
    expect(page.get_by_text("is imported: 12 photos in 2 classes, 4 without a class kept aside")).to_be_visible(
        timeout=PATIENT
    )
    page.get_by_role("link", name="Open dataset").click()
    expect(page.get_by_text("4 photos of the upload had no class")).to_be_visible(timeout=PATIENT)
    assert page.get_by_test_id("stException").count() == 0
    assert visit.outside == [] and visit.complaints == []
