"""Model folders as a hostile or careless hand would leave them: files and fields changed, every sum right again."""

import json

from stancekit.fileio import sha256
from stancekit.models.manifest import own_sum


def forged(folder, data=None, /, *, drop=(), **fields):
    """Write files into a model folder and fields into its manifest, with sums that fit."""
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest.pop("manifest_sha256")
    for name, content in (data or {}).items():
        (folder / name).write_bytes(content)
        manifest["files"][name] = sha256(folder / name)
    manifest.update(fields)
    for name in drop:
        del manifest[name]
    manifest["manifest_sha256"] = own_sum(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))
