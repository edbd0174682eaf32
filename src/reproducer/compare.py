"""Which words are wrong? Compares buffers after a run with what must be in them.

    python3 compare.py                   what the device left (NAME.got.bin)
    python3 compare.py y=mine.bin        another run's words of the buffer y

Needs numpy. report.md describes the files.
"""
import json
import os
import sys

import numpy as np

FOLDER = os.path.dirname(os.path.abspath(__file__))


def words(name):
    return np.fromfile(name, "<u4")


def own(file):
    return words(os.path.join(FOLDER, file["file"]))


def right(got, expected):
    """Which words are what they must be; `expected` has four words for each."""
    kind, a, b, _ = expected.T
    bound = a.copy().view("<f4").astype("f8")
    value = expected[:, 2:].copy().view("<f8")[:, 0]
    number = got.view("<f4").astype("f8")
    with np.errstate(invalid="ignore"):
        near = np.abs(number - value) <= bound
    kinds = [
        got == a,  # 0: these bits
        near,  # 1: an f32 within a bound of a value
        near | (number == 0),  # 2: as near, or zero
        (got == a) | (got == b),  # 3: one of two words
        (a <= got) & (got <= b),  # 4: an integer in a range
        np.full(got.shape, True),  # 5: anything
    ]
    return np.choose(kind.astype(int), kinds)


def main():
    with open(os.path.join(FOLDER, "case.json"), encoding="utf-8") as file:
        case = json.load(file)
    given = dict(argument.split("=", 1) for argument in sys.argv[1:])
    all_wrong = 0
    for binding in case["bindings"]:
        name = binding["name"]
        if name in given:
            got = words(given[name])
        elif binding["got"] and not given:
            got = own(binding["got"])
        else:
            continue
        if len(got) != binding["words"]:
            sys.exit(f"{name} has {binding['words']} words, not {len(got)}")
        if binding["expected"]:
            fine = right(got, own(binding["expected"]).reshape(-1, 4))
        else:
            fine = got == own(binding["input"])
        wrong = np.flatnonzero(~fine)
        all_wrong += len(wrong)
        shown = ", ".join(f"{name}[{i}] = {got[i]:#010x}" for i in wrong[:4])
        print(f"{name}: {len(wrong)} of {len(got)} words are wrong", shown)
    sys.exit(all_wrong > 0)


main()
