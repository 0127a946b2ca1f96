"""What a disk may hold after a loss of power, rebuilt from a record of what a program did.

A write counts once its file was synced, a name once its folder was. Whatever was not synced may be
there or not, each write by itself, and of a write any of its sectors; where a file was to grow and
the write is lost, zeros or rubbish may stand. Of names not synced the first few may be there. After
a sync that failed the kernel writes what it was given never again: it counts as lost, though the
running program still sees it."""

import os
import struct

HEAD = struct.Struct("<cBHIq")
SECTOR = 512


def operations(path):
    """(op, path, offset, bytes) in the order in which they happened."""
    with open(path, "rb") as f:
        data = f.read()
    at = 0
    while at + HEAD.size <= len(data):
        op, _, names, length, offset = HEAD.unpack_from(data, at)
        at += HEAD.size
        name = data[at:at + names].decode()
        at += names
        yield op.decode(), name, offset, data[at:at + length]
        at += length


def put(buffer, offset, data):
    if len(buffer) < offset:
        buffer.extend(b"\0" * (offset - len(buffer)))
    buffer[offset:offset + len(data)] = data


def cut(buffer, length):
    del buffer[length:]
    buffer.extend(b"\0" * (length - len(buffer)))


class File:
    def __init__(self):
        self.durable = bytearray()
        self.pending = []  # ("W", offset, bytes) and ("T", length)

    def synced(self):
        for change in self.pending:
            self.apply(self.durable, change)
        self.pending = []

    @staticmethod
    def apply(buffer, change):
        if change[0] == "W":
            put(buffer, change[1], change[2])
        else:
            cut(buffer, change[1])

    def after_crash(self, dice, keep):
        content = bytearray(self.durable)
        for change in self.pending:
            fate = keep if keep is not None else dice.choice((True, False, None))
            if fate:
                self.apply(content, change)
            elif fate is None and change[0] == "W":
                self.tear(content, change[1], change[2], dice)
        return content

    @staticmethod
    def tear(content, offset, data, dice):
        for at in range(0, len(data), SECTOR):
            piece = data[at:at + SECTOR]
            if dice.random() < 0.5:
                put(content, offset + at, piece)
            elif offset + at >= len(content) and dice.random() < 0.5:
                put(content, offset + at, dice.randbytes(len(piece)))


class Disk:
    """Follows a record; `after_crash` is what a machine finds that starts again now."""

    def __init__(self):
        self.names, self.durable_names = {}, {}
        self.pending_names = []  # (folder, function that changes a dictionary)

    def take(self, op, path, offset, data):
        if op == "C":
            file = self.names[path] = File()
            self.rename(path, lambda names: names.__setitem__(path, file))
        elif op == "W" and path in self.names:
            self.names[path].pending.append(("W", offset, data))
        elif op == "T" and path in self.names:
            self.names[path].pending.append(("T", offset))
        elif op == "U":
            self.names.pop(path, None)
            self.rename(path, lambda names: names.pop(path, None))
        elif op == "R":
            self.move(path, data.decode())
        elif op == "S" and path in self.names:
            self.names[path].synced()
        elif op == "F" and path in self.names:
            self.names[path].pending = []
        elif op == "S":
            self.synced_folder(path)

    def rename(self, path, change):
        self.pending_names.append((os.path.dirname(path), change))

    def move(self, old, new):
        if old not in self.names:
            return
        file = self.names[new] = self.names.pop(old)

        def change(names):
            names.pop(old, None)
            names[new] = file
        self.rename(new, change)

    def synced_folder(self, folder):
        rest = []
        for place, change in self.pending_names:
            if place == folder:
                change(self.durable_names)
            else:
                rest.append((place, change))
        self.pending_names = rest

    def after_crash(self, dice, keep):
        """Path → content. `keep` True or False for all that is not synced; None for chance."""
        names = dict(self.durable_names)
        count = len(self.pending_names) if keep else 0
        if keep is None:
            count = dice.randint(0, len(self.pending_names))
        for _, change in self.pending_names[:count]:
            change(names)
        return {path: file.after_crash(dice, keep) for path, file in names.items()}


def lay_out(content, root, target):
    """Writes the files of a state below `target`, where `root` stood."""
    for path, data in content.items():
        place = os.path.join(target, os.path.relpath(path, root))
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "wb") as f:
            f.write(data)
