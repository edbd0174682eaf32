"""Reads MNIST's idx files, and what the Python peers' command lines have in common."""

import argparse
import gzip
import json
import os
from pathlib import Path

import numpy

RATE = 0.1
WIDTHS = (784, 128, 64, 10)


def arguments(description: str, modes: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--probe", action="store_true", help="print versions and devices, and train nothing")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--mode", default=modes[0], choices=modes)
    parser.add_argument("--data", default=os.environ.get("UNLEARN_DATA", "."), help="folder with the idx .gz files")
    parser.add_argument("--learners", type=int, default=1)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def load(folder: str, name: str) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Images as [n, 784] from 0 to 1, and labels."""

    def unpacked(kind: str, header: int) -> numpy.ndarray:
        with gzip.open(Path(folder) / f"{name}-{kind}-ubyte.gz") as file:
            return numpy.frombuffer(file.read(), numpy.uint8, offset=header)

    images = unpacked("images-idx3", 16).reshape(-1, WIDTHS[0])
    return images.astype(numpy.float32) / 255, unpacked("labels-idx1", 8).astype(numpy.int32)


def say(**line) -> None:
    print(json.dumps(line), flush=True)
