"""Word and PDF files and zip archives -> text, with bounds on what is unpacked.

Nothing in them is ever run.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from geomap.errors import DocumentError, MissingExtraError

LARGEST: Final = 100_000_000  # bytes, unpacked
MOST_FILES: Final = 5_000
_MOST_PACKED: Final = 200  # times; text packs ten times at best, a bomb thousands


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
    try:
        told = docx.Document(io.BytesIO(raw))
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DocumentError(
            name, f"it is no Word file that can be read ({error}); save it as .docx or .txt"
        ) from error
    parts = []
    for block in told.iter_inner_content():
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
        from pypdf.errors import PyPdfError
    except ImportError as error:
        raise MissingExtraError("pypdf", "documents") from error
    try:
        reader = pypdf.PdfReader(io.BytesIO(raw))
        locked = reader.is_encrypted and not reader.decrypt("")
        text = "" if locked else "\n\n".join(page.extract_text() for page in reader.pages)
    except (
        PyPdfError,
        ValueError,
        KeyError,
        TypeError,
        RecursionError,
        AttributeError,
        OSError,
    ) as error:
        raise DocumentError(
            name, f"the PDF cannot be read ({type(error).__name__}: {str(error)[:80]})"
        ) from error
    if locked:
        raise DocumentError(name, "the PDF is encrypted; save a copy without a password")
    if not text.strip():
        raise DocumentError(name, "the PDF holds no text, only pictures; recognise its text first")
    return text


def members_of_zip(name: str, raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of the files in an archive; folders and hidden files are left out.

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
            yield base, archive.read(info)
        except (zipfile.BadZipFile, OSError, EOFError) as error:
            raise DocumentError(f"{name}/{base}", f"it is damaged ({error})") from error


def _check_archive(name: str, raw: bytes) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
    except (zipfile.BadZipFile, ValueError) as error:
        raise DocumentError(
            name, "it is no archive that can be read; it may be damaged or protected by a password"
        ) from error
    files = archive.infolist()
    size = sum(info.file_size for info in files)
    if len(files) > MOST_FILES or size > LARGEST or size > _MOST_PACKED * max(len(raw), 10_000):
        raise DocumentError(
            name,
            f"it would unpack to {len(files):,} files of {size:,} bytes; at most {MOST_FILES:,}"
            f" files of {LARGEST:,} bytes are read",
        )
    if any(info.flag_bits & 1 for info in files):
        raise DocumentError(name, "the archive is encrypted; pack it without a password")
    return archive
