"""What a redirect may tell the shop of the page it was clicked on."""

# https://www.w3.org/TR/referrer-policy/#referrer-policies
REFERRER_POLICIES = (
    "strict-origin-when-cross-origin",  # what a redirect says unless its programme wants another
    "no-referrer",
    "no-referrer-when-downgrade",
    "origin",
    "origin-when-cross-origin",
    "same-origin",
    "strict-origin",
    "unsafe-url",
)
