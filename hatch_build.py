"""Build hook: puts the catalog and its compiled form into the package, so that the first answer is fast too."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileCatalog(BuildHookInterface[Any]):
    """Compiles the catalog when a wheel is built or the repository is installed in editable mode."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write `_compiled/catalog.bin`; a wheel also carries the catalog itself as `_catalog`."""
        if self.target_name != "wheel":
            return
        target = Path(self.root, "src/llmpick/_compiled/catalog.bin")
        self._compile(Path(self.root, "catalog"), target, version)
        if version == "standard":
            build_data["force_include"]["catalog"] = "llmpick/_catalog"
            if target.is_file():
                build_data["force_include"][str(target)] = "llmpick/_compiled/catalog.bin"

    def _compile(self, catalog: Path, target: Path, version: str) -> None:
        """A wheel needs a valid catalog; an editable install goes on without a compiled form."""
        sys.path.insert(0, str(Path(self.root, "src")))
        try:
            from llmpick.catalog.compiling import ship
        except ImportError as error:
            self.app.display_warning(f"catalog not compiled ({error}); the first answer will do it")
            return
        finally:
            sys.path.pop(0)
        faults = ship(catalog, target)
        for fault in faults:
            self.app.display_warning(f"catalog/{fault}")
        if faults and version == "standard":
            raise ValueError(f"the catalog is invalid: {faults[0]}")
