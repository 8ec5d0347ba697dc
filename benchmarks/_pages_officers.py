"""Simulated officers at a console, in a separate locust process: each logs in and opens page after page.

    python _pages_officers.py SECONDS THINK   reads the output of `_pages_node.py`, prints every answer

THINK is the average number of seconds that an officer looks at a page (uniform from 0.5 to 1.5 times of
it); 0 is as fast as possible. Prints JSON: `answers` (page, seconds, bytes as sent, status), `rate`,
`besides` (the bytes of the files that every page links), and `pictures` (the bytes of a page's own
pictures). Sends requests only to the loopback address, and for SECONDS seconds.
"""

import json
import random
import re
import sys
import time
from collections.abc import Iterator
from http.cookiejar import DefaultCookiePolicy
from itertools import count
from typing import Any, ClassVar

import gevent.event
import locust
import requests
from django_otp.oath import totp
from locust.env import Environment

SAMPLES = 20
_CODE_LASTS = 30
_STYLE = re.compile(r'(?:href|src)="(/static/[^"]+\.(?:css|js|svg|png|ico))"')
_PICTURE = re.compile(r'<img[^>]+src="(/static/[^"]+)"')
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def enter(session: requests.Session, console: str, officer: dict[str, str]) -> None:
    """Log in with password and one-time code."""
    session.headers["Referer"] = f"http://{console}/enter/"
    # Browsers treat the loopback address like TLS.
    session.cookies.set_policy(DefaultCookiePolicy(secure_protocols=("http", "https")))
    asked = session.get(f"http://{console}/enter/", timeout=30)
    found = _TOKEN.search(asked.text)
    assert found, "the page to enter has a form"
    words = {
        "username": officer["username"],
        "password": officer["password"],
        "code": f"{totp(bytes.fromhex(officer['key'])):06d}",
        "csrfmiddlewaretoken": found[1],
    }
    answered = session.post(f"http://{console}/enter/", data=words, timeout=30, allow_redirects=False)
    assert answered.status_code == 302, "let in"


class Officer(locust.HttpUser):
    """Opens pages at random with equal probability, after all officers have logged in."""

    said: ClassVar[dict[str, Any]]
    first: ClassVar[requests.Session]
    numbers: ClassVar[Iterator[int]] = count()
    inside: ClassVar[int] = 0
    everybody_in: ClassVar = gevent.event.Event()

    def on_start(self) -> None:
        """Log in and wait for the others: checking a password is expensive and must not slow a page."""
        number, officers = next(self.numbers), self.said["officers"]
        self.chance = random.Random(number)
        enter(self.client, self.said["console"], officers[number])
        Officer.first = self.client
        Officer.inside += 1
        if Officer.inside == len(officers):
            self.everybody_in.set()
        self.everybody_in.wait()

    @locust.task
    def look(self) -> None:
        """Open a page."""
        page = self.chance.choice(list(self.said["pages"]))
        self.client.get(
            self.chance.choice(self.said["pages"][page]), name=page, allow_redirects=False, timeout=60
        )


def look(said: dict[str, Any], seconds: float, think: float) -> list[list[Any]]:
    """Log in all officers, then let them open pages for a time; return every answer."""
    Officer.said = said
    Officer.host = f"http://{said['console']}"
    Officer.wait_time = locust.between(think * 0.5, think * 1.5)
    answers: list[list[Any]] = []

    def answered(*, name: str, response_time: float, response: requests.Response, **_: object) -> None:
        if name in said["pages"]:
            size = int(response.headers.get("Content-Length", 0))
            answers.append([name, response_time / 1000, size, response.status_code])

    environment = Environment(user_classes=[Officer])
    environment.events.request.add_listener(answered)
    runner = environment.create_local_runner()
    runner.start(len(said["officers"]), spawn_rate=len(said["officers"]))
    Officer.everybody_in.wait()
    gevent.sleep(seconds)
    runner.quit()
    return answers


def sent(session: requests.Session, address: str) -> int:
    """Return the number of bytes sent for an address."""
    return len(session.get(address, timeout=30, stream=True).raw.read(decode_content=False))


def pictures(session: requests.Session, console: str, addresses: list[str]) -> int:
    """Return the largest number of bytes of a page's own pictures."""
    most = 0
    for address in addresses[:SAMPLES]:
        linked = _PICTURE.findall(session.get(f"http://{console}{address}", timeout=30).text)
        most = max(most, sum(sent(session, f"http://{console}{each}") for each in linked))
    return most


def main(seconds: float, think: float) -> None:
    """Open pages, then measure the bytes of their linked files."""
    said = json.load(sys.stdin)
    # A code is valid once: an account that logged in during the run before must wait for the next code.
    time.sleep(_CODE_LASTS - time.time() % _CODE_LASTS)
    answers = look(said, seconds, think)
    first, console = Officer.first, said["console"]
    linked = set(_STYLE.findall(requests.get(f"http://{console}/enter/", timeout=30).text))
    besides = sum(sent(first, f"http://{console}{each}") for each in sorted(linked))
    own = {name: pictures(first, console, addresses) for name, addresses in said["pages"].items()}
    rate = len(answers) / seconds
    print(json.dumps({"answers": answers, "rate": rate, "besides": besides, "pictures": own}))


if __name__ == "__main__":
    main(float(sys.argv[1]), float(sys.argv[2]))
