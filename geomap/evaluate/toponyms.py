"""Score the geoparser on an annotated corpus.

Recognition, resolution, end to end, use, and how far its scores can be trusted.

A corpus is JSON Lines, `{"id", "text", "toponyms": [{"start", "end", "lat", "lon", "geonameid",
"type"}]}`; offsets are code points, coordinates
WGS 84. Two places are the same within 161 km (100 miles, the field's custom) or with the same
GeoNames id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from geomap.evaluate.calibration import Bin, expected_error, reliability, reliability_table
from geomap.evaluate.lines import json_lines
from geomap.evaluate.measures import harmonic, share
from geomap.evaluate.places import NEAR_KM
from geomap.gazetteer import haversine_km
from geomap.geoparser import Geoparser
from geomap.model import Document, Toponym, Use
from geomap.resolve import resolve
from geomap.toponyms.recognise import is_demonym

_CONTEXT = 40  # code points shown on each side of an error


@dataclass(slots=True)
class Counts:
    """What was counted over a corpus, for one way of matching spans."""

    gold: int = 0
    predicted: int = 0
    matched: int = 0
    judged: int = 0  # matched with gold coordinates
    resolved: int = 0
    right: int = 0
    gold_with_point: int = 0
    unjudgeable: int = 0
    use_judged: int = 0
    use_right: int = 0

    def measures(self) -> dict[str, float]:
        """Return precision, recall and F1 of recognition.

        Accuracy of resolution, end-to-end F1 at 161 km, and accuracy of use.
        """
        precision, recall = share(self.matched, self.predicted), share(self.matched, self.gold)
        sure, found = (
            share(self.right, self.predicted - self.unjudgeable),
            share(self.right, self.gold_with_point),
        )
        return {
            "precision": precision,
            "recall": recall,
            "f1": harmonic(precision, recall),
            "right_of_matched": share(self.right, self.judged),
            "right_of_resolved": share(self.right, self.resolved),
            "end_to_end_f1": harmonic(sure, found),
            "use": share(self.use_right, self.use_judged),
        }


@dataclass(slots=True)
class Evaluation:
    """Counts by way of matching, the scores given with whether they were right.

    And the errors in words.
    """

    documents: int = 0
    counts: dict[str, Counts] = field(
        default_factory=lambda: {"exact": Counts(), "overlap": Counts()}
    )
    scores: list[tuple[float, bool]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def calibration(self) -> list[Bin]:
        """Return the bins of score that hold an answer."""
        return reliability(self.scores)

    def calibration_error(self) -> float:
        """Return the expected calibration error."""
        return expected_error(self.calibration())

    def to_dict(self) -> dict[str, Any]:
        """Return the measures as JSON values."""
        return {
            "documents": self.documents,
            **{mode: counts.measures() for mode, counts in self.counts.items()},
            "calibration_error": self.calibration_error(),
        }


def evaluate(corpus: Path, parser: Geoparser, *, gold_spans: bool = False) -> Evaluation:
    """Return how the geoparser does on a corpus.

    Parameters
    ----------
    corpus
        The annotated documents.
    parser
        The geoparser; its `demonyms` says whether the corpus annotates them.
    gold_spans
        Resolve the annotated spans instead of those the geoparser finds.

    Raises
    ------
    DocumentError
        For a line that is no annotated document.

    """
    out = Evaluation()
    for doc, gold in read_corpus(corpus):
        toponyms = _given(doc, gold, parser) if gold_spans else list(parser.toponyms(doc))
        _count(out, doc, gold, toponyms)
    return out


def read_corpus(corpus: Path) -> Iterator[tuple[Document, list[dict[str, Any]]]]:
    """Yield the documents of a corpus with their marks, each span once."""
    yield from json_lines(corpus, _annotated, "an annotated document has id, text and toponyms")


def _annotated(row: dict[str, Any]) -> tuple[Document, list[dict[str, Any]]]:
    gold: dict[tuple[int, int], dict[str, Any]] = {}
    for mark in row["toponyms"]:
        span = (int(mark["start"]), int(mark["end"]))
        if span not in gold or gold[span].get("lat") is None:
            gold[span] = mark
    doc = Document(
        str(row["id"]),
        row["text"],
        source=str(row.get("source") or ""),
        url=str(row.get("url") or ""),
    )
    return doc, [gold[span] for span in sorted(gold)]


def _given(doc: Document, gold: Sequence[dict[str, Any]], parser: Geoparser) -> list[Toponym]:
    spans = [(mark["start"], mark["end"], doc.text[mark["start"] : mark["end"]]) for mark in gold]
    uses = [
        Use.DEMONYM if is_demonym(name, parser.gazetteer) else Use.LITERAL for _, _, name in spans
    ]
    return resolve(
        doc,
        [
            Toponym(start, end, name, use, score=1.0)
            for (start, end, name), use in zip(spans, uses, strict=True)
        ],
        parser.gazetteer,
        bias=parser.bias,
    )


def _count(
    out: Evaluation, doc: Document, gold: Sequence[dict[str, Any]], toponyms: Sequence[Toponym]
) -> None:
    out.documents += 1
    marks, spans = [(m["start"], m["end"]) for m in gold], [(t.start, t.end) for t in toponyms]
    for mode, pairs in (("exact", _exact(marks, spans)), ("overlap", overlapping(marks, spans))):
        counts = out.counts[mode]
        counts.gold, counts.predicted, counts.matched = (
            counts.gold + len(gold),
            counts.predicted + len(spans),
            counts.matched + len(pairs),
        )
        counts.gold_with_point += sum(m.get("lat") is not None for m in gold)
        for i, j in pairs.items():
            _judge(counts, gold[i], toponyms[j])
    matched = {j: i for i, j in overlapping(marks, spans).items()}
    out.scores += [
        (t.score, j in matched and is_right(gold[matched[j]], t))
        for j, t in enumerate(toponyms)
        if is_scored(t, gold, matched.get(j))
    ]
    out.errors += _errors(doc, gold, toponyms, matched)


def _judge(counts: Counts, mark: dict[str, Any], toponym: Toponym) -> None:
    if mark.get("type") in {Use.LITERAL, Use.ASSOCIATIVE}:
        counts.use_judged += 1
        counts.use_right += (
            Use.ASSOCIATIVE if toponym.use is Use.DEMONYM else toponym.use
        ) == mark["type"]
    if mark.get("lat") is None:
        counts.unjudgeable += 1
        return
    counts.judged += 1
    counts.resolved += _has_point(toponym)
    counts.right += is_right(mark, toponym)


def _has_point(toponym: Toponym) -> bool:
    return toponym.place is not None and toponym.place.lon is not None


def is_right(mark: dict[str, Any], toponym: Toponym) -> bool:
    """Tell whether a toponym lies within `NEAR_KM` of the mark or is the same place by id."""
    place = toponym.place
    if mark.get("lat") is None or place is None or place.lon is None or place.lat is None:
        return False
    same = mark.get("geonameid") is not None and mark["geonameid"] == place.geonameid
    return same or haversine_km(mark["lon"], mark["lat"], place.lon, place.lat) <= NEAR_KM


def is_scored(toponym: Toponym, gold: Sequence[dict[str, Any]], match: int | None) -> bool:
    """Tell whether the answer can be judged.

    It has a point, and so has the mark if there is one.
    """
    return _has_point(toponym) and (match is None or gold[match].get("lat") is not None)


def _exact(gold: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]) -> dict[int, int]:
    where = {span: j for j, span in reversed(list(enumerate(spans)))}
    return {i: where[mark] for i, mark in enumerate(gold) if mark in where}


def overlapping(
    gold: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]
) -> dict[int, int]:
    """Return the largest one-to-one matching of spans that share a code point.

    Exact pairs are kept, then the longest overlaps are tried first.
    """
    pairs = _exact(gold, spans)
    owner = {j: i for i, j in pairs.items()}
    edges = {}
    for i, (start, end) in enumerate(gold):
        if i not in pairs:
            near = [
                (-(min(end, e) - max(start, s)), j)
                for j, (s, e) in enumerate(spans)
                if j not in owner and s < end and start < e
            ]
            edges[i] = [j for _, j in sorted(near)]
    free: dict[int, int] = {}

    def give(i: int, seen: set[int]) -> bool:
        for j in edges[i]:
            if j not in seen:
                seen.add(j)
                if j not in free or give(free[j], seen):
                    free[j] = i
                    return True
        return False

    for i in edges:
        give(i, set())
    return pairs | {i: j for j, i in free.items()}


def _errors(
    doc: Document,
    gold: Sequence[dict[str, Any]],
    toponyms: Sequence[Toponym],
    matched: dict[int, int],
) -> Iterator[str]:
    """Yield one line an error: what was missed, what is no toponym, and what was placed wrong."""
    found = set(matched.values())
    for i, mark in enumerate(gold):
        if i not in found:
            yield f"{doc.id}: missed {_shown(doc.text, mark['start'], mark['end'])}"
    for j, toponym in enumerate(toponyms):
        shown = _shown(doc.text, toponym.start, toponym.end)
        if j not in matched:
            yield f"{doc.id}: not annotated {shown}"
        elif gold[matched[j]].get("lat") is not None and not is_right(gold[matched[j]], toponym):
            mark, place = gold[matched[j]], toponym.place
            got = (
                f"{place.name}, {place.country_name} ({place.lat}, {place.lon})"
                if place
                else f"nowhere ({toponym.reason})"
            )
            yield f"{doc.id}: placed {shown} in {got}; annotated {mark['lat']}, {mark['lon']}"


def _shown(text: str, start: int, end: int) -> str:
    before, after = text[max(0, start - _CONTEXT) : start], text[end : end + _CONTEXT]
    return " ".join(f"{before}[{text[start:end]}]{after}".split())


def table(result: Evaluation) -> Iterator[str]:
    """Yield the lines of the table of measures."""
    yield (
        f"{result.documents} documents, {result.counts['overlap'].gold} annotated toponyms,"
        f" {result.counts['overlap'].predicted} found"
    )
    yield f"{'':20}{'exact':>8}{'overlap':>9}"
    both = {mode: counts.measures() for mode, counts in result.counts.items()}
    for name, label in _LABELS.items():
        if name != "use" or result.counts["overlap"].use_judged:
            yield f"{label:20}{both['exact'][name]:8.3f}{both['overlap'][name]:9.3f}"


_LABELS = {
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "right_of_matched": "right of matched",
    "right_of_resolved": "right of resolved",
    "end_to_end_f1": "end-to-end F1",
    "use": "use right",
}


def calibration_table(result: Evaluation) -> Iterator[str]:
    """Yield the lines of the table of scores."""
    return reliability_table(result.scores)


def commonest(errors: Iterable[str], most: int, shown: int | None = None) -> Iterator[str]:
    """Yield the names most often wrong, then the errors one a line, all or the first `shown`."""
    lines = list(errors)
    names = Counter(
        (line.split(": ", 1)[1].split(" ", 1)[0], line.split("[", 1)[1].split("]", 1)[0])
        for line in lines
    )
    for (kind, name), number in names.most_common(most):
        yield f"{number:5} {kind} {name}"
    yield from lines[:shown]
