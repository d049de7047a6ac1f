from . import page


def run(table, gate, vendor):
    pass
