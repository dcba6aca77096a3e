"""In whose words a comparison is told: bytes arrive, characters are returned."""

from __future__ import annotations

from dataclasses import dataclass

from grader.report.literals import bytes_literal, count, text_literal

# How much of two differing texts stands in a sentence itself.
IN_SENTENCE = 20


@dataclass(frozen=True, kw_only=True)
class Voice:
    """The nouns and verbs of a comparison: bytes arrive, characters are returned."""

    noun: str
    one: str = "arrived"
    many: str = "arrived"
    what: str = "What arrived"

    @property
    def of_bytes(self) -> bool:
        """Whether it is bytes that are compared."""
        return self.noun == "byte"

    def literal(self, text: str) -> str:
        """The beginning of a text as this voice writes it."""
        if self.of_bytes:
            return bytes_literal(text[: IN_SENTENCE + 1].encode("latin-1"), IN_SENTENCE)
        return text_literal(text[: IN_SENTENCE + 1], IN_SENTENCE)

    def came(self, number: int, whole: int) -> str:
        """`5 of 18 bytes arrived`."""
        return f"{number:,} of {count(whole, self.noun)} {self.one if number == 1 else self.many}"

    def instead(self, number: int, whole: int) -> str:
        """`21 bytes arrived instead of 18`."""
        return f"{count(number, self.noun)} {self.one if number == 1 else self.many} instead of {whole:,}"


BYTES = Voice(noun="byte")
TEXT = Voice(noun="character")
RETURNED_BYTES = Voice(noun="byte", one="was returned", many="were returned", what="What was returned")
RETURNED_TEXT = Voice(noun="character", one="was returned", many="were returned", what="What was returned")
SHOWN_TEXT = Voice(noun="character", one="was shown", many="were shown", what="What was shown")
