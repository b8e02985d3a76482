# SPDX-License-Identifier: Apache-2.0
"""Starts the probe. The package is loaded under a name that no project has."""

import sys

if __name__ == "__main__":
    if not getattr(sys.flags, "safe_path", False):
        sys.path.pop(0)  # the folder of this file, which no project may see

    import importlib.util
    import os

    folder = os.path.dirname(os.path.abspath(__file__))
    spec = importlib.util.spec_from_file_location(
        "_bedstone_probe", os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    assert spec is not None  # noqa: S101  the file is beside this one
    assert spec.loader is not None  # noqa: S101  the same
    package = importlib.util.module_from_spec(spec)
    sys.modules["_bedstone_probe"] = package
    spec.loader.exec_module(package)
    importlib.import_module("_bedstone_probe.serve").main()
