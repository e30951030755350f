"""The dashboard serves its own user: however it is started, and until the page is closed."""

from __future__ import annotations

import ast
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_dashboard import PAGES, free_port, settled

pytest.importorskip("streamlit")

from geomap.pages import visits
from geomap.pages.say import literal
from geomap.pages.server import HOSTS, admitted

ROOT = Path(__file__).parents[1]
PAGES_FOLDER = ROOT / "geomap" / "pages"

# Who is let in


def asked(host: str, **headers: str) -> bool:
    told = [("host", host), *((k.replace("_", "-"), v) for k, v in headers.items())]
    return admitted(told, HOSTS)


@pytest.mark.parametrize(
    ("host", "headers"),
    [
        ("127.0.0.1:8501", {}),
        ("localhost:8501", {}),
        ("LocalHost", {}),
        ("[::1]:8501", {}),
        ("127.0.0.1:8501", {"origin": "http://127.0.0.1:8501"}),
        ("localhost:8501", {"origin": "http://localhost:8501", "sec_fetch_site": "same-origin"}),
        (
            "localhost:8501",
            {
                "sec_fetch_site": "cross-site",
                "sec_fetch_mode": "navigate",
                "sec_fetch_dest": "document",
            },
        ),
    ],
)
def test_own_pages_and_links_to_them_are_let_in(host, headers):
    assert asked(host, **headers)


