"""The command line: geomap parse | map | export | gazetteer | evaluate | dashboard."""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import os
import signal
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from geomap.errors import DocumentError
    from geomap.evaluate import Article, Reading
    from geomap.gazetteer import Gazetteer
    from geomap.geoparser import Geoparser
    from geomap.model import Parsed

_Made = TypeVar("_Made")
OK, FAILED = 0, 1
_EPILOG = (
    "exit codes: 0 done, 1 nothing could be done (or, with --strict, a document failed), 2 the"
    " command line is off, 130 and 143 stopped by a signal"
)
_RESUMES = (
    "A document that cannot be read is one line on stderr and a line with an error in OUT, and the"
    " rest go on. OUT appears when it is whole. When the command is stopped before, what is"
    " finished stays beside it as OUT.RUN.part, and the same command on the same files goes on from"
    " there."
)
_EVALUATES = (
    "Score names and places on a corpus (each line an object with id, text and toponyms), or, with"
    " --readings, the events and movements of whole articles (id, text, published, events and"
    " movements; without events only movements are scored). A mark is an event that the map draws"
    " as having happened; it is strictly right when type, place, date and status are."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors, and a stop, are one line on stderr."""
    from geomap.errors import GeomapError
    from geomap.stopping import stoppable

    # What libraries log of a damaged file is said once, by its error.
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        with stoppable():
            options = _parser().parse_args(argv)
            code: int = options.run(options)
    except KeyboardInterrupt as stop:
        _say("stopped", stop)
        return 128 + (stop.args[0] if stop.args else signal.SIGINT)  # as shells have it
    except BrokenPipeError:
        # The reader of a pipe has seen enough; nothing more is written, also not while Python shuts
        # down.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except (GeomapError, OSError) as error:
        _say(str(error), error)
        return FAILED
    return code


def _say(text: str, error: BaseException) -> None:
    """Write one line: what happened, and what the writers noted on the way out."""
    told = "; ".join([text, *getattr(error, "__notes__", ())])
    sys.stderr.write(f"geomap: {' '.join(told.split())}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="geomap",
        description="Turn conflict news into a map that can be checked.",
        epilog=_EPILOG,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and stop")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name, run, text in (
        (
            "parse",
            _parse,
            "read texts and write what they say as JSON Lines, or a summary to the terminal",
        ),
        ("map", _map, "read texts and write one standalone HTML map"),
        ("export", _export, "read texts and write GeoJSON layers into a folder"),
    ):
        about = f"{text.capitalize()}. {_RESUMES if name == 'parse' else ''}".strip()
        command = commands.add_parser(name, help=text, description=about, epilog=_EPILOG)
        command.add_argument(
            "source",
            metavar="IN",
            help=(
                "a .txt, .html, .docx, .pdf, .jsonl, .csv, .parquet or .zip file, a folder of them,"
                " or - for standard input"
            ),
        )
        command.add_argument(
            "-o",
            "--out",
            metavar="OUT",
            required=name != "parse",
            help="where to write"
            + (" (default: a summary to the terminal)" if name == "parse" else ""),
        )
        command.add_argument(
            "--published",
            metavar="DATE",
            help=(
                "publication date of the text, ISO (2023-09-25); rows with a date of their own"
                " keep it"
            ),
        )
        command.add_argument(
            "--no-demonyms", action="store_true", help="leave out names of peoples such as Armenian"
        )
        command.add_argument(
            "--budget",
            type=int,
            default=500_000,
            metavar="N",
            help="code points of one document that are read (default: %(default)s); 0 reads all",
        )
        command.add_argument(
            "--bias",
            metavar="WHERE",
            action="append",
            default=[],
            help=(
                "prefer places in this country (ISO3), near this point (lon,lat) or in this box"
                " (west,south,east,north) where the text is silent; may be repeated"
            ),
        )
        command.add_argument(
            "--strict", action="store_true", help="exit with 1 when a document failed"
        )
        command.add_argument("--quiet", action="store_true", help="no progress bar")
        command.set_defaults(run=run)
    gazetteer = commands.add_parser("gazetteer", help="ask the gazetteer")
    asks = gazetteer.add_subparsers(title="questions", required=True, metavar="QUESTION")
    lookup = asks.add_parser("lookup", help="show what a name may mean, the likeliest first")
    lookup.add_argument("name")
    lookup.add_argument("--loose", action="store_true", help="also other romanisations of the name")
    lookup.set_defaults(run=_lookup)
    asks.add_parser("info", help="show sources, licences and counts").set_defaults(run=_info)
    build = asks.add_parser(
        "build",
        help=(
            "build a gazetteer from GeoNames dumps (allCountries.zip, SY.zip,"
            " alternateNamesV2.zip); goes on where it was stopped"
        ),
    )
    build.add_argument("sources", nargs="+", type=Path, metavar="SOURCE")
    build.add_argument("-o", "--out", type=Path, required=True, metavar="FOLDER")
    build.set_defaults(run=_build)
    add = asks.add_parser(
        "add",
        help=(
            "add a table of places (CSV, GeoJSON, GeoPackage; UCDP GED and ACLED exports), used"
            " from then on after the bundled gazetteer"
        ),
    )
    add.add_argument("table", type=Path, metavar="FILE")
    add.add_argument("--name", default="", help="what to call it (default: the name of the file)")
    add.set_defaults(run=_add)
    _add_case_commands(
        commands.add_parser(
            "case", help="gather the articles of a crisis in one file, and add nobody up twice"
        )
    )
    _add_evaluate(
        commands.add_parser(
            "evaluate",
            help="score the geoparser on annotated documents",
            description=_EVALUATES,
            epilog=_EPILOG,
        )
    )
    dashboard = commands.add_parser(
        "dashboard", help="open the dashboard in a browser, on this machine only"
    )
    dashboard.add_argument("--port", type=int, default=8501)
    dashboard.add_argument("--headless", action="store_true", help="do not open a browser window")
    dashboard.add_argument(
        "--case",
        type=Path,
        metavar="CASE.gpkg",
        help="open this case in every new session (default: an unsaved one with the seed article)",
    )
    dashboard.add_argument("--empty", action="store_true", help="begin without the seed article")
    dashboard.add_argument(
        "--theme", choices=["light", "dark"], help="default: as the reader's system"
    )
    dashboard.set_defaults(run=_dashboard)
    return parser


def _add_evaluate(command: argparse.ArgumentParser) -> None:
    what = command.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "corpus",
        type=Path,
        nargs="?",
        metavar="CORPUS.jsonl",
        help="documents with annotated toponyms: score names and places",
    )
    what.add_argument(
        "--readings",
        type=Path,
        metavar="GOLD.jsonl",
        help="articles with annotated events and movements: score the marks of the map",
    )
    command.add_argument(
        "--predictions",
        type=Path,
        metavar="PRED.jsonl",
        help="with --readings: what `geomap parse` wrote, instead of parsing the articles now",
    )
    command.add_argument(
        "--cut",
        type=float,
        default=0.0,
        metavar="SCORE",
        help=(
            "with --readings: the score from which an event counts as drawn that does not tell"
            " itself whether it is (default: %(default)s)"
        ),
    )
    command.add_argument(
        "--gold-spans", action="store_true", help="with a corpus: resolve the annotated spans"
    )
    command.add_argument(
        "--no-demonyms",
        action="store_true",
        help="for a corpus that does not annotate names of peoples",
    )
    command.add_argument(
        "--calibration", action="store_true", help="also how often each score was right"
    )
    command.add_argument(
        "--errors",
        type=_number,
        nargs="?",
        const=sys.maxsize,
        default=0,
        metavar="N",
        help=(
            "also what went wrong: the commonest kinds, then each error with its words, all or the"
            " first N"
        ),
    )
    command.add_argument("--json", action="store_true", help="print it all as one JSON object")
    command.set_defaults(run=_evaluate)


def _number(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number; a file stands before --errors")
    return int(text)


def _add_case_commands(parser: argparse.ArgumentParser) -> None:
    asks = parser.add_subparsers(title="what to do with it", required=True, metavar="WHAT")

    def command(name: str, run: Any, text: str) -> argparse.ArgumentParser:
        made = asks.add_parser(name, help=text, description=text.capitalize() + ".", epilog=_EPILOG)
        made.add_argument(
            "case",
            type=Path,
            metavar="CASE.gpkg",
            help="the case: one GeoPackage, which QGIS opens as it is",
        )
        made.set_defaults(run=run)
        return made

    command("new", _case_new, "make an empty case").add_argument(
        "--title", default="", help="what it is about"
    )
    add = command("add", _case_add, "read texts into a case; what it has already is not read again")
    add.add_argument(
        "source", nargs="*", metavar="IN", help="files or folders as for `geomap parse`"
    )
    add.add_argument(
        "--feed",
        action="append",
        default=[],
        metavar="URL",
        help=(
            "a news feed (RSS, Atom) whose new articles are fetched; the only thing here that asks"
            " the network"
        ),
    )
    add.add_argument(
        "--allow-private",
        action="store_true",
        help="let feeds lead to this machine or the local network",
    )
    add.add_argument(
        "--unhcr-flows",
        action="append",
        default=[],
        type=Path,
        metavar="CSV",
        help="UNHCR's table of yearly flows between countries, as movements",
    )
    add.add_argument(
        "--published",
        metavar="DATE",
        help="publication date of texts without one, ISO (2023-09-25)",
    )
    add.add_argument("--strict", action="store_true", help="exit with 1 when a document failed")
    add.add_argument("--quiet", action="store_true", help="no progress bar")
    command("info", _case_info, "show what is in a case")
    command(
        "check",
        _case_check,
        "look through a whole case; what is damaged and can be drawn anew from its documents is",
    )
    command(
        "recover", _case_recover, "save what is whole of a damaged case into a new one"
    ).add_argument("-o", "--out", type=Path, required=True, metavar="NEW.gpkg", help="the new case")
    total = command(
        "totals",
        _case_totals,
        "add people up, each once, and say which figures were used and which set aside",
    )
    total.add_argument(
        "--by",
        default="",
        metavar="WORDS",
        help=(
            "origin, destination, origin_country, destination_country, year, month, kind, group;"
            " several with commas"
        ),
    )
    total.add_argument(
        "--measure",
        help="new, cumulative, stock or unspecified; by default each has totals of its own",
    )
    total.add_argument(
        "--status",
        default="occurred",
        help="occurred, expected, planned, denied or background; several with commas",
    )
    total.add_argument(
        "--explain",
        action="store_true",
        help="also every figure that was used or set aside, and why",
    )
    log = command(
        "corrections", _case_corrections, "list the corrections as JSON Lines, or take one back"
    )
    log.add_argument(
        "--undo",
        nargs="?",
        const=0,
        type=int,
        metavar="NUMBER",
        help="take back this correction, or the latest",
    )
    export = command("export", _case_export, "write the layers of a case as GeoJSON into a folder")
    export.add_argument("-o", "--out", metavar="FOLDER", required=True)
    export.add_argument(
        "--corrections",
        action="store_true",
        help="also the log of corrections, as corrections.jsonl",
    )


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        from geomap.output import geomap_version

        parser.exit(OK, f"geomap {geomap_version()}\n")


def _geoparser(options: argparse.Namespace) -> Geoparser:
    from geomap.geoparser import Geoparser
    from geomap.model import read_date

    if options.published is not None:
        read_date(options.published)
    return Geoparser(
        demonyms=not options.no_demonyms, bias=options.bias, budget=options.budget or None
    )


def _results(
    options: argparse.Namespace,
    parser: Geoparser,
    make: Callable[[Parsed], _Made],
    *,
    skip: int = 0,
) -> Iterator[_Made | DocumentError]:
    """Yield what is made of every document, or its error, from the one after `skip` on.

    Each failure is one line on stderr and the batch goes on.
    """
    from dataclasses import replace

    from geomap.errors import DocumentError, reading
    from geomap.model import read_date
    from geomap.stopping import heed
    from geomap.text.reading import read_documents

    day = read_date(options.published) if options.published else None
    documents = islice(read_documents(options.source), skip, None)
    for doc in _progress(documents, quiet=options.quiet):
        try:
            if isinstance(doc, DocumentError):
                raise doc
            with reading(doc.id):
                parsed = parser.parse(replace(doc, published=doc.published or day))
                made = make(parsed)
        except DocumentError as error:
            heed()
            sys.stderr.write(f"geomap: skipped {error}\n")
            yield error
            continue
        for warning in parsed.warnings if sys.stderr.isatty() else ():
            sys.stderr.write(f"geomap: {doc.id}: {warning}\n")
        yield made


def _read(options: argparse.Namespace) -> tuple[list[Parsed], int]:
    """Return all documents that could be read, and how many could not."""
    from geomap.model import Parsed

    found = list(_results(options, _geoparser(options), lambda parsed: parsed))
    results = [item for item in found if isinstance(item, Parsed)]
    return results, len(found) - len(results)


def _progress(documents: Iterable[Any], *, quiet: bool) -> Iterator[Any]:
    """Pass documents through, with a bar on a terminal."""
    from geomap.stopping import heed

    if not quiet and sys.stderr.isatty():
        from tqdm import tqdm

        documents = tqdm(documents, unit=" documents", leave=False, delay=1.0)
    for doc in documents:
        heed()
        yield doc


def _parse(options: argparse.Namespace) -> int:
    from geomap.errors import DocumentError
    from geomap.output import failed_line, to_line
    from geomap.writing import encoded, lines_of_run

    parser = _geoparser(options)
    if options.out is None:
        done = failed = 0
        for told in _results(options, parser, summary):
            if isinstance(told, DocumentError):
                failed += 1
            else:
                done += 1
                sys.stdout.write(told)
        return _code(options, done, failed)
    run = _run_of(options, parser)
    for other in sorted(Path(options.out).parent.glob(f"{Path(options.out).name}.*.part")):
        if other.name != f"{Path(options.out).name}.{run}.part":
            sys.stderr.write(
                f"geomap: {other} is of a run on other files or with other options; delete it when"
                " nobody goes on with that\n"
            )
    with lines_of_run(options.out, run) as lines:
        if lines.resumed:
            sys.stderr.write(f"geomap: going on after {lines.resumed:,} finished documents\n")
        results = _results(options, parser, lambda p: encoded(to_line(p)), skip=lines.resumed)
        for line in results:
            if isinstance(line, DocumentError):
                lines.write(encoded(failed_line(line.source, line)), failed=True)
            else:
                lines.write(line)
    return _code(options, lines.read, lines.failed)


def _run_of(options: argparse.Namespace, parser: Geoparser) -> str:
    """Return what tells a run from others: options, gazetteer, and the files as they are."""
    from geomap.output import geomap_version
    from geomap.text.reading import files_of

    facts: list[object] = [geomap_version(), parser.gazetteer.digest, options.published]
    facts += [options.no_demonyms, options.bias, str(Path(options.source).resolve())]
    for path in files_of(options.source) if options.source != "-" else ():
        for file in (path, path.with_suffix(".toml")):
            if file.exists():
                state = file.stat()
                facts.append([str(file), state.st_size, state.st_mtime_ns])
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:8]


def _code(options: argparse.Namespace, done: int, failed: int) -> int:
    """Return 0 when something was read.

    1 when nothing could be, or a document failed under --strict.
    """
    if failed:
        sys.stderr.write(f"geomap: {done} documents read, {failed} skipped\n")
    return FAILED if not done or (failed and options.strict) else OK


def summary(parsed: Parsed) -> str:
    """Return what was read in one document for a reader at a terminal."""
    doc = parsed.document
    lines = [
        f"{doc.id}  (published {doc.published or 'unknown'}, {len(parsed.toponyms)} place names)"
    ]
    lines += [f"  ! {warning}" for warning in parsed.warnings]
    for movement in parsed.movements:
        ends = [
            ", ".join(m.label for m in side)
            for side in (movement.origins, movement.destinations, movement.within)
        ]
        where = " ".join(
            f"{word} {names}"
            for word, names in zip(("from", "to", "within"), ends, strict=True)
            if names
        )
        figure = movement.quantity.text if movement.quantity else "no figure"
        bound = (
            f"{movement.quantity.quantifier.value} "
            if movement.quantity and movement.quantity.quantifier.value not in {"exact", "vague"}
            else ""
        )
        lines.append(
            f"  movement  {movement.kind.value}: {bound}{figure} {where} [{movement.status.value},"
            f" {movement.measure.value}]"
        )
        lines.append(f'            "{_short(movement.evidence[0].text)}"')
    for event in parsed.events:
        place = (
            event.places[0].place.name
            if event.places and event.places[0].place
            else "unknown place"
        )
        when = (
            f"{event.when.start or '?'} to {event.when.end or '?'}"
            if event.when and (event.when.start or event.when.end)
            else "no date"
        )
        lines.append(
            f"  event     {event.type.value} in {place}, {when} [{event.status.value}] score"
            f" {event.score:.2f}"
        )
    places = {t.place.id: t.place for t in parsed.toponyms if t.place is not None}
    lines.append(
        "  places    "
        + (", ".join(f"{p.name} ({p.country or p.kind.value})" for p in places.values()) or "none")
    )
    unknown = sorted({t.name for t in parsed.toponyms if t.place is None})
    if unknown:
        lines.append("  not found " + ", ".join(unknown))
    return "\n".join(lines) + "\n\n"


def _short(text: str, length: int = 110) -> str:
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1] + "…"


def _map(options: argparse.Namespace) -> int:
    from geomap.maps import to_html
    from geomap.writing import whole

    results, failed = _read(options)
    if results:
        page = to_html(results, title=results[0].document.title or results[0].document.id)
        with whole(options.out) as file:
            file.write(page)
    return _code(options, len(results), failed)


def _export(options: argparse.Namespace) -> int:
    from geomap.export import write_geojson
    from geomap.frames import to_frames

    results, failed = _read(options)
    if results:
        for path in write_geojson(to_frames(results), options.out):
            sys.stdout.write(f"{path}\n")
    return _code(options, len(results), failed)


def _case_new(options: argparse.Namespace) -> int:
    from geomap.case import Case

    Case.create(options.case, title=options.title).close()
    sys.stdout.write(
        f"{options.case} is ready; add texts with: geomap case add {options.case} FILE\n"
    )
    return OK


def _case_add(options: argparse.Namespace) -> int:
    from geomap.case import Case

    new = known = rows = 0
    failures: list[str] = []
    with Case.open(options.case) as case:
        batches = []
        for source in options.source:
            with _alone(failures):
                texts = _progress(_dated(source, options.published), quiet=options.quiet)
                batches.append(case.add(texts))
        for url in options.feed:
            with _alone(failures):
                batches.append(case.add_feed(url, allow_private=options.allow_private))
        for table in options.unhcr_flows:
            with _alone(failures):
                rows += case.add_many_parsed(_years(table, case.geoparser.gazetteer, failures))
        for done in batches:
            new, known = new + len(done.new), known + len(done.known)
            for source, error in done.failed:
                failures.append(source)
                sys.stderr.write(f"geomap: skipped {source}: {error.removeprefix(f'{source}: ')}\n")
    told = f", {rows} years of flows" if options.unhcr_flows else ""
    sys.stdout.write(f"{new} added, {known} known before, {len(failures)} failed{told}\n")
    return (
        FAILED if (failures and options.strict) or (failures and not (new or known or rows)) else OK
    )


@contextmanager
def _alone(failures: list[str]) -> Iterator[None]:
    """Let one source, feed or table fail alone, in one line."""
    from geomap.errors import DocumentError, FeedError

    try:
        yield
    except (DocumentError, FeedError) as error:
        failures.append(str(error))
        sys.stderr.write(f"geomap: skipped {error}\n")


def _years(table: Path, gazetteer: Gazetteer, failures: list[str]) -> Iterator[Parsed]:
    """Yield the years of a table of flows, up to what is wrong in it."""
    from geomap.case.tables import read_unhcr_flows

    with _alone(failures):
        yield from read_unhcr_flows(table, gazetteer)


def _dated(source: str, published: str | None) -> Iterator[Any]:
    from dataclasses import replace

    from geomap.model import Document, read_date
    from geomap.text.reading import read_documents

    day = read_date(published) if published else None
    for doc in read_documents(source):
        yield (
            replace(doc, published=day)
            if isinstance(doc, Document) and doc.published is None and day
            else doc
        )


def _case_info(options: argparse.Namespace) -> int:
    from geomap.case import Case

    with Case.open(options.case, readonly=True) as case:
        for name, value in case.info().items():
            sys.stdout.write(
                f"{name:12} {', '.join(value) if isinstance(value, list) else value}\n"
            )
        for source, error in case.failures():
            sys.stdout.write(f"failed       {source}: {error}\n")
        for block, why in case.undrawn():
            sys.stdout.write(f"not drawn    {block}: {why}\n")
    return OK


def _case_check(options: argparse.Namespace) -> int:
    from geomap.case import Case

    mended = Case.check(options.case)
    sys.stdout.write(
        f"{options.case} is whole{'; drawn anew: ' + ', '.join(mended) if mended else ''}\n"
    )
    return OK


def _case_recover(options: argparse.Namespace) -> int:
    from geomap.case import Case

    saved = Case.recover(options.case, options.out)
    sys.stdout.write(
        f"{options.out}: {len(saved.kept)} documents saved, {len(saved.read)} read anew,"
        f" {len(saved.lost)} lost, {len(saved.corrections)} corrections lost\n"
    )
    for key in saved.lost:
        sys.stderr.write(f"geomap: document {key} is lost\n")
    for number in saved.corrections:
        sys.stderr.write(f"geomap: correction {number} is lost\n")
    return OK


def _case_totals(options: argparse.Namespace) -> int:
    from geomap.case import Case

    with Case.open(options.case, readonly=True) as case:
        found = case.totals(
            by=[w for w in options.by.split(",") if w],
            measure=options.measure,
            status=options.status.split(","),
        )
        for total in found:
            text = (
                total.explain(
                    lambda ident: f'"{_short(case.record(ident).evidence[0].text)}" [{ident}]'
                )
                if options.explain
                else total.explain().partition("\n")[0]
            )
            sys.stdout.write(text + "\n")
    if not found:
        sys.stderr.write(
            "geomap: no movement with a figure fits; `geomap case info` shows what the case holds\n"
        )
    return OK


def _case_corrections(options: argparse.Namespace) -> int:
    from geomap.case import Case

    with Case.open(options.case, readonly=options.undo is None) as case:
        if options.undo is not None:
            undone = case.undo(options.undo or None)
            sys.stdout.write(f"took back correction {undone.number} ({undone.action.value})\n")
            return OK
        for correction in case.corrections():
            sys.stdout.write(json.dumps(correction.to_dict(), ensure_ascii=False) + "\n")
        for correction, why in case.unfit():
            sys.stderr.write(
                f"geomap: correction {correction.number} is not applied: {why}; take it back with"
                f" --undo {correction.number}\n"
            )
        for correction in case.unmatched():
            sys.stderr.write(
                f"geomap: correction {correction.number} names something that is no longer there\n"
            )
    return OK


def _case_export(options: argparse.Namespace) -> int:
    from geomap.case import Case
    from geomap.export import write_geojson
    from geomap.writing import whole

    with Case.open(options.case, readonly=True) as case:
        for path in write_geojson(case.frames(), options.out):
            sys.stdout.write(f"{path}\n")
        if options.corrections:
            target = Path(options.out) / "corrections.jsonl"
            with whole(target) as file:
                file.writelines(
                    json.dumps(c.to_dict(), ensure_ascii=False) + "\n" for c in case.corrections()
                )
            sys.stdout.write(f"{target}\n")
    return OK


def _lookup(options: argparse.Namespace) -> int:
    from geomap.gazetteer import Gazetteer

    found = Gazetteer().candidates(options.name, loose=options.loose)
    for place in found[:20]:
        where = ", ".join(filter(None, [place.admin1_name, place.country_name]))
        sys.stdout.write(
            f"{place.id:24} {place.name} ({place.kind.value}{', ' + where if where else ''}) lon"
            f" {place.lon} lat {place.lat} population {place.population}\n"
        )
    if not found:
        hint = "" if options.loose else "; --loose also tries other romanisations"
        sys.stderr.write(f"geomap: no place is called {options.name!r}{hint}\n")
    return OK if found else FAILED


def _info(_options: argparse.Namespace) -> int:
    from geomap.gazetteer import Gazetteer, find_source

    gazetteer = Gazetteer()
    for position, (folder, counts) in enumerate(gazetteer.counts(), 1):
        sys.stdout.write(
            f"{position}. {folder}\n   {sum(counts.values()):,} places:"
            f" {', '.join(f'{n:,} {kind}' for kind, n in counts.items())}\n"
        )
    sys.stdout.write(f"data {gazetteer.digest}\n")
    manifest = json.loads((find_source() / "manifest.json").read_text(encoding="utf-8"))
    for source in manifest["sources"]:
        sys.stdout.write(
            f"{source['name']} {source['version']}: {source['used_for']} ({source['licence']})\n"
        )
    return OK


def _build(options: argparse.Namespace) -> int:
    from geomap.gazetteer.build import build

    count = build(options.sources, options.out, progress=_line)
    sys.stdout.write(
        f"{count:,} places in {options.out}; use it with"
        f" GEOMAP_GAZETTEER=bundled{os.pathsep}{options.out}\n"
    )
    return OK


def _add(options: argparse.Namespace) -> int:
    from geomap.gazetteer.build import add

    folder = add(options.table, name=options.name, progress=_line)
    sys.stdout.write(f"added as {folder}; delete that folder to take it out again\n")
    return OK


def _evaluate(options: argparse.Namespace) -> int:
    report, lines = _score_readings(options) if options.readings else _score_corpus(options)
    told = [json.dumps(report, ensure_ascii=False)] if options.json else lines
    sys.stdout.write("\n".join(told) + "\n")
    return OK


def _score_corpus(options: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """Return how toponyms do on a corpus, as JSON values and as lines."""
    from geomap import evaluate
    from geomap.errors import OptionError
    from geomap.geoparser import Geoparser

    if options.predictions is not None:
        raise OptionError("--predictions", str(options.predictions), "given with --readings")
    result = evaluate.evaluate(
        options.corpus, Geoparser(demonyms=not options.no_demonyms), gold_spans=options.gold_spans
    )
    report, lines = result.to_dict(), [*evaluate.table(result)]
    if options.calibration:
        report["calibration"] = [b._asdict() for b in result.calibration()]
        lines += evaluate.calibration_table(result)
    if options.errors:
        report["errors"] = result.errors[: options.errors]
        lines += evaluate.commonest(result.errors, 20, options.errors)
    return report, lines


def _score_readings(options: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """Return how events and movements of whole articles do, as JSON values and as lines."""
    from geomap import evaluate
    from geomap.errors import OptionError

    if options.gold_spans:
        raise OptionError("--gold-spans", "given", "given with a corpus of toponyms only")
    articles = list(evaluate.read_articles(options.readings))
    read = (
        evaluate.read_readings(options.predictions)
        if options.predictions is not None
        else _readings(articles, demonyms=not options.no_demonyms)
    )
    result = evaluate.score_readings(articles, read, cut=options.cut)
    report, lines = result.measures(), [*evaluate.readings_table(result)]
    if options.calibration:
        report["calibration"] = [b._asdict() for b in evaluate.reliability(result.scores)]
        lines += ["", *evaluate.reliability_table(result.scores)]
    if options.errors:
        found = evaluate.faults(result)
        report["errors"] = [fault._asdict() for fault in found[: options.errors]]
        lines += ["", *evaluate.faults_table(found, options.errors)]
    return report, lines


def _readings(articles: Sequence[Article], *, demonyms: bool) -> Iterator[Reading]:
    """Yield what is read in each article now; one that fails is a line on stderr, and missing."""
    from geomap.errors import DocumentError
    from geomap.evaluate import reading_of
    from geomap.geoparser import Geoparser

    parser = Geoparser(demonyms=demonyms)
    for article in _progress(articles, quiet=False):
        try:
            yield reading_of(parser.parse(article.document))
        except DocumentError as error:
            sys.stderr.write(f"geomap: skipped {error}\n")


def _line(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"geomap: {text}\n")


def _dashboard(options: argparse.Namespace) -> int:
    from geomap.errors import MissingExtraError

    if find_spec("streamlit") is None:
        raise MissingExtraError("streamlit", "dashboard")
    if options.empty:
        os.environ["GEOMAP_EMPTY"] = "1"
    if options.case is not None:
        from geomap.case import Case

        Case.open(options.case, readonly=True).close()
        os.environ["GEOMAP_CASE"] = str(options.case.absolute())
    script = Path(__file__).parent / "pages" / "app.py"
    # The folder that a user happens to stand in may come from anybody: neither modules nor settings
    # are taken from it.
    os.environ["GEOMAP_FOLDER"] = str(Path.cwd())
    os.chdir(script.parent)
    command = [
        sys.executable,
        "-P",
        "-m",
        "streamlit",
        "run",
        str(script),
        *_dashboard_settings(),
        "--server.port",
        str(options.port),
        "--server.headless",
        "true" if options.headless else "false",
        *(["--theme.base", options.theme] if options.theme else []),
    ]
    sys.stdout.flush()
    # The server takes this process's place, so that a signal to stop ends it cleanly.
    os.execv(sys.executable, command)  # noqa: S606


def _dashboard_settings() -> Iterator[str]:
    """Yield the dashboard's settings as flags, which outdo files and variables of elsewhere."""
    path = Path(__file__).parent / "pages" / ".streamlit" / "config.toml"
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    for section in ("server", "browser", "client", "runner"):
        for name, value in told[section].items():
            for one in value if isinstance(value, list) else [value]:
                yield f"--{section}.{name}"
                yield str(one).lower() if isinstance(one, bool) else str(one)
