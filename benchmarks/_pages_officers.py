"""Officers at a console, in a process of their own: each enters, and opens one page after another.

    python _pages_officers.py SECONDS THINK   reads what `_pages_node.py` printed, prints every answer

THINK is how many seconds an officer looks at a page, on average (evenly from half to one and a half times); 0
is as fast as it goes. Prints JSON: `answers` (page, seconds, bytes as sent, status), `rate`, `besides`, the
bytes of what every page links, and `pictures`, those of a page's own. Asks the loopback alone, for so many
seconds and no longer.
"""

import json
import random
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from django_otp.oath import totp

SAMPLES = 20
_CODE_LASTS = 30
_STYLE = re.compile(r'(?:href|src)="(/static/[^"]+\.(?:css|js|svg|png|ico))"')
_PICTURE = re.compile(r'<img[^>]+src="(/static/[^"]+)"')
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def enter(console: str, officer: dict[str, str]) -> requests.Session:
    """Enter with password and one-time code, as the form asks."""
    session = requests.Session()
    session.headers["Referer"] = f"http://{console}/enter/"
    # The loopback is as good as TLS, to a browser too.
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
    return session


def look(session: requests.Session, said: dict[str, Any], seconds: float, think: float, seed: int) -> list:
    """Open pages until the time is over; every page as often as every other."""
    chance = random.Random(seed)
    names, answers = list(said["pages"]), []
    over = time.perf_counter() + seconds
    while time.perf_counter() < over:
        name = chance.choice(names)
        address = chance.choice(said["pages"][name])
        began = time.perf_counter()
        answer = session.get(
            f"http://{said['console']}{address}", timeout=60, allow_redirects=False, stream=True
        )
        size = len(answer.raw.read(decode_content=False))
        answers.append([name, time.perf_counter() - began, size, answer.status_code])
        if think:
            time.sleep(think * chance.uniform(0.5, 1.5))
    return answers


def sent(session: requests.Session, address: str) -> int:
    """How many bytes come for an address, as they are sent."""
    return len(session.get(address, timeout=30, stream=True).raw.read(decode_content=False))


def pictures(session: requests.Session, console: str, addresses: list[str]) -> int:
    """How many bytes of pictures a page brings of its own, at most."""
    most = 0
    for address in addresses[:SAMPLES]:
        linked = _PICTURE.findall(session.get(f"http://{console}{address}", timeout=30).text)
        most = max(most, sum(sent(session, f"http://{console}{each}") for each in linked))
    return most


def main(seconds: float, think: float) -> None:
    """Let all officers in, and then look at once."""
    said = json.load(sys.stdin)
    # A code counts once: whoever entered in the run before this waits for the next.
    time.sleep(_CODE_LASTS - time.time() % _CODE_LASTS)
    sessions = [enter(said["console"], officer) for officer in said["officers"]]
    began = time.perf_counter()
    with ThreadPoolExecutor(len(sessions)) as threads:
        looking = [
            threads.submit(look, session, said, seconds, think, seed) for seed, session in enumerate(sessions)
        ]
        answers = [answer for each in looking for answer in each.result()]
    rate = len(answers) / (time.perf_counter() - began)
    first, console = sessions[0], said["console"]
    linked = set(_STYLE.findall(requests.get(f"http://{console}/enter/", timeout=30).text))
    besides = sum(sent(first, f"http://{console}{each}") for each in sorted(linked))
    own = {name: pictures(first, console, addresses) for name, addresses in said["pages"].items()}
    print(json.dumps({"answers": answers, "rate": rate, "besides": besides, "pictures": own}))


if __name__ == "__main__":
    main(float(sys.argv[1]), float(sys.argv[2]))
