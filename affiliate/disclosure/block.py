"""The disclosure as HTML: plain paragraphs and a span before each paid link, live text in the article's own style.

Nothing is styled: the text inherits size and colour of what surrounds it, which is what regulators measure it against.
The pieces carry a mark with the version of the words, so that a later run finds, updates and removes them.
"""

from dataclasses import dataclass
from html import escape

from affiliate.disclosure.texts import DisclosureText, primary_language, statements


@dataclass(frozen=True, slots=True)
class Notice:
    """What one article is to show. `networks` are the keys of those whose paid links stand in it. Without `explains` the
    sentence is left out: its author wrote one."""

    text: DisclosureText
    product_led: bool
    networks: frozenset[str] = frozenset()
    explains: bool = True

    @property
    def words(self) -> str:
        """The sentence with what the networks want said, as readers see it."""
        return " ".join((*((self.text.sentence,) if self.explains else ()), *statements(self.text, self.networks)))

    @property
    def version(self) -> str:
        return self.text.version + ("+amazon" if statements(self.text, self.networks) else "")

    def headline_label(self, surrounding: str) -> str:
        """The label alone, for right before a headline; nothing where the jurisdiction wants none there."""
        return self._paragraph(self._strong_label(), surrounding) if self.text.labels_headline else ""

    def sentence(self, surrounding: str) -> str:
        return self._paragraph(escape(self.words, quote=False), surrounding) if self.words else ""

    def label_and_sentence(self, surrounding: str) -> str:
        if not self.text.labels_headline or not self.words:
            return self.sentence(surrounding)
        return self._paragraph(f"{self._strong_label()} {escape(self.words, quote=False)}", surrounding)

    def link_label(self, surrounding: str) -> str:
        """Goes right before a paid link; the no-break space keeps the two on one line."""
        label = escape(self.text.label, quote=False)
        return f'<span data-affiliate-label="{self.text.version}"{self._lang(surrounding)}>{label}&#160;</span>'

    def _strong_label(self) -> str:
        return f"<strong>{escape(self.text.label, quote=False)}</strong>"

    def _paragraph(self, content: str, surrounding: str) -> str:
        return f'<p data-affiliate-disclosure="{self.version}"{self._lang(surrounding)}>{content}</p>'

    def _lang(self, surrounding: str) -> str:
        """Says the language where the text around it declares another one; `surrounding` is its tag or nothing."""
        declared = primary_language(surrounding)
        return f' lang="{self.text.language}"' if declared and declared != self.text.language else ""
