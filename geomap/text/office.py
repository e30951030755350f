"""Word, PDF and Parquet files and zip archives -> text, with bounds on what is unpacked.

Nothing in them is ever run.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Final

from geomap.errors import DocumentError, MissingExtraError, reading

LARGEST: Final = 100_000_000  # bytes, unpacked
MOST_FILES: Final = 5_000
MOST_PACKED: Final = 200  # times; text packs ten times at best, a bomb thousands
_SMALLEST: Final = 10_000  # bytes; a smaller file may unpack to as much as one of this size
_ROW: Final = 100  # bytes that a row of a table counts at least, so that empty ones are bounded too
_ROWS: Final = 256  # of a table that are unpacked at a time: an article has some 5,000 bytes


def text_of_docx(name: str, raw: bytes) -> str:
    """Return the paragraphs and table cells of a Word file, in order.

    Raises
    ------
    DocumentError
        When it is none, is protected, or unpacks to more than is safe.
    MissingExtraError
        When python-docx is not installed.

    """
    try:
        import docx
    except ImportError as error:
        raise MissingExtraError("python-docx", "documents") from error
    _check_archive(name, raw)
    with reading(name, "it is no Word file that can be read; save it as .docx or .txt"):
        parts = []
        for block in docx.Document(io.BytesIO(raw)).iter_inner_content():
            if hasattr(block, "rows"):
                parts += ["\t".join(cell.text for cell in row.cells) for row in block.rows]
            else:
                parts.append(block.text)
        return "\n".join(parts)


def text_of_pdf(name: str, raw: bytes) -> str:
    """Return the text of a PDF file, page by page.

    Raises
    ------
    DocumentError
        When it is none, is encrypted, or holds only pictures of text.
    MissingExtraError
        When pypdf is not installed.

    """
    try:
        import pypdf
    except ImportError as error:
        raise MissingExtraError("pypdf", "documents") from error
    with reading(name, "open it and save it as a PDF again"):
        reader = pypdf.PdfReader(io.BytesIO(raw))
        if reader.is_encrypted and not reader.decrypt(""):
            raise DocumentError(name, "the PDF is encrypted; save a copy without a password")
        text = "\n\n".join(page.extract_text() for page in reader.pages)
    if not text.strip():
        raise DocumentError(name, "the PDF holds no text, only pictures; recognise its text first")
    return text


def members_of_zip(name: str, raw: bytes) -> Iterator[tuple[str, bytes | DocumentError]]:
    """Yield name and content of the files in an archive; folders and hidden files are left out.

    A file in it that is damaged is yielded with its error.

    Raises
    ------
    DocumentError
        When it is none, is encrypted, or would unpack to more than is safe.

    """
    archive = _check_archive(name, raw)
    for info in archive.infolist():
        base = PurePosixPath(info.filename).name
        if info.is_dir() or base.startswith(".") or info.filename.startswith("__MACOSX"):
            continue
        try:
            with reading(f"{name}/{base}", "it is damaged; pack it again"):
                content: bytes | DocumentError = archive.read(info)
        except DocumentError as error:
            content = error
        yield base, content


def _check_archive(name: str, raw: bytes) -> zipfile.ZipFile:
    mend = "it is no archive; it may be damaged or protected by a password"
    with reading(name, mend):
        archive = zipfile.ZipFile(io.BytesIO(raw))
    files = archive.infolist()
    size = sum(info.file_size for info in files)
    if len(files) > MOST_FILES or size > LARGEST or size > MOST_PACKED * max(len(raw), _SMALLEST):
        raise DocumentError(
            name,
            f"it would unpack to {len(files):,} files of {size:,} bytes; at most {MOST_FILES:,}"
            f" files of {LARGEST:,} bytes are read",
        )
    if any(info.flag_bits & 1 for info in files):
        raise DocumentError(name, "the archive is encrypted; pack it without a password")
    return archive


def rows_of_parquet(
    name: str, file: BinaryIO, columns: Sequence[str]
) -> Iterator[Callable[[], dict[str, Any]]]:
    """Yield what makes each row of a Parquet file, of these columns, without unpacking it whole.

    Raises
    ------
    DocumentError
        When it is none, has no column "text", or unpacks to more than is safe.
    MissingExtraError
        When pyarrow is not installed.

    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError("pyarrow", "parquet") from error
    most = MOST_PACKED * max(file.seek(0, io.SEEK_END), _SMALLEST)
    file.seek(0)
    with reading(name, "it is no Parquet file that can be read; write it again, or as .csv"):
        schema = pq.ParquetFile(file).schema_arrow
        names = schema.names
        if "text" not in names:
            raise DocumentError(name, f"no column 'text'; the columns are {', '.join(names)}")
        # A list in a cell is no text, and may hold more than a file of its size should.
        wanted = [c for c in columns if c in names and not pa.types.is_nested(schema.field(c).type)]
        # A value that stands in many rows is kept once, so that it cannot be packed into a bomb.
        words = [c for c in wanted if schema.field(c).type in {pa.string(), pa.large_string()}]
        table = pq.ParquetFile(file, read_dictionary=words)
        # What the file says of itself. Its columns are not asked one by one: where that is damaged,
        # pyarrow ends the process.
        groups = range(table.metadata.num_row_groups)
        size = sum(table.metadata.row_group(group).total_byte_size for group in groups)
        if size > most:
            raise DocumentError(name, _too_much(size, most))
        size = 0
        for batch in table.iter_batches(_ROWS, columns=wanted):
            cells = [_in_microseconds(pa, batch.column(c)) for c in wanted]
            for at in range(batch.num_rows):
                # What a row would take is known before it is made.
                size += _ROW + sum(_size(column[at]) for column in cells)
                if size > most:
                    raise DocumentError(name, _too_much(size, most))
                yield partial(_row, wanted, cells, at)


def _too_much(size: int, most: int) -> str:
    return (
        f"it unpacks to {size:,} bytes or more; of a file of this size at most {most:,} are read,"
        f" {MOST_PACKED} times what it holds; write it again without repeated or empty text"
    )


def _in_microseconds(pa: Any, column: Any) -> Any:
    """Return a column whose times Python can hold; they are finer than any date of publication."""
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp("us", column.type.tz), safe=False)
    return column


def _size(cell: Any) -> int:
    value = cell.value if hasattr(cell, "dictionary") else cell
    held = value.as_buffer() if value is not None and hasattr(value, "as_buffer") else None
    return len(held) if held is not None else 0


def _row(wanted: Sequence[str], cells: Sequence[Any], at: int) -> dict[str, Any]:
    return {name: column[at].as_py() for name, column in zip(wanted, cells, strict=True)}
