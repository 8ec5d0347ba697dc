"""Renkei: linking employment notifications with residence records (申合せ 2021-03-18)."""


def __getattr__(name: str) -> str:
    """Return `__version__` from the installed package's metadata, which takes a moment to load."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import metadata

    try:
        return metadata.version("renkei")
    except metadata.PackageNotFoundError:  # a source tree that was never installed
        return "0+unknown"
