"""Late import of optional packages."""

from __future__ import annotations

import importlib
from typing import Any

from recsys.core.errors import MissingDependencyError


def require(module: str, *, extra: str, needed_by: str) -> Any:
    """Import ``module``; the error of a missing one names the extra to install.

    Parameters
    ----------
    module : str
        What to import, dots allowed.
    extra : str
        The extra of ``recsys-engine`` that brings it.
    needed_by : str
        Who asks.

    Raises
    ------
    MissingDependencyError
        If that very package is absent; an error inside an installed package is let through, and
        so is a module that an installed package does not have.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as err:
        package = module.partition(".")[0]
        if err.name != package:
            raise
        raise MissingDependencyError(
            f"{needed_by} needs the package {package!r}. "
            f"Install it with: pip install 'recsys-engine[{extra}]'"
        ) from err
