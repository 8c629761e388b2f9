"""The how-to "Put Windsock into a Django project", followed to the letter in a fresh project."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOW_TO = (ROOT / "docs" / "how-to" / "embed.md").read_text()


def _block(containing: str) -> str:
    """The Python block of the how-to that contains a text."""
    blocks = re.findall(r"^ *```python\n(.*?)^ *```", HOW_TO, flags=re.MULTILINE | re.DOTALL)
    found = next(block for block in blocks if containing in block)
    indent = len(found) - len(found.lstrip())
    return "\n".join(line[indent:] for line in found.splitlines()) + "\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What `django-admin startproject mysite` makes, with the how-to's steps applied."""
    subprocess.run(
        [sys.executable, "-m", "django", "startproject", "mysite", str(tmp_path)],
        check=True,
        env=_environment(),
    )
    settings = tmp_path / "mysite" / "settings.py"
    text = settings.read_text().replace(
        "INSTALLED_APPS = [", 'INSTALLED_APPS = [\n    "channels",\n    "windsock",'
    )
    text += '\nASGI_APPLICATION = "mysite.asgi.application"\n'
    text += 'CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}\n'
    text += _block("transaction_mode")
    settings.write_text(text)
    (tmp_path / "mysite" / "urls.py").write_text(
        "from django.contrib import admin\n"
        "from django.urls import include, path\n\n"
        'urlpatterns = [path("admin/", admin.site.urls), path("delays/", include("windsock.urls"))]\n'
    )
    asgi = 'import os\n\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")\n\n'
    (tmp_path / "mysite" / "asgi.py").write_text(asgi + _block("ProtocolTypeRouter"))
    return tmp_path


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}


def _run(project: Path, *arguments: str) -> str:
    result = subprocess.run(
        [sys.executable, *arguments],
        cwd=project,
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_the_how_to_leads_to_a_project_that_records_and_routes(project: Path) -> None:
    _run(project, "manage.py", "migrate", "--verbosity", "0")
    assert "no issues" in _run(project, "manage.py", "check", "--fail-level", "WARNING")
    (project / "try_it.py").write_text(
        "import os\n"
        'os.environ["DJANGO_SETTINGS_MODULE"] = "mysite.settings"\n'
        "from mysite.asgi import application\n"
        "from windsock.ingest import record\n"
        'report = {"flight": "DL1865", "date": "2015-01-02", "origin": "ATL", "departure_delay_minutes": 35}\n'
        'print(type(record([report], source="ops")[0]).__name__, sorted(application.application_mapping))\n'
    )
    assert _run(project, "try_it.py").split("\n")[0] == "Recorded ['http', 'lifespan', 'websocket']"
