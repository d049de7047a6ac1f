/// The tables of the derived index. Another version is simply built anew.
enum IndexSchema {
    /// "WBix"
    static let applicationID: Int64 = 0x5742_6978
    static let version: Int64 = 1

    /// Entries of one log are found by `log << 40 | index`. Subjects and fingerprints are random, so that a table of them would be written
    /// all over with every batch: they stand in segments of 2²¹ entries, each a few thousand pages, and are looked up in each.
    static let logShift: Int64 = 40
    static let segmentShift: Int64 = 21

    static let tables = """
        CREATE TABLE state(id INTEGER PRIMARY KEY CHECK (id = 1), forgotten INTEGER NOT NULL) STRICT;
        INSERT INTO state VALUES (1, 0);
        CREATE TABLE log(
            id INTEGER PRIMARY KEY, first BLOB NOT NULL UNIQUE, origin TEXT NOT NULL, next INTEGER NOT NULL, root BLOB NOT NULL,
            sighting INTEGER NOT NULL, pruned INTEGER NOT NULL) STRICT;
        CREATE TABLE terms(id INTEGER PRIMARY KEY, body BLOB NOT NULL UNIQUE) STRICT;
        -- Texts that very many rows share: counts of codes, lines, reasons of outcomes.
        CREATE TABLE word(id INTEGER PRIMARY KEY, body BLOB NOT NULL UNIQUE) STRICT;
        -- `ended`: the outcome's index less the intent's.
        CREATE TABLE transfer(
            key INTEGER PRIMARY KEY, t INTEGER NOT NULL, terms INTEGER NOT NULL, n INTEGER NOT NULL, nd INTEGER NOT NULL,
            dropped INTEGER NOT NULL, codes INTEGER NOT NULL, xid BLOB NOT NULL, state INTEGER NOT NULL, ended INTEGER NOT NULL,
            http INTEGER NOT NULL, sent INTEGER NOT NULL, ms INTEGER NOT NULL, reason INTEGER NOT NULL) STRICT;
        CREATE INDEX transfer_by_terms ON transfer(terms, state);
        CREATE INDEX transfer_open ON transfer(state) WHERE state = 0;
        -- `subject`: the number's bits as a signed integer of 32; `at`: the key's low bits; `line`: 0 where it cannot be told.
        CREATE TABLE mark(
            segment INTEGER NOT NULL, subject INTEGER NOT NULL, at INTEGER NOT NULL, line INTEGER NOT NULL,
            PRIMARY KEY (segment, subject, at, line)) STRICT, WITHOUT ROWID;
        -- `print`: the first 8 bytes of a fingerprint; `at`: the low bits of the sighting's row.
        CREATE TABLE sighting(
            segment INTEGER NOT NULL, print INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (segment, print, at)) STRICT, WITHOUT ROWID;
        -- `span`: 0 a day, 1 an hour.
        CREATE TABLE tally(
            terms INTEGER NOT NULL, log INTEGER NOT NULL, span INTEGER NOT NULL, bucket INTEGER NOT NULL, state INTEGER NOT NULL,
            transfers INTEGER NOT NULL, records INTEGER NOT NULL, denied INTEGER NOT NULL, bytes INTEGER NOT NULL,
            PRIMARY KEY (terms, log, span, bucket, state)) STRICT, WITHOUT ROWID;
        CREATE TABLE tally_code(
            terms INTEGER NOT NULL, log INTEGER NOT NULL, span INTEGER NOT NULL, bucket INTEGER NOT NULL, code TEXT NOT NULL,
            records INTEGER NOT NULL, PRIMARY KEY (terms, log, span, bucket, code)) STRICT, WITHOUT ROWID;
        """

    static func key(_ log: Int64, _ index: UInt64) -> Int64 { log << logShift | Int64(clamping: index) }
    static func index(_ key: Int64) -> UInt64 { UInt64(key & (1 << logShift - 1)) }
    static func segment(_ key: Int64) -> Int64 { key >> segmentShift }
    static func offset(_ key: Int64) -> Int64 { key & (1 << segmentShift - 1) }
    static func subject(_ number: UInt32) -> Int64 { Int64(Int32(bitPattern: number)) }
}
