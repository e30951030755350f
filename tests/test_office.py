from __future__ import annotations

import io
import zipfile

import pytest

from geomap.errors import DocumentError
from geomap.model import Document
from geomap.text.office import members_of_zip, text_of_docx, text_of_pdf
from geomap.text.reading import read_documents

docx = pytest.importorskip("docx", reason="the extra 'documents' is not installed")
pypdf = pytest.importorskip("pypdf", reason="the extra 'documents' is not installed")


def word(*paragraphs: str) -> bytes:
    made = docx.Document()
    for text in paragraphs:
        made.add_paragraph(text)
    made.add_table(1, 2).rows[0].cells[0].text = "in a table"
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def pdf(text: str, password: str = "") -> bytes:
    """Return a PDF of one page with one line of text."""
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        (
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1"
            b" 5 0 R>>>>>>"
        ),
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % at for at in places)
    out += (
        b"xref\n0 6\n0000000000 65535 f \n"
        + table
        + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(out))
    )
    if not password:
        return out
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(out))
    writer.encrypt(password, algorithm="RC4-128")
    locked = io.BytesIO()
    writer.write(locked)
    return locked.getvalue()


def packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_word_and_pdf_give_their_text():
    assert (
        text_of_docx("a.docx", word("People fled Goma.", "They went to Bukavu."))
        == "People fled Goma.\nThey went to Bukavu.\nin a table\t"
    )
    assert "People fled Goma" in text_of_pdf("a.pdf", pdf("People fled Goma."))


@pytest.mark.parametrize(
    ("read", "content", "told"),
    [
        (text_of_pdf, pdf("secret", "password"), "encrypted"),
        (text_of_pdf, pdf(""), "no text, only pictures"),
        (text_of_pdf, b"%PDF-1.4 broken", "cannot be read"),
        (text_of_pdf, b"", "cannot be read"),
        (text_of_docx, b"PK broken", "no archive"),
        (text_of_docx, packed({"a.txt": b"x"}), "no Word file"),
        (text_of_docx, packed({"word/document.xml": b"0" * 50_000_000}), "would unpack"),
    ],
)
def test_what_cannot_be_read_is_told(read, content, told):
    with pytest.raises(DocumentError, match=told):
        read("file", content)


def test_an_archive_gives_its_texts_and_names_what_it_holds_besides(tmp_path):
    path = tmp_path / "pack.zip"
    path.write_bytes(
        packed(
            {
                "a/one.txt": b"People fled Goma.",
                "__MACOSX/one.txt": b"x",
                "two.docx": word("They went to Bukavu."),
                "three.exe": b"x",
                "inner.zip": packed({"x.txt": b"x"}),
            }
        )
    )
    found = list(read_documents(str(path)))
    assert [d.id for d in found if isinstance(d, Document)] == ["one", "two"]
    assert sorted(d.source for d in found if isinstance(d, DocumentError)) == [
        "pack.zip/inner.zip",
        "pack.zip/three.exe",
    ]


def test_an_archive_that_unpacks_to_too_much_is_not_opened():
    with pytest.raises(DocumentError, match="would unpack to 1 files of 60,000,000 bytes"):
        list(members_of_zip("bomb.zip", packed({"a.txt": b"0" * 60_000_000})))
    with pytest.raises(DocumentError, match="would unpack to 5,001 files"):
        list(members_of_zip("many.zip", packed({f"{n}.txt": b"" for n in range(5001)})))
