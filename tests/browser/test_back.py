"""What was ticked on the page Train outlives a reload, and the way to another page and back."""

from playwright.sync_api import expect

PATIENT = 60_000


def test_reload_and_back_lose_nothing_of_what_was_ticked(filled_visit):
    page = filled_visit.open("/train?start=custom&try=efficientnet_lite0.i&epochs=7")
    launch = page.locator(".st-key-launch-bar").get_by_role("button", name="Launch")
    expect(launch).to_contain_text("Launch 1 run", timeout=PATIENT)
    page.get_by_text("Fine-tuning", exact=True).first.click()
    expect(launch).to_contain_text("Launch 2 runs", timeout=PATIENT)
    address = page.url
    assert "try=efficientnet_lite0.if" in address
    page.reload()
    expect(launch).to_contain_text("Launch 2 runs", timeout=PATIENT)
    page.get_by_role("link", name="Runs", exact=True).click()
    page.get_by_role("heading", name="Runs", exact=True).wait_for(timeout=PATIENT)
    page.go_back()
    expect(launch).to_contain_text("Launch 2 runs", timeout=PATIENT)
    assert page.url == address
