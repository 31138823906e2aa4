"""One JupyterLab and one browser for all tests here; a page of its own for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.lab import CHROMIUM, ROOT, Lab, chromium, copy_course, new_page, serve

PICTURES = Path(os.environ.get("BROWSER_PICTURES", ROOT / ".cache" / "browser"))
MISSING = (
    ""
    if os.access(CHROMIUM, os.X_OK)
    else f"there is no Chromium at {CHROMIUM} (Debian: apt-get install chromium; else say CHROMIUM=/path/to/it)"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without Chromium these tests say so, but in CI they fail."""
    if MISSING and not os.environ.get("CI"):
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=MISSING))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab on a copy of the course."""
    if MISSING:
        pytest.fail(MISSING)
    folder = tmp_path_factory.mktemp("lab")
    with serve(copy_course(folder / "course"), folder / "home") as running:
        yield running


@pytest.fixture(scope="module")
def browser(lab: Lab) -> Iterator[Browser]:
    """Chromium. While it is open an event loop runs in this thread, so it must close before other
    modules' tests.
    """
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A fresh page, photographed at the end. What its console and its scripts complain of fails the
    test.
    """
    page = new_page(browser)
    complaints: list[str] = []
    page.on(
        "console",
        lambda m: (
            complaints.append(f"{m.text} ({m.location.get('url')})") if m.type == "error" else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{request.node.name}.png")
    page.context.close()
    assert complaints == []
