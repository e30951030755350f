"""Which documents of a case are copies of one story, and which of them counts for all.

Everything here costs one document about the same however many copies there are: a story that is
sent on ten thousand times, or made ten thousand times to do harm, is added in time that is linear.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple
from zlib import crc32

from geomap.case.duplicates import bands, figures, may_be_same, same_story

# A copy is told from the few nearest of a story, so that more of it need not be compared; they are
# looked for among the 64 documents with the rarest marks in common, and a mark is kept for the
# first 64 that have it: what more have is of a form letter, and what is special in it has others.
_OF_A_STORY: Final = 8
_COMPARED: Final = 64
_OF_A_MARK: Final = 64
# So many figures mark a text of their own: of a form letter nothing else may be special.
_TELLING: Final = 3
# Whoever counts for so many copies is outdone only by a text that is longer by a quarter: all
# copies are written anew when another one counts for them.
_MANY: Final = 64
_LONGER: Final = 1.25


class _Copy(NamedTuple):
    key: str
    size: int
    published: str
    corrected: bool

    def rank(self) -> tuple[bool, int, str, str]:
        """Return what orders copies: put right by a reader, then longest, then earliest."""
        return not self.corrected, -self.size, self.published or "9", self.key


@dataclass(frozen=True, slots=True)
class Stories:
    """The copies in a case, inside one transaction of the caller."""

    db: sqlite3.Connection

    def find(self, key: str, text: str) -> list[str]:
        """Keep of which documents a new one is a copy, and by which marks it is found.

        Returns one document of each story that it is a copy of.
        """
        marks, told = bands(text), figures(text)
        if not marks:
            return []
        if told.count(" ") + 1 >= _TELLING:
            marks.append(crc32(told.encode()) << 8 | len(marks))
        copies = self._copies(key, text, marks)
        self.db.executemany(
            "INSERT OR IGNORE INTO geomap_bands SELECT ?1, ?2 WHERE"
            " (SELECT count(*) FROM geomap_bands WHERE band = ?1) < ?3",
            [(mark, key, _OF_A_MARK) for mark in marks],
        )
        self.db.executemany(
            "INSERT OR IGNORE INTO geomap_duplicates VALUES (?, ?)",
            [pair for other in copies for pair in ((key, other), (other, key))],
        )
        return copies

    def _copies(self, key: str, text: str, marks: list[int]) -> list[str]:
        size, told = len(text.split()), figures(text)
        found: dict[str, str] = {}  # one copy of each story
        asked: dict[str, int] = {}
        for other in self._alike(key, marks):
            other_size, other_figures, story = self.db.execute(
                "SELECT size, figures, story FROM geomap_documents WHERE key = ?", (other,)
            ).fetchone()
            if (
                story in found
                or asked.get(story, 0) == _OF_A_STORY
                or max(size, other_size) > 3 * min(size, other_size)
                or not may_be_same(told, other_figures)
            ):
                continue
            asked[story] = asked.get(story, 0) + 1
            (other_text,) = self.db.execute(
                "SELECT text FROM geomap_documents WHERE key = ?", (other,)
            ).fetchone()
            if same_story(text, other_text):
                found[story] = other
        return sorted(found.values())

    def _alike(self, key: str, marks: list[int]) -> list[str]:
        """Return the documents with marks in common, those first whose marks are rarest."""
        asked = ",".join("?" * len(marks))
        rows = self.db.execute(
            f"SELECT band, key FROM geomap_bands WHERE band IN ({asked}) AND key <> ?",  # noqa: S608
            (*marks, key),
        ).fetchall()
        held = Counter(mark for mark, _ in rows)
        near: defaultdict[str, float] = defaultdict(float)
        for mark, other in rows:
            near[other] += 1 / held[mark]
        return sorted(near, key=lambda other: (-near[other], other))[:_COMPARED]

    def join(self, key: str, copies: Iterable[str]) -> list[str]:
        """Name which document counts for the stories of `copies` and for `key`, now one story.

        Returns the documents whose records change by it.
        """
        stories = {self._story(one) for one in (key, *copies)}
        rivals = [self._copy(one) for one in sorted(stories | {key})]
        lead = min(rivals, key=_Copy.rank)
        large = [r for r in rivals if r is not lead and self._is_large(r.key)]
        if large:
            holder = min(large, key=_Copy.rank)
            if lead.corrected <= holder.corrected and lead.size < _LONGER * holder.size:
                lead = holder
        for story in sorted(stories - {lead.key}):
            self._follow(self._members(story, of=story), lead.key)
        return sorted((stories - {lead.key}) | {key})

    def elect(self, key: str) -> list[str]:
        """Name anew which of all copies of a story counts: a reader put one right, or dated it.

        That is one that a reader put right, else the longest, else the earliest. Returns the
        documents whose records change by it.
        """
        members = self._members(key)
        lead = min((self._copy(one) for one in members), key=_Copy.rank).key
        before = {one: self._story(one) for one in members}
        moved = [one for one in members if before[one] != lead]
        self._follow(moved, lead)
        return sorted(
            {key, *([lead] if moved else []), *(before[one] for one in moved)} & {*members}
        )

    def _story(self, key: str) -> str:
        found = self.db.execute("SELECT story FROM geomap_documents WHERE key = ?", (key,))
        return str(found.fetchone()[0])

    def _copy(self, key: str) -> _Copy:
        size, published = self.db.execute(
            "SELECT size, coalesce(published, '') FROM geomap_documents WHERE key = ?", (key,)
        ).fetchone()
        corrected = self.db.execute(
            "SELECT 1 FROM geomap_corrections WHERE undone = 0 AND instr(target, ?) > 0", (key,)
        ).fetchone()
        return _Copy(key, size, published, corrected is not None)

    def _members(self, key: str, *, of: str = "", most: int = -1) -> list[str]:
        """Return the copies of a document and itself; only those of the story `of`, if given."""
        members, queue = {key}, [key]
        while queue and not 0 < most <= len(members):
            for (other,) in self.db.execute(
                "SELECT b FROM geomap_duplicates WHERE a = ? LIMIT ?", (queue.pop(), most)
            ).fetchall():
                if other not in members and (not of or self._story(other) == of):
                    members.add(other)
                    queue.append(other)
        return sorted(members)

    def _is_large(self, story: str) -> bool:
        return len(self._members(story, of=story, most=_MANY)) >= _MANY

    def _follow(self, members: Iterable[str], lead: str) -> None:
        self.db.executemany(
            "UPDATE geomap_documents SET story = ? WHERE key = ?", [(lead, m) for m in members]
        )
