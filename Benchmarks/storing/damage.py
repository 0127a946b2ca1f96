"""Damage planted in a store, and undone again: what is hurt is found out by reading every chunk
with SQLite alone, before and after."""
import contextlib
import hashlib
import os
import random
import sqlite3
import struct

PAGE_BYTES = 4096
CONTENT = "SELECT head, data, device, start, end, polls, readings FROM chunk WHERE id = ?"


class Planter:
    def __init__(self, folder, seed):
        self._path = f"{folder}/frostline.db"
        self._dice = random.Random(seed)
        with self._open() as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self.chunks = [row[0] for row in db.execute("SELECT id FROM chunk NOT INDEXED")]
            self.names = dict(db.execute("SELECT id, name FROM device"))
        self._whole = self._fingerprints()

    @contextlib.contextmanager
    def _open(self, **options):
        db = sqlite3.connect(
            f"file:{self._path}?" + "&".join(f"{key}={value}" for key, value in options.items()),
            uri=True)
        try:
            yield db
            db.commit()
        finally:
            db.close()

    def _fingerprints(self):
        """Of every chunk; None where SQLite cannot read it."""
        found = {}
        # Without a log beside it and without a lock: nothing is written to a damaged file.
        with self._open(mode="ro", immutable=1) as db:
            for number in self.chunks:
                try:
                    row = db.execute(CONTENT, (number,)).fetchone()
                    found[number] = row and hashlib.blake2b(
                        row[0] + row[1] + repr(row[2:]).encode(), digest_size=8).digest()
                except (sqlite3.DatabaseError, TypeError):
                    found[number] = None
        return found

    def hurt(self):
        """Numbers of the chunks that are not what they were."""
        now = self._fingerprints()
        return {number for number in self.chunks if now[number] != self._whole[number]}

    def name(self, number):
        """As `store verify` names a chunk."""
        return self.names[number >> 32], number & 0xFFFF_FFFF

    # Planting

    @contextlib.contextmanager
    def flipped_bits(self, count):
        """One bit each of so many chunks, of heads and data alike."""
        places = []
        with self._open() as db:
            for number in self._dice.sample(self.chunks, min(count, len(self.chunks))):
                column = self._dice.choice(("head", "data"))
                size, = db.execute(
                    f"SELECT length({column}) FROM chunk WHERE id = ?", (number,)).fetchone()
                places.append((column, number, self._dice.randrange(size), self._dice.randrange(8)))
        self._flip(places)
        try:
            yield
        finally:
            self._flip(places)

    def _flip(self, places):
        with self._open() as db:
            for column, number, offset, bit in places:
                with db.blobopen("chunk", column, number) as blob:
                    blob[offset] = blob[offset] ^ 1 << bit
            db.commit()
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _page(self, table, kinds):
        """The place in the file of one page of a table or index."""
        marks = ",".join("?" * len(kinds))
        with self._open(mode="ro") as db:
            pages = [row[0] for row in db.execute(
                f"SELECT pgoffset FROM dbstat WHERE name = ? AND pagetype IN ({marks})",
                (table, *kinds))]
        return self._dice.choice(pages)

    @contextlib.contextmanager
    def _changed(self, offset, before, after):
        self._write(offset, after)
        try:
            yield
        finally:
            self._write(offset, before)

    def _read(self, offset, count):
        with open(self._path, "rb") as file:
            file.seek(offset)
            return file.read(count)

    def _write(self, offset, content):
        with open(self._path, "r+b") as file:
            file.seek(offset)
            file.write(content)

    def torn_page(self):
        """A page of chunks of which the second half was never written."""
        offset = self._page("chunk", ("leaf", "overflow")) + PAGE_BYTES // 2
        half = self._read(offset, PAGE_BYTES // 2)
        return self._changed(offset, half, bytes(len(half)))

    @contextlib.contextmanager
    def cut_file(self):
        """The file ends in the middle of its last page."""
        size = os.path.getsize(self._path) - PAGE_BYTES // 2
        end = self._read(size, PAGE_BYTES // 2)
        os.truncate(self._path, size)
        try:
            yield
        finally:
            self._write(size, end)

    def lost_entry(self):
        """A page of the index of chunks has one entry less."""
        offset = self._page("chunk_by_time", ("leaf",)) + 3
        before = self._read(offset, 2)
        return self._changed(offset, before, struct.pack(">H", struct.unpack(">H", before)[0] - 1))

    def wrong_entry(self):
        """An entry of that index names another chunk."""
        page = self._page("chunk_by_time", ("leaf",))
        cell = page + struct.unpack(">H", self._read(page + 8, 2))[0]
        # The length of so short an entry is one byte; its last byte is the number's lowest.
        offset = cell + self._read(cell, 1)[0]
        before = self._read(offset, 1)
        return self._changed(offset, before, bytes([before[0] ^ 1]))
