"""What an open case answers.

Its documents, what they tell together, totals, layers and the log of corrections.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from geomap.case import picture
from geomap.case.corrections import Action, Correction, applied, held_by, misfit
from geomap.case.intake import log_of
from geomap.case.layers import GEOMETRY, read_layer
from geomap.case.packing import UnreadableError, stored
from geomap.case.store import Store
from geomap.case.totals import Total, totals
from geomap.errors import CaseError, CorrectionError, OptionError
from geomap.model import Event, Measure, Movement, Parsed, Status

if TYPE_CHECKING:
    import geopandas as gpd

_CITATION: Final = ("id", "title", "source", "url", "published")


@dataclass(frozen=True, slots=True)
class Entry:
    """A document of a case: `key` is its text's hash.

    `story` the key of the document that counts for all copies of one story.
    """

    key: str
    id: str
    title: str
    source: str
    url: str
    published: str
    lang: str
    story: str
    citations: int


class CaseReader:
    """The part of `Case` that changes nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __enter__(self) -> Self:
        """Return the case."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    @property
    def path(self) -> Path:
        """The file."""
        return self._store.path

    @property
    def title(self) -> str:
        """The title given when it was made."""
        return self._store.meta("title")

    @property
    def revision(self) -> str:
        """What changes whenever anything in the case does; a key for what is computed from it."""
        return self._store.meta("revision")

    def snapshot(self) -> bytes:
        """Return the file as it is now, in one piece."""
        try:
            with tempfile.TemporaryDirectory() as folder, self._store.guarded():
                target = Path(folder) / "case.gpkg"
                copy = sqlite3.connect(target)
                try:
                    self._store.db.backup(copy)
                finally:
                    copy.close()
                return target.read_bytes()
        except OSError as error:
            raise CaseError(f"{self.path} cannot be copied: {error}; free space on the disk") from (
                error
            )

    def documents(self) -> list[Entry]:
        """Return the documents by publication date."""
        with self._store.reading("geomap_documents", "geomap_citations") as db:
            rows = db.execute(
                "SELECT d.key, d.id, d.title, d.source, d.url, coalesce(d.published, ''), d.lang,"
                " d.story, count(*) FROM geomap_documents d JOIN geomap_citations c ON c.key ="
                " d.key GROUP BY d.key ORDER BY 6, 1"
            )
            return [Entry(*row) for row in rows]

    def failures(self) -> list[tuple[str, str]]:
        """Return the sources that could not be read, with the reason."""
        self._store.whole("geomap_failures")
        return [
            (str(a), str(b))
            for a, b in self._store.rows(
                "SELECT source, error FROM geomap_failures ORDER BY source"
            )
        ]

    def undrawn(self) -> list[tuple[str, str]]:
        """Return the groups of records that cannot be drawn, with the reason."""
        if not self._store.summed:
            return []
        self._store.whole("geomap_undrawn")
        return [
            (str(a), str(b))
            for a, b in self._store.rows("SELECT block, why FROM geomap_undrawn ORDER BY block")
        ]

    def citations(self, key: str) -> list[dict[str, str]]:
        """Return all citations of a document and of its copies."""
        self._store.whole("geomap_documents", "geomap_citations")
        story = self._store.rows("SELECT story FROM geomap_documents WHERE key = ?", (key,))
        rows = self._store.rows(
            "SELECT c.id, c.title, c.source, c.url, c.published FROM geomap_citations c JOIN"
            " geomap_documents d ON d.key = c.key WHERE d.story = ? ORDER BY c.published, c.id",
            (story[0][0] if story else key,),
        )
        return [dict(zip(_CITATION, map(str, row), strict=True)) for row in rows]

    def parsed(self, key: str) -> Parsed:
        """Return one document as corrected.

        Raises
        ------
        CorrectionError
            When the case has no such document.

        """
        with self._store.reading("geomap_corrections") as db:
            return applied(stored(db, key), log_of(db))

    def events(self) -> list[Event]:
        """Return all events, tellings of one joined, by id."""
        return [r for r in self._merged("event") if isinstance(r, Event)]

    def movements(self) -> list[Movement]:
        """Return all movements, tellings of one figure joined, by id."""
        return [r for r in self._merged("movement") if isinstance(r, Movement)]

    def _merged(self, kind: str) -> list[Event | Movement]:
        with self._store.reading(*_RECORDS) as db:
            rows = db.execute(
                "SELECT CASE m.body WHEN '' THEN r.body ELSE m.body END FROM geomap_merged m JOIN"
                " geomap_records r ON r.id = m.id WHERE m.kind = ? ORDER BY m.id",
                (kind,),
            ).fetchall()
            return [picture.record_of(db, kind, str(row[0])) for row in rows]

    def record(self, ident: str) -> Event | Movement:
        """Return an event or movement as all its tellings tell it.

        `ident` is its own or that of a telling.

        Raises
        ------
        CorrectionError
            When there is no such record.

        """
        with self._store.reading(*_RECORDS) as db:
            found = db.execute(_ONE_RECORD + "m.id = ?", (ident,)).fetchall()
            if not found:
                quoted = json.dumps(ident)
                found = [
                    r
                    for r in db.execute(_ONE_RECORD + "instr(m.members, ?) > 0", (quoted,))
                    if ident in json.loads(str(r[2]))
                ]
            if not found:
                raise CorrectionError(
                    f"the case has no event or movement {ident!r}; it may have been rejected"
                )
            return picture.record_of(db, str(found[0][0]), str(found[0][1]))

    def names(self) -> dict[str, str]:
        """Return the names of the places of the case by their ids."""
        with self._store.reading("geomap_places") as db:
            return {
                str(i): str(json.loads(body)["name"])
                for i, body in db.execute("SELECT id, body FROM geomap_places")
            }

    def members(self, ident: str) -> list[str]:
        """Return the ids of the tellings behind a joint record.

        Raises
        ------
        CorrectionError
            When there is no such record.

        """
        with self._store.reading("geomap_merged") as db:
            found = db.execute(
                "SELECT members FROM geomap_merged WHERE id = ?", (ident,)
            ).fetchone()
            if found is None:
                raise CorrectionError(
                    f"the case has no event or movement {ident!r}; it may have been rejected, or"
                    " joined to another"
                )
            return list(json.loads(found[0]))

    def series(self) -> dict[str, list[dict[str, Any]]]:
        """Return every series of figures.

        By its name the figures over time, with what each adds, its role and why.
        """
        self._store.whole("geomap_figures")
        rows = self._store.rows(
            "SELECT series, id, as_of, low, best, high, increment, role, why, measure, status,"
            " kind, origins, destinations, within FROM geomap_figures WHERE best IS NOT NULL ORDER"
            " BY series, as_of, best, id"
        )
        out: dict[str, list[dict[str, Any]]] = {}
        for name, ident, *values in rows:
            told = dict(
                zip(
                    (
                        "as_of",
                        "low",
                        "best",
                        "high",
                        "increment",
                        "role",
                        "why",
                        "measure",
                        "status",
                        "kind",
                        "origins",
                        "destinations",
                        "within",
                    ),
                    values,
                    strict=True,
                )
            )
            out.setdefault(str(name), []).append(
                {
                    "id": ident,
                    **told,
                    **{
                        side: picture.split_ids(str(told[side]))
                        for side in ("origins", "destinations", "within")
                    },
                }
            )
        return out

    def totals(
        self,
        *,
        by: str | Sequence[str] = (),
        measure: Measure | str | None = None,
        status: Status | str | Sequence[Status | str] = Status.OCCURRED,
        only: Iterable[str] | None = None,
    ) -> list[Total]:
        """Return totals that count nobody twice.

        Parameters
        ----------
        by
            Any of origin, destination, origin_country, destination_country, year, month, kind,
            group.
        measure
            Only this measure; by default each measure has totals of its own. They are never added
            together.
        status
            One or several; occurred holds ongoing as well. Each has totals of its own.
        only
            Ids of the movements to count, for instance those that a filter left.

        Raises
        ------
        OptionError
            For an unknown word.

        """
        wanted = {
            known_word(Status, "status", s).value
            for s in ([status] if isinstance(status, str) else status)
        }
        wanted |= {"occurred"} if "ongoing" in wanted else set()
        kept = None if only is None else set(only)
        with self._store.reading("geomap_figures", "geomap_places") as db:
            figures = [
                f
                for f in picture.counted_of(db)
                if f.status in wanted and (kept is None or f.id in kept)
            ]
            ground = picture.ground_of(db)
        if measure is not None:
            figures = [
                f for f in figures if f.measure == known_word(Measure, "measure", measure).value
            ]
        return totals(figures, ground, by=(by,) if isinstance(by, str) else by)

    def frames(self) -> dict[str, gpd.GeoDataFrame]:
        """Return the layers as GeoDataFrames in EPSG:4326, rows by id."""
        with self._store.reading(*GEOMETRY) as db:
            return {name: read_layer(db, name) for name in GEOMETRY}

    def info(self) -> dict[str, Any]:
        """Return counts and versions."""
        count = {
            name: self._store.rows(f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608
            for name, table in _COUNTS.items()
        }
        made_by = [
            str(r[0])
            for r in self._store.rows("SELECT DISTINCT made_by FROM geomap_documents ORDER BY 1")
        ]
        return {"title": self.title, **count, "read_by": made_by}

    def corrections(self) -> list[Correction]:
        """Return the log, the oldest first, with those undone."""
        with self._store.reading("geomap_corrections") as db:
            return log_of(db, undone=True)

    def unfit(self) -> list[tuple[Correction, str]]:
        """Return the corrections that are out of bounds and so not applied, with the reason.

        An older geomap logged such ones; `undo` takes them back.
        """
        with self._store.reading():
            told = [(c, misfit(c)) for c in self.corrections() if not c.undone]
        return [(correction, why) for correction, why in told if why]

    def unmatched(self) -> list[Correction]:
        """Return corrections whose record or mention is no longer there.

        Since a document reads differently now.
        """
        log = self.corrections()
        with self._store.reading():
            return [
                correction
                for correction in log
                if not correction.undone
                and correction.action is not Action.ADD
                and not self._all_match(correction, log)
            ]

    def _all_match(self, correction: Correction, log: Sequence[Correction]) -> bool:
        targets = correction.target.get("records") or (
            [correction.target] if "start" in correction.target else []
        )
        earlier = [c for c in log if c.number < correction.number]
        return all(self._matches(target, earlier) for target in targets)

    def _matches(self, target: dict[str, Any], earlier: Sequence[Correction]) -> bool:
        try:
            before = applied(stored(self._store.db, target["doc"]), earlier)
        except (CorrectionError, UnreadableError):
            return False
        if "kind" in target:
            return any(held_by(e, target) for e in before.events) or any(
                held_by(m, target) for m in before.movements
            )
        return any((t.start, t.end) == (target["start"], target["end"]) for t in before.toponyms)

    def _text(self, key: str) -> str:
        """Return the text of a document; `CorrectionError` when there is none."""
        with self._store.reading() as db:
            return stored(db, key).document.text


_RECORDS: Final = ("geomap_merged", "geomap_records", "geomap_places")
_ONE_RECORD: Final = (
    "SELECT m.kind, CASE m.body WHEN '' THEN r.body ELSE m.body END, m.members FROM geomap_merged m"
    " JOIN geomap_records r ON r.id = m.id WHERE "
)
_COUNTS: Final = {
    "documents": "geomap_documents",
    "stories": "(SELECT DISTINCT story FROM geomap_documents)",
    "citations": "geomap_citations",
    "failures": "geomap_failures",
    "events": "events",
    "movements": "movements",
    "places": "places",
    "regions": "regions",
    "corrections": "geomap_corrections WHERE undone = 0",
}


def known_word(kind: Any, name: str, value: Any) -> Any:
    """Return a word of a closed vocabulary as its member."""
    if value not in list(kind):
        raise OptionError(name, value, f"one of {', '.join(kind)}")
    return kind(value)
