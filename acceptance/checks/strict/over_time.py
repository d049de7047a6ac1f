"""Behaviour over time: slow, stalled, half-closed and vanished peers, refused bodies, pipelining, early answers."""
import concurrent.futures

from rawcaller import NoAnswer

from . import page
from .scenes import Unexpected
from .seen_scenes import ALONE, SEEN
from .unseen_scenes import UNSEEN


def run(table, gate, vendor):
    vendor.take()
    together(table, {name: (rule, scene) for rule, scenes in UNSEEN.items() for name, scene in scenes.items()}, gate, vendor, sent=0)
    seen = vendor.take()
    table.row(page.TIME, "the vendor saw nothing of all these", "bytes and connections", ["all of the above, at once"], "0 bytes, 0 connections",
              f"{len(seen.data)} bytes, {seen.connections} connections", len(seen.data), not seen.data and not seen.connections)
    together(table, {name: (rule, scene) for rule, scenes in SEEN.items() for name, scene in scenes.items()}, gate, vendor, sent=None)
    for name, rule, scene in ALONE:
        together(table, {name: (rule, scene)}, gate, vendor, sent=None)


def together(table, scenes, gate, vendor, sent):
    with concurrent.futures.ThreadPoolExecutor(len(scenes)) as pool:
        running = {name: pool.submit(play, scene, gate, vendor) for name, (_, scene) in scenes.items()}
    for name, (rule, scene) in scenes.items():
        came, held = running[name].result()
        table.row(page.TIME, rule, name, [scene.__doc__.strip()], "as described", came, sent, held)


def play(scene, gate, vendor):
    try:
        return scene(gate, vendor), True
    except (Unexpected, NoAnswer, OSError) as problem:
        return f"{type(problem).__name__}: {problem}", False
