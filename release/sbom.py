"""The bill of materials of a release, as CycloneDX JSON: the locked libraries, and the vendored ones.

python -m release.sbom dist/rating-importer-0.1.0.cdx.json
"""

import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
VENDORED = ROOT / "importer" / "assets" / "vendored" / "VENDORED.json"


def build_component(entry: Mapping[str, Any]) -> dict[str, object]:
    """Describe a vendored library as a component."""
    address = f"pkg:npm/{entry['name']}@{entry['version']}"
    return {
        "type": "library",
        "bom-ref": address,
        "name": entry["name"],
        "version": entry["version"],
        "purl": address,
        "licenses": [{"license": {"id": entry["licence"]}}],
        "hashes": [{"alg": "SHA-256", "content": entry["sha256"]}],
    }


def add_vendored(bom: dict[str, Any], entries: Sequence[Mapping[str, Any]]) -> None:
    """Add the vendored libraries to a bill, behind the installed ones."""
    bom["components"] = [*bom.get("components", []), *map(build_component, entries)]


def main(target: Path) -> None:
    """Install what users get into a new environment, and list it."""
    with tempfile.TemporaryDirectory(prefix="sbom-") as folder:
        venv.create(folder, with_pip=True)
        python = next(path for path in Path(folder).glob("*/python*") if path.stem == "python")
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / "requirements.lock")], check=True)
        subprocess.run([str(python), "-m", "pip", "--quiet", "uninstall", "--yes", "setuptools"], check=False)
        listed = [sys.executable, "-m", "cyclonedx_py", "environment", str(python)]
        options = ["--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible", "--of", "JSON"]
        done = subprocess.run([*listed, *options], check=True, capture_output=True, encoding="utf-8")
    bom = json.loads(done.stdout)
    add_vendored(bom, json.loads(VENDORED.read_bytes()))
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(bom, indent=1) + "\n", "utf-8")
    print(f"{target}: {len(bom['components'])} components")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
