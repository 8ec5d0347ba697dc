"""The log: standard error alone, keys of a table alone, and nobody's values by whatever way they come."""

import json
import logging
import subprocess
import sys
import threading
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.error import HTTPError

import pytest
import structlog
from cheroot.wsgi import Server
from django.test import Client

from renkei.agreement.errors import RenkeiError
from renkei.node import init, logs

MARK = "QXMARKED"
ADDRESS = f"/no/such/?name={MARK}"


@pytest.fixture
def said(capsys, monkeypatch) -> Iterator[Callable[[], list[dict]]]:
    """Log as a node does; gives the lines, after nothing was found on standard output or of the mark."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        logs.configure("INFO")

        def read() -> list[dict]:
            written = capsys.readouterr()
            assert written.out == ""
            assert MARK not in written.err
            return [json.loads(line) for line in written.err.splitlines()]

        yield read
    root.handlers[:], level = before
    root.setLevel(level)
    structlog.reset_defaults()


def fail(fault: Exception) -> None:
    raise fault


def logged(fault: Exception) -> None:
    try:
        fail(fault)
    except Exception:
        structlog.get_logger().exception("broken")


def test_a_key_of_the_table_is_told_and_any_other_only_named(said):
    structlog.get_logger().info("serving", what="console", name=MARK, kanji=f"{MARK}2")

    (line,) = said()
    assert line.pop("timestamp")
    assert line == {"event": "serving", "level": "info", "what": "console", "dropped": ["kanji", "name"]}


@pytest.mark.parametrize(
    ("event", "fields", "dropped"),
    [
        (f"taken in {MARK}", {}, ["event"]),
        ("taken_in", {"step": f"2026-11-24 {MARK}"}, ["step"]),
        ("taken_in", {"where": f"take:{MARK}"}, ["where"]),
        ("taken_in", {"reason": f"{MARK} is not a file"}, ["reason"]),
        ("taken_in", {"trouble": [MARK]}, ["trouble"]),
        ("taken_in", {"record": MARK}, ["record"]),
        ("taken_in", {f"{MARK} of a row": 1}, ["?"]),
    ],
)
def test_a_known_key_holds_only_what_it_may(said, event, fields, dropped):
    structlog.get_logger().info(event, **fields)

    assert said()[0]["dropped"] == dropped


def test_a_fault_is_told_by_class_and_place_with_what_led_to_it(said):
    try:
        try:
            fail(KeyError(MARK))
        except KeyError as cause:
            raise ValueError(f"not a date: {MARK}") from cause
    except ValueError:
        structlog.get_logger().exception("broken")

    (line,) = said()
    assert [each["fault"] for each in line["faults"]] == ["ValueError", "KeyError"]
    assert line["faults"][1]["places"][-1].startswith("tests/node/test_logs.py:")
    assert line["faults"][1]["places"][-1].endswith(" fail")
    assert all("says" not in each for each in line["faults"])


def test_a_fault_of_our_own_speaks(said):
    logged(RenkeiError("Do this instead.", "こうしてください。"))

    assert said()[0]["faults"][0]["says"] == "Do this instead."


@pytest.mark.parametrize(
    ("call", "template"),
    [
        (lambda log: log.warning("read %s", MARK), "read %s"),
        (lambda log: log.warning("read %(name)s", {"name": MARK}), "read %(name)s"),
        (lambda log: log.warning(f"read {MARK[:]}"), None),
        (lambda log: log.warning(f"read {MARK[:]} %s", MARK), None),
        (lambda log: log.warning(MARK[:].join("()")), None),
        (lambda log: log.log(35, "read %s", MARK), "read %s"),
        (lambda log: log.warning("read", extra={"name_of_row": MARK}), "read"),
        (lambda log: log.warning("read", stack_info=True), "read"),
    ],
)
def test_a_librarys_line_tells_its_template_and_nothing_filled_in(said, call, template):
    call(logging.getLogger("some.library"))

    (line,) = said()
    assert (line["event"], line["logger"], line["level"]) == ("said", "some.library", "warning")
    assert line["place"].startswith("tests/node/test_logs.py:")
    assert line.get("template") == template


def test_a_librarys_fault_is_told_as_ours_are(said):
    try:
        fail(ValueError(MARK))
    except ValueError:
        logging.getLogger("some.library").exception("broken: %s", MARK)

    (line,) = said()
    assert line["faults"][0]["fault"] == "ValueError"


def test_a_warning_tells_its_kind(said):
    warnings.warn(f"{MARK} is deprecated", DeprecationWarning, stacklevel=1)

    assert [(line["event"], line["trouble"]) for line in said()] == [("warned", "DeprecationWarning")]


def broken(request) -> None:
    fail(ValueError(f"{MARK} of a row"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        (f"/broken/?name={MARK}", {}, 500),
        (ADDRESS, {}, 404),
        (f"/{MARK}/", {}, 404),
        (ADDRESS, {"HTTP_HOST": f"{MARK.lower()}.example"}, 400),
        (ADDRESS, {"HTTP_HOST": f"{MARK}:x"}, 400),
    ],
)
def test_a_request_that_goes_wrong_shows_no_address_and_no_text(said, settings, address, headers, status):
    settings.ROOT_URLCONF = "node.broken_urls"
    settings.ALLOWED_HOSTS = ["testserver"]
    answer = Client(raise_request_exception=False).get(address, **headers)

    lines = said()
    assert answer.status_code == status
    assert lines
    assert status in {line.get("status") for line in lines}
    assert {line["logger"].partition(".")[0] for line in lines} == {"django"}


def test_a_server_whose_application_breaks_shows_nothing(said):
    def application(environ, start_response):
        raise ValueError(MARK)

    server = Server(("127.0.0.1", 0), application, numthreads=1)
    server.error_log = logs.of_server
    server.prepare()
    serving = threading.Thread(target=server.serve)
    serving.start()
    try:
        with suppress(HTTPError):
            urllib.request.urlopen(f"http://127.0.0.1:{server.bind_addr[1]}{ADDRESS}", timeout=60)
    finally:
        server.stop()
        serving.join()

    (line,) = said()
    assert (line["event"], line["faults"][0]["fault"]) == ("connection_trouble", "ValueError")


@pytest.mark.parametrize(
    ("code", "event", "faults"),
    [
        ("raise ValueError(MARK)", "stopped", ["ValueError"]),
        (
            "import threading; threading.Thread(target=int, args=(MARK,)).start()",
            "thread_stopped",
            ["ValueError"],
        ),
        ("class A:\n    def __del__(self): raise ValueError(MARK)\nA()", "left_behind", ["ValueError"]),
        ("import logging; logging.warning('read %d', MARK)", "said", []),  # what does not fit is not tried
    ],
)
def test_what_nobody_catches_is_told_without_its_text(tmp_path, code, event, faults):
    init.make(tmp_path / "node", "isa")
    begin = (
        "import sys; from pathlib import Path; from renkei.node.start import start; start(Path(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{begin}\nMARK = {MARK!r}\n{code}", str(tmp_path / "node")],
        capture_output=True,
        text=True,
    )

    (line,) = map(json.loads, done.stderr.splitlines())
    assert done.stdout == ""
    assert (line["event"], [each["fault"] for each in line.get("faults", ())]) == (event, faults)
    assert MARK not in done.stderr
