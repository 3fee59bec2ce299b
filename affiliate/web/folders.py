"""Where the files lie that pages are made of."""

from pathlib import Path


def templates_folder() -> Path:
    """`templates/` of the checkout, also for an editable install; inside the package where a wheel is installed.

    The package comes first: beside an installed one, a folder of that name would be somebody else's.
    """
    package = Path(__file__).parent.parent
    packaged = package / "templates"
    return packaged if packaged.is_dir() else package.parent / "templates"
