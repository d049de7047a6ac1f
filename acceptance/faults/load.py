"""Callers that go on whatever happens, a subscriber who withdraws now and then, and a vendor that remembers when it got what."""
import collections
import http.client
import json
import threading
import time

from gate import GateError
from people import CONTACTS, consent, contact, now

SENDERS = 6
PERSON, STRANGER = "fault@example.com", "stranger@example.com"


class Recorder:
    """`on_received` of the stand-in vendors: body, promised length, and when."""

    def __init__(self):
        self.lock, self.got = threading.Lock(), []

    def __call__(self, received):
        promised = int(dict((k.lower(), v) for k, v in received.headers).get("content-length", -1))
        with self.lock:
            self.got.append((time.monotonic(), received.body, promised))

    def take(self):
        with self.lock:
            got, self.got = self.got, []
        return got


class Load:
    """Senders until `stop` or the gate is gone. Each answer is kept with when its request began and when it ended."""

    def __init__(self, gate, chance, pause=0.0, senders=SENDERS):
        self.gate, self.pause, self.lock, self.number = gate, pause, threading.Lock(), 0
        self.answers, self.ended = [], threading.Event()
        self.salt = f"{chance.getrandbits(40):x}"
        self.lengths = [chance.randint(1, 60) for _ in range(97)]
        self.threads = [threading.Thread(target=self.send_on, daemon=True) for _ in range(senders)]

    def start(self):
        for thread in self.threads:
            thread.start()
        return self

    def stop(self):
        self.ended.set()
        for thread in self.threads:
            thread.join(15)

    def body(self):
        with self.lock:
            self.number += 1
            number = self.number
        who = STRANGER if number % 11 == 0 else PERSON
        return contact(who, firstname=f"{self.salt}-{number}-" + "n" * self.lengths[number % 97])

    def send_on(self):
        connection = self.gate.connect()
        while not self.ended.is_set():
            began = time.monotonic()
            try:
                answer = self.gate.send("POST", CONTACTS, self.body(), connection=connection)
            except (OSError, http.client.HTTPException):
                connection.close()
                if not self.gate.alive or self.ended.wait(0.05):
                    return
                continue
            with self.lock:
                self.answers.append((began, time.monotonic(), answer))
            if answer.status == 503:
                time.sleep(0.01)
            elif self.pause:
                time.sleep(self.pause)

    def since(self, moment):
        """Answers to requests that began after the moment, strangers' refusals left out."""
        with self.lock:
            return [answer for began, _, answer in self.answers if began > moment and answer.status != 403]

    @property
    def transfers(self):
        with self.lock:
            return [answer.transfer for _, _, answer in self.answers if answer.status == 201]

    @property
    def statuses(self):
        with self.lock:
            return collections.Counter(f"{answer.status} {answer.code}".strip() for _, _, answer in self.answers)


class Withdrawals:
    """One person after the other withdraws; `acknowledged` holds when each import had returned."""

    def __init__(self, place, people, pause=0.05):
        self.place, self.people, self.pause, self.acknowledged = place, people, pause, []
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        for person in self.people:
            try:
                self.place.import_lines("consent", [consent(person, "hubspot", state="withdrawn", at=now())])
            except (GateError, OSError):
                if self.ended.wait(0.2):
                    return
                continue
            self.acknowledged.append((time.monotonic(), person))
            if self.ended.wait(self.pause):
                return

    def start(self):
        self.thread.start()
        return self

    def stop(self):
        self.ended.set()
        self.thread.join(30)


def readiness(gate):
    """Status and parts of /readyz; (0, {}) when nobody answers."""
    connection = http.client.HTTPConnection(*gate.control, timeout=5)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")
    except (OSError, http.client.HTTPException, ValueError):
        return 0, {}
    finally:
        connection.close()
