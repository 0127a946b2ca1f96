#!/usr/bin/env python3
"""Checks documents of `frostline store proof DEVICE/POINT DAY --json` with nothing but Python:
docs/FORMAT.md, section 8. Prints what was stored; ends with 1 where a hash does not follow.

    frostline store proof meter-a/power 2026-10-31 --json | check-proof.py [LINK]

LINK is a hash that was published before; without it only the document itself is checked."""
import base64
import hashlib
import json
import struct
import sys


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def climb(leaf, path):
    for step in path:
        beside = bytes.fromhex(step["hash"])
        pair = (beside, leaf) if step["side"] == "left" else (leaf, beside)
        leaf = sha(b"\x01", *pair)
    return leaf


class Reader:
    """Numbers of docs/FORMAT.md, first section."""

    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def signed(self):
        return zigzag(self.varint())


def zigzag(value):
    return (value >> 1) ^ -(value & 1)


def wrap(value):
    return (value + 2**63) % 2**64 - 2**63


def stream(reader, count):
    """Section 3.3."""
    numbers = [reader.signed()]
    if count == 1:
        return numbers
    kind = reader.byte()
    if kind == 0:
        return numbers * count
    if kind == 3:
        step = reader.varint()
        quotients = content(reader, reader.byte(), [0], count)
        return [wrap(numbers[0] + step * quotient) for quotient in quotients]
    return content(reader, kind, numbers, count)


def content(reader, kind, numbers, count):
    if kind == 2:
        return tokens(reader, numbers, count)
    while len(numbers) < count:
        size = min(128, count - len(numbers))
        head, exceptions = reader.byte(), reader.byte()
        mode, width = head >> 6, head & 63
        center = reader.signed() if mode else 0
        line = numbers[-1] + reader.signed() if mode == 3 else 0
        if mode == 1:
            center += numbers[-1]
        length = (size * width + 7) // 8
        bits = int.from_bytes(reader.data[reader.at:reader.at + length], "little")
        reader.at += length
        words = [bits >> i * width & (1 << width) - 1 for i in range(size)]
        places = [reader.byte() for _ in range(exceptions)]
        for place in places:
            words[place] |= reader.varint() << width
        for word in words:
            difference = zigzag(word)
            if mode == 3:
                number, line = about_line(line, center, difference)
                numbers.append(number)
                continue
            base = center if mode == 1 else numbers[-1] + center
            numbers.append(wrap(base + difference))
    return numbers


def tokens(reader, numbers, count):
    """Section 3.4."""
    mode = reader.byte()
    center = reader.signed() if mode else 0
    line = numbers[0] + reader.signed() if mode == 3 else 0
    total = reader.byte()
    pairs = [reader.byte() for _ in range((total + 1) // 2)]
    lengths = [half for pair in pairs for half in (pair & 15, pair >> 4)][:total]
    codes, code = {}, 0
    for length in range(1, 12):
        code <<= 1
        for token, own in enumerate(lengths):
            if own == length:
                codes[length, code] = token
                code += 1
    size = reader.varint()
    bits = int.from_bytes(reader.data[reader.at:reader.at + size], "little")
    reader.at += size
    at = 0

    def take(width):
        nonlocal at
        at += width
        return bits >> at - width & (1 << width) - 1

    residuals = []
    while len(residuals) < count - 1:
        length = code = 0
        while (length, code) not in codes:
            length, code = length + 1, code << 1 | take(1)
        token = codes[length, code]
        if token < 16:
            residuals.append(token)
        elif token < 24:
            residuals += [0] * ((1 << token - 14) + take(token - 14))
        else:
            extra = (token - 24) // 2 + 3
            residuals.append((2 + token % 2 << extra) + take(extra))
    for residual in residuals:
        if mode == 3:
            number, line = about_line(line, center, zigzag(residual))
            numbers.append(number)
            continue
        base = numbers[0] if mode == 1 else numbers[-1]
        numbers.append(wrap(base + center + zigzag(residual)))
    return numbers


def about_line(line, step, difference):
    """The number, and where the line is now."""
    line += step
    number = wrap(line + difference)
    half = step >> 1
    if step > 0 and not -half <= difference < half:
        line += step * ((difference + half) // step)
    return number, line


def column(head, data, series):
    """Times, states and numbers of a series; sections 3.1 and 3.2."""
    polls, columns = struct.unpack_from("<HH", head, 2)
    reader, number, entries = Reader(head, 40), 0, []
    for _ in range(columns):
        number += reader.varint()
        length = reader.varint()
        if reader.varint():
            for _ in range(5):
                reader.varint()
        entries.append((number, length))
    reader = Reader(data)
    times = stream(reader, polls)
    at = len(data) - 8 - sum(length for _, length in entries)
    for number, length in entries:
        if number == series:
            reader = Reader(data, at)
            state = reader.byte()
            states = [state] * polls
            if state == 255:
                states = []
                for _ in range(reader.varint()):
                    word = reader.varint()
                    states += [word & 7] * (word >> 3)
            usual = iter(stream(reader, n) if (n := sum(s < 4 for s in states)) else [])
            bad = iter(stream(reader, n) if (n := states.count(4)) else [])
            values = [next(usual) if s < 4 else next(bad) if s == 4 else 0 for s in states]
            return [row for row in zip(times, states, values) if row[1] < 6]
        at += length
    return []


def check(proof):
    roots, rows = set(), []
    for chunk in proof["chunks"]:
        head, data = base64.b64decode(chunk["head"]), base64.b64decode(chunk["data"])
        roots.add(climb(sha(b"\x00", head, data), chunk["path"]))
        rows += column(head, data, proof["series"])
    assert len(roots) == 1, "chunks lead to different roots"
    names = sha(*(field.encode() + b"\x00" for fields in proof["names"] for field in fields))
    entry = struct.pack("<II", proof["device"], len(proof["names"]) - 1)
    link = proof["link"]
    root = climb(sha(b"\x00", entry, names, roots.pop()), proof["path"])
    assert root.hex() == link["root"], "the device does not lead to the root"
    numbers = struct.pack("<qqq", link["id"], link["day"], link["made"])
    made = sha(bytes.fromhex(link["previous"]), numbers, root)
    assert made.hex() == link["link"], "the root does not lead to the link"
    qualities = ["good", "late", "substituted", "stale", "bad", "absent"]
    told = [(r["time"], qualities.index(r["quality"]), r["mantissa"]) for r in proof["readings"]]
    assert told == rows, "the readings are not those of the chunks"
    series = next(f for f in proof["names"][1:] if f[0] == str(proof["series"]))
    name = f"{proof['names'][0][0]}/{series[1]}"
    assert name == proof["point"], "the point has another name"
    print(f"{name}: {len(rows)} readings, 10^-{series[5]} {series[4]}, link {link['id']} {link['link']}")
    return link["link"]


if __name__ == "__main__":
    try:
        links = [check(proof) for proof in json.load(sys.stdin)]
        assert links, "no proof"
        assert len(sys.argv) < 2 or sys.argv[1] in links, "another link was published"
    except (AssertionError, IndexError, KeyError, ValueError, StopIteration, struct.error) as error:
        sys.exit(f"not proven: {error}")
