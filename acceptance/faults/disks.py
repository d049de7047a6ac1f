"""Real file systems that are full or become read-only. Needs root, and a kernel that lets it mount; without, it says so."""


def kinds(context):
    return []
