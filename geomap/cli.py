"""The command line: geomap parse | map | export | gazetteer | evaluate | dashboard."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geomap.geoparser import Geoparser
    from geomap.model import Parsed

OK, FAILED = 0, 1
_EPILOG = (
    "exit codes: 0 done, 1 nothing could be done (or, with --strict, a document failed), 2 the"
    " command line is off"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors are one line on stderr."""
    options = _parser().parse_args(argv)
    from geomap.errors import GeomapError

    try:
        code: int = options.run(options)
    except BrokenPipeError:
        # The reader of a pipe has seen enough; nothing more is written, also not while Python shuts
        # down.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except (GeomapError, OSError) as error:
        sys.stderr.write(f"geomap: {' '.join(str(error).split())}\n")
        return FAILED
    return code


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
        command = commands.add_parser(
            name, help=text, description=text.capitalize() + ".", epilog=_EPILOG
        )
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
    evaluation = commands.add_parser("evaluate", help="score the geoparser on an annotated corpus")
    evaluation.add_argument("corpus", type=Path, metavar="CORPUS.jsonl")
    evaluation.add_argument("--gold-spans", action="store_true", help="resolve the annotated spans")
    evaluation.add_argument(
        "--no-demonyms",
        action="store_true",
        help="for a corpus that does not annotate names of peoples",
    )
    evaluation.add_argument(
        "--calibration", action="store_true", help="also how often each score was right"
    )
    evaluation.add_argument(
        "--errors",
        action="store_true",
        help="also what went wrong: the commonest names, then each error with its words",
    )
    evaluation.set_defaults(run=_evaluate)
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
    return Geoparser(demonyms=not options.no_demonyms, bias=options.bias)


def _results(
    options: argparse.Namespace, failures: list[str]
) -> Iterator[tuple[Parsed | None, str, Exception | None]]:
    """Yield result, id and error of every document.

    Each failure is one line on stderr and the batch goes on.
    """
    from dataclasses import replace

    from geomap.errors import DocumentError, GeomapError
    from geomap.model import read_date
    from geomap.text.reading import read_documents

    parser = _geoparser(options)
    day = read_date(options.published) if options.published else None
    for doc in _progress(read_documents(options.source), quiet=options.quiet):
        if isinstance(doc, DocumentError):
            failures.append(str(doc))
            sys.stderr.write(f"geomap: skipped {doc}\n")
            yield None, doc.source, doc
            continue
        try:
            parsed = parser.parse(replace(doc, published=doc.published or day))
        except GeomapError as error:
            failures.append(str(error))
            sys.stderr.write(f"geomap: skipped {doc.id}: {error}\n")
            yield None, doc.id, error
            continue
        for warning in parsed.warnings if sys.stderr.isatty() else ():
            sys.stderr.write(f"geomap: {doc.id}: {warning}\n")
        yield parsed, doc.id, None


def _progress(documents: Iterable[Any], *, quiet: bool) -> Iterator[Any]:
    """Pass documents through, with a bar on a terminal."""
    if quiet or not sys.stderr.isatty():
        yield from documents
        return
    from tqdm import tqdm

    yield from tqdm(documents, unit=" documents", leave=False, delay=1.0)


@contextmanager
def _whole(path: str) -> Iterator[IO[str]]:
    """Open a file that appears under its name only when it is whole."""
    target = Path(path)
    if target.is_dir():
        raise IsADirectoryError(f"{target} is a folder; name a file")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {target.parent}")
    handle, part = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            yield file
        Path(part).chmod(0o644)
        Path(part).replace(target)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def _parse(options: argparse.Namespace) -> int:
    from geomap.output import failed_line, to_line

    failures: list[str] = []
    if options.out is None:
        count = 0
        for parsed, _, _ in _results(options, failures):
            if parsed is not None:
                sys.stdout.write(summary(parsed))
                count += 1
        return _code(options, failures, count)
    count = 0
    with _whole(options.out) as file:
        for parsed, ident, error in _results(options, failures):
            line = (
                to_line(parsed)
                if parsed is not None
                else failed_line(ident, error or Exception("unknown"))
            )
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            count += parsed is not None
    return _code(options, failures, count)


