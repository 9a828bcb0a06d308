"""An answer of the account, and what the answers amount to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

OK, MISS, UNANSWERED = "ok", "miss", "not answered"


@dataclass(frozen=True)
class Answer:
    """What was asked, what was found, and for a miss the cure.

    `topic` is the question's name, by which a miss can be accepted. `verdict` is one of OK, MISS and UNANSWERED.
    """

    topic: str
    verdict: str
    asked: str
    found: str
    cure: str = ""

    def text(self, accepted: bool = False) -> str:
        """The answer as lines for a terminal."""
        head = f"{self.verdict}{', accepted' if accepted else ''}: {self.topic}: {self.asked}"
        return f"  {head}\n    {self.found}" + (f"\n    cure: {self.cure}" if self.cure else "")


def refused(answers: Sequence[Answer], accepted: Collection[str]) -> list[Answer]:
    """The misses that nobody accepted."""
    return [one for one in answers if one.verdict == MISS and one.topic not in accepted]


def summed_up(answers: Sequence[Answer], accepted: Collection[str]) -> str:
    """All answers as a sentence's part, with the names of those that are not plainly ok."""
    counted = Counter(one.verdict for one in answers)
    parts = [f"{counted[OK]} ok"]
    if taken := sorted({one.topic for one in answers if one.verdict == MISS and one.topic in accepted}):
        parts.append(f"misses accepted: {', '.join(taken)}")
    if open_misses := refused(answers, accepted):
        parts.append(f"{len(open_misses)} missed")
    if silent := sorted({one.topic for one in answers if one.verdict == UNANSWERED}):
        parts.append(f"{counted[UNANSWERED]} not answered: {', '.join(silent)}")
    return ", ".join(parts)