@pytest.mark.parametrize(
    ("host", "headers"),
    [
        ("evil.example", {}),
        ("evil.example:8501", {"origin": "http://evil.example:8501"}),
        ("127.0.0.1.evil.example", {}),
        ("127.0.0.1:8501@evil.example", {}),
        ("evil.example#127.0.0.1", {}),
        ("127.0.0.1:x", {}),
        ("", {}),
        ("127.0.0.1:8501", {"origin": "http://evil.example"}),
        ("127.0.0.1:8501", {"origin": "http://127.0.0.1:9999"}),
        ("127.0.0.1:8501", {"origin": "http://localhost:8501"}),
        ("127.0.0.1:8501", {"origin": "null"}),
        ("127.0.0.1:8501", {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors"}),
        (
            "127.0.0.1:8501",
            {
                "sec_fetch_site": "same-site",
                "sec_fetch_mode": "navigate",
                "sec_fetch_dest": "iframe",
            },
        ),
    ],
)
def test_other_hosts_and_pages_are_refused(host, headers):
    assert not asked(host, **headers)


def test_a_request_with_two_hosts_or_none_is_refused():
    assert not admitted([("host", "127.0.0.1"), ("host", "127.0.0.1")], HOSTS)
    assert not admitted([], HOSTS)


# A server, started both ways, in a folder whose settings would undo ours

SPY = """
import os, socket
def told(kind, where):
    with open(os.environ["GEOMAP_SPY"], "a", encoding="utf-8") as out:
        out.write(f"{kind} {where}\\n")
find, join = socket.getaddrinfo, socket.socket.connect
def getaddrinfo(host, *rest, **more):
    told("look-up", host)
    return find(host, *rest, **more)
class Spied(socket.socket):
    def connect(self, address):
        told("connect", address)
        return join(self, address)
socket.getaddrinfo, socket.socket = getaddrinfo, Spied
"""
STARTS = {
    "geomap dashboard": [sys.executable, "-m", "geomap", "dashboard", "--headless", "--port"],
    "streamlit run dashboard.py": [
        *(sys.executable, "-m", "streamlit", "run", str(ROOT / "dashboard.py")),
        *("--server.headless", "true", "--server.disconnectedSessionTTL", "1", "--server.port"),
    ],
}


@pytest.fixture(scope="module", params=STARTS)
def started(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("started")
    (folder / "spy").mkdir()
    (folder / "spy" / "sitecustomize.py").write_text(SPY)
    (folder / "temporary").mkdir()
    (folder / ".streamlit").mkdir()
    (folder / ".streamlit" / "config.toml").write_text(
        '[server]\naddress = "0.0.0.0"\nallowedHosts = ["*"]\nenableCORS = false\n'
        "[client]\nshowErrorLinks = true\n"
        + ('baseUrlPath = "foo"\n' if "geomap" in request.param else "")
    )
    if "geomap" in request.param:  # `python -m streamlit` itself looks into the folder
        for name in ("click", "streamlit"):
            (folder / f"{name}.py").write_text(f"open('{folder}/RAN', 'w').close()\n")
    port = free_port()
    process = subprocess.Popen(
        [*STARTS[request.param], str(port)],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": f"{folder / 'spy'}{os.pathsep}{ROOT}",
            "GEOMAP_SPY": str(folder / "asked"),
            "TMPDIR": str(folder / "temporary"),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for _ in range(240):
        if process.poll() is None and b"200 OK" in answer(port, "/_stcore/health"):
            break
        time.sleep(0.25)
    yield process, port, folder
    if process.poll() is None:
        # Not killed, for then it could not remove its unsaved cases.
        process.terminate()
        process.wait(timeout=20)


def answer(port: int, path: str, host: str = "", **headers: str) -> bytes:
    """Return the answer to one request, made by hand for any headers."""
    told = {"Host": host or f"127.0.0.1:{port}", "Connection": "close", **headers}
    lines = "".join(f"{k.replace('_', '-')}: {v}\r\n" for k, v in told.items())
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            line.sendall(f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode())
            return line.recv(65_536)
    except OSError:
        return b""


def status(port: int, path: str = "/", host: str = "", **headers: str) -> int:
    return int(answer(port, path, host, **headers).split(b" ", 2)[1])


def shake(port: int, host: str, **headers: str) -> int:
    """Return the status of a WebSocket's opening, 101 when it is open."""
    return status(
        port,
        "/_stcore/stream",
        host,
        Upgrade="websocket",
        Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==",
        Sec_WebSocket_Version="13",
        **{"Connection": "Upgrade", **headers},
    )


def test_a_websocket_opens_for_the_own_page_and_for_no_other(started):
    _, port, folder = started
    own = f"127.0.0.1:{port}"
    assert shake(port, own, Origin=f"http://{own}") == 101
    assert shake(port, f"localhost:{port}", Origin=f"http://localhost:{port}") == 101
    assert shake(port, "evil.example", Origin="http://evil.example") == 403
    assert shake(port, f"evil.example:{port}", Origin=f"http://evil.example:{port}") == 403
    assert shake(port, own, Origin="http://evil.example") == 403
    assert shake(port, own, Origin="http://127.0.0.1:9999") == 403
    assert shake(port, own, Origin="null") == 403
    assert outside(folder) == []


def outside(folder: Path) -> list[str]:
    """Return whom the server looked up or joined but itself."""
    spied = folder / "asked"
    lines = spied.read_text(encoding="utf-8").splitlines() if spied.exists() else []
    inside = re.compile(r"look-up (127\.0\.0\.1|localhost|None)|connect (\('127\.0\.0\.1'|/)")
    return [line for line in lines if not inside.match(line)]


def test_a_page_is_given_to_own_hosts_with_headers_that_shut_others_out(started):
    _, port, _ = started
    assert status(port, "/", "evil.example") == 403
    assert status(port, "/_stcore/health", Origin="http://evil.example") == 403
    told = answer(port, "/").decode("latin-1").casefold()
    assert "\r\nx-frame-options: deny" in told
    assert "\r\nx-content-type-options: nosniff" in told
    assert "\r\nreferrer-policy: no-referrer" in told
    (policy,) = re.findall(r"\r\ncontent-security-policy: (.*?)\r\n", told)
    assert "frame-ancestors 'none'" in policy
    scripts = re.search(r"script-src (.*?);", policy)[1]
    assert "unsafe" not in scripts
    assert "http" not in scripts


def test_nothing_that_lies_in_the_folder_it_is_started_in_is_run(started):
    process, port, folder = started
    assert process.poll() is None
    assert status(port) == 200
    assert not (folder / "RAN").exists()


def test_it_listens_on_this_machine_only_whatever_settings_lie_around(started):
    _, port, _ = started
    told = Path("/proc/net/tcp").read_text().splitlines() if Path("/proc/net/tcp").exists() else []
    ends = [line.split()[1] for line in told[1:] if line.split()[3] == "0A"]
    assert {e.split(":")[0] for e in ends if e.endswith(f":{port:04X}")} <= {"0100007F"}


def test_seven_pages_are_drawn_with_nothing_blocked_and_nobody_asked(started, browser):
    process, port, folder = started
    page = browser.new_page()
    page.set_default_timeout(60_000)
    own = (f"http://127.0.0.1:{port}/", f"ws://127.0.0.1:{port}/", "data:", "blob:", "about:")
    wrong: list[str] = []
    page.on("console", lambda m: wrong.append(m.text) if "Security Policy" in m.text else None)
    page.on("request", lambda r: None if r.url.startswith(own) else wrong.append(r.url))
    for path in PAGES:
        page.goto(f"http://127.0.0.1:{port}/{path}")
        settled(page)
        if not path:
            frame = page.frame_locator("iframe[title^='Map of events']")
            frame.locator("[data-drawn]").wait_for()
    kept = list((folder / "temporary").rglob("case.gpkg"))
    assert kept
    assert {oct(p.stat().st_mode & 0o777) for p in kept} == {"0o600"}
    page.close()
    assert (wrong, outside(folder)) == ([], [])
    if "streamlit" in " ".join(process.args):
        assert gone(process, folder, within=20)


def gone(process: subprocess.Popen, folder: Path, within: float) -> bool:
    """Tell whether, in that time, all cases are removed and none is held open."""
    for _ in range(int(within * 4)):
        held = [
            end for fd in Path(f"/proc/{process.pid}/fd").glob("*") if "gpkg" in (end := target(fd))
        ]
        if not held and not list((folder / "temporary").glob("geomap-*")):
            return True
        time.sleep(0.25)
    return False


def target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""


def test_a_server_stopped_in_the_midst_of_a_visit_leaves_no_case_behind(started, browser):
    process, port, folder = started
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{port}/")
    while not list((folder / "temporary").glob("geomap-*/*")):
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) in {0, -signal.SIGTERM}
    assert list((folder / "temporary").glob("geomap-*")) == []
    page.close()


# Visits


@pytest.fixture
def two_visits(monkeypatch):
    kept = {name: visits.Visit() for name in ("a", "b")}
    monkeypatch.setattr(visits, "_VISITS", kept)
    yield kept
    for visit in kept.values():
        visit.end()


def test_a_visit_is_over_when_nobody_came_back_in_time(two_visits):
    left: dict[str, float] = {}
    here = {"a", "b"}
    assert visits._over(left, 20, lambda: 0.0, here.__contains__) == []
    here.discard("a")
    assert visits._over(left, 20, lambda: 1.0, here.__contains__) == []
    here.add("a")
    assert visits._over(left, 20, lambda: 15.0, here.__contains__) == []
    here.discard("a")
    assert visits._over(left, 20, lambda: 20.0, here.__contains__) == []
    assert visits._over(left, 20, lambda: 40.0, here.__contains__) == ["a"]


def test_a_visit_is_private_and_leaves_nothing(two_visits):
    from geomap.geoparser import Geoparser, default_gazetteer

    visit = two_visits["a"]
    made = visit.use(visit.unsaved(Geoparser(default_gazetteer())))
    assert oct(visit.folder.stat().st_mode & 0o777) == "0o700"
    assert oct(made.path.stat().st_mode & 0o777) == "0o600"
    visit.end()
    assert not visit.folder.exists()
    with pytest.raises(Exception, match="closed"):
        made.info()


# Words that are not ours


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words 12", "plain words 12"),
        ("bomb.zip: it", "bomb&#46;zip&#58; it"),
        ("# a\n\n    b", "&#35; a      b"),
        (":material/map:", "&#58;\u2060material&#47;map&#58;"),
        ("https://a", "https&#58;\u2060&#47;&#47;a"),
        ("www.a b@c", "www\u2060&#46;a b&#64;\u2060c"),
        ("a->b", "a&#45;\u2060&#62;b"),
    ],
)
def test_no_sign_of_markdown_is_left(text, shown):
    assert literal(text) == shown


# What draws Markdown: the place of its text among the arguments.
MARKDOWN = dict.fromkeys(
    "markdown caption write error warning info success title header subheader button radio metric"
    " form_submit_button download_button selectbox multiselect text_input text_area number_input"
    " date_input slider checkbox toggle expander popover segmented_control pills file_uploader"
    " toast spinner status link_button page_link badge feedback".split(),
    0,
) | {"progress": 1}
OPTIONS = {"radio", "segmented_control", "pills"}


def ours(node: ast.AST) -> bool:
    """Tell whether an expression is a constant, numbers in one, or words shown as they are."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.Name):
        return node.id.isupper()
    if isinstance(node, ast.IfExp):
        return ours(node.body) and ours(node.orelse)
    if isinstance(node, ast.JoinedStr):
        return all(map(ours, node.values))
    if isinstance(node, ast.FormattedValue):
        numeric = node.format_spec is not None
        return numeric or ours(node.value)
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
        return name in {"literal", "len", "sum"}
    return False


def formatted(call: ast.Call) -> bool:
    """Tell whether options are constants of a table, or shown as they are."""
    told = [ast.unparse(k.value) for k in call.keywords if k.arg == "format_func"]
    return any("literal" in how or how.startswith("_LEVELS.") for how in told)


@pytest.mark.parametrize("path", sorted(PAGES_FOLDER.glob("*.py")), ids=lambda p: p.name)
def test_streamlit_is_given_constants_numbers_and_what_is_shown_as_it_is(path):
    wrong = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        name, of = node.func.attr, node.func.value
        if name not in MARKDOWN or (isinstance(of, ast.Name) and of.id == "say"):
            continue
        texts = [*node.args[MARKDOWN[name] : MARKDOWN[name] + 1]]
        texts += [k.value for k in node.keywords if k.arg in {"help", "label", "text", "body"}]
        wrong += [f"{node.lineno}: {ast.unparse(t)}" for t in texts if not ours(t)]
        if name in OPTIONS and not (isinstance(node.args[1], ast.List) or formatted(node)):
            wrong.append(f"{node.lineno}: options of {name} are Markdown")
    assert wrong == []
