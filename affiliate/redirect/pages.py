"""The few pages that a reader may meet instead of a shop, and the script that counts direct links. They need nothing, so they
stand when everything else is down."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<style>
body {{ font: 1.125rem/1.6 system-ui, sans-serif; max-width: 34rem; margin: 15vh auto; padding: 0 1.25rem; color: #222; background: #fff }}
a {{ color: #0b57a4; overflow-wrap: anywhere }}
@media (prefers-color-scheme: dark) {{ body {{ color: #eee; background: #16181b }} a {{ color: #8ec5ff }} }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{text}</p>
<p><a href="/">Go to the front page</a></p>
</main>
</body>
</html>
"""

NOT_FOUND = _PAGE.format(
    title="This link leads nowhere any more",
    text="The product may be gone, or the address was copied only in part. The article you came from is still there: "
    "use your browser’s back button, or start again from the front page.",
).encode()

NOT_ALLOWED = _PAGE.format(
    title="This address can only be opened", text="It is a link to a shop; it takes no forms and no other requests."
).encode()

TROUBLE = _PAGE.format(
    title="One moment, please", text="The link could not be looked up. Please try again in a few seconds."
).encode()


def choice(targets: Sequence[str]) -> bytes:
    """A page from which a reader goes on to one of these addresses."""
    links = "<br>".join(f'<a href="{escape(url)}" rel="nofollow">{escape(url[:200])}</a>' for url in targets)
    return _PAGE.format(
        title="This link can mean one of these pages", text=f"Choose the one that you wanted:</p>\n<p>{links}"
    ).encode()


SCRIPT = (Path(__file__).parent / "clicks.js").read_bytes()
SCRIPT_HEADERS = [
    ("Content-Type", "text/javascript; charset=utf-8"),
    ("Content-Length", str(len(SCRIPT))),
    ("Cache-Control", "public, max-age=86400"),
    ("X-Content-Type-Options", "nosniff"),
]
