"""Opening and checking saved recommenders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recsys.serving.recommender import Recommender
from recsys.serving.state.saved import verify_folder


def load(path: str | Path, *, check: str = "fast") -> Recommender:
    """Return the recommender saved in a folder, its arrays memory-mapped.

    Nothing in the folder is ever executed.

    Parameters
    ----------
    path : str or Path
        A folder written by :meth:`Recommender.save`.
    check : {"fast", "full"}
        "fast" checks the manifest, every size, and the hash of what native code parses;
        "full" checks the hash of every file.

    Raises
    ------
    ArtifactError
        If the folder is missing, damaged, or of a newer major format version.
    ConfigError
        If ``check`` is neither.
    """
    return Recommender.load(path, check=check)


def verify(path: str | Path) -> dict[str, Any]:
    """Check every file of a saved recommender, and return its manifest.

    Raises
    ------
    ArtifactError
        If a file is missing or damaged; the message names it.
    """
    return verify_folder(Path(path), check="full")