def _code(options: argparse.Namespace, failures: Sequence[str], done: int) -> int:
    """Return 0 when something was read.

    1 when nothing could be, or a document failed under --strict.
    """
    if failures:
        sys.stderr.write(f"geomap: {done} documents read, {len(failures)} skipped\n")
    return FAILED if not done or (failures and options.strict) else OK


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

    failures: list[str] = []
    results = [parsed for parsed, _, _ in _results(options, failures) if parsed is not None]
    if results:
        page = to_html(results, title=results[0].document.title or results[0].document.id)
        with _whole(options.out) as file:
            file.write(page)
    return _code(options, failures, len(results))


def _export(options: argparse.Namespace) -> int:
    from geomap.export import write_geojson
    from geomap.frames import to_frames

    failures: list[str] = []
    results = [parsed for parsed, _, _ in _results(options, failures) if parsed is not None]
    if results:
        for path in write_geojson(to_frames(results), options.out):
            sys.stdout.write(f"{path}\n")
    return _code(options, failures, len(results))


def _case_new(options: argparse.Namespace) -> int:
    from geomap.case import Case

    Case.create(options.case, title=options.title).close()
    sys.stdout.write(
        f"{options.case} is ready; add texts with: geomap case add {options.case} FILE\n"
    )
    return OK


def _case_add(options: argparse.Namespace) -> int:
    from geomap.case import Case
    from geomap.case.tables import read_unhcr_flows

    new = known = rows = 0
    failures: list[str] = []
    with Case.open(options.case) as case:
        batches = [
            case.add(_progress(_dated(source, options.published), quiet=options.quiet))
            for source in options.source
        ]
        batches += [case.add_feed(url, allow_private=options.allow_private) for url in options.feed]
        for table in options.unhcr_flows:
            rows += case.add_many_parsed(read_unhcr_flows(table, case.geoparser.gazetteer))
        for done in batches:
            new, known = new + len(done.new), known + len(done.known)
            for source, error in done.failed:
                failures.append(source)
                sys.stderr.write(f"geomap: skipped {source}: {error}\n")
    told = f", {rows} years of flows" if options.unhcr_flows else ""
    sys.stdout.write(f"{new} added, {known} known before, {len(failures)} failed{told}\n")
    return FAILED if (failures and options.strict) or (failures and not (new or known)) else OK


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
        for correction in case.unmatched():
            sys.stderr.write(
                f"geomap: correction {correction.number} names something that is no longer there\n"
            )
    return OK


def _case_export(options: argparse.Namespace) -> int:
    from geomap.case import Case
    from geomap.export import write_geojson

    with Case.open(options.case, readonly=True) as case:
        for path in write_geojson(case.frames(), options.out):
            sys.stdout.write(f"{path}\n")
        if options.corrections:
            target = Path(options.out) / "corrections.jsonl"
            with _whole(str(target)) as file:
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
    from geomap import evaluate
    from geomap.geoparser import Geoparser

    result = evaluate.evaluate(
        options.corpus, Geoparser(demonyms=not options.no_demonyms), gold_spans=options.gold_spans
    )
    lines = [*evaluate.table(result)]
    lines += evaluate.calibration_table(result) if options.calibration else []
    lines += evaluate.commonest(result.errors, 20) if options.errors else []
    sys.stdout.write("\n".join(lines) + "\n")
    return OK


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
    command = [
        sys.executable,
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
    for section in ("server", "browser", "client"):
        for name, value in told[section].items():
            for one in value if isinstance(value, list) else [value]:
                yield f"--{section}.{name}"
                yield str(one).lower() if isinstance(one, bool) else str(one)
