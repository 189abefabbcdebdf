/**
 * The tables of mayfly.db, version 1.
 *
 * Ids are BLOBs of 16 and 8 bytes, times INTEGER nanoseconds (clamped to what 63 bits hold; the body keeps what
 * arrived), `seq` the order of arrival. `body` is JSON: what arrived in OTLP's own mapping, beside what normalizing
 * read off it.
 *
 *   origins ◀── spans ──▶ traces (earliest start)      requests: digests of the last hour
 *      ▲          ├─────▶ trace_requests                counters: the ledger
 *      └── logs   ├─────▶ keys                          probes:   where checkWritable writes
 *                 └─────▶ links
 */
export const SCHEMA_VERSION = 1;

export const SCHEMA = `
CREATE TABLE origins (
  id     INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE,
  body   TEXT NOT NULL
) STRICT;

CREATE TABLE spans (
  seq       INTEGER PRIMARY KEY,
  trace_id  BLOB NOT NULL,
  origin_id INTEGER NOT NULL REFERENCES origins (id),
  body      TEXT NOT NULL
) STRICT;
CREATE INDEX spans_by_trace ON spans (trace_id);

CREATE TABLE traces (
  trace_id BLOB PRIMARY KEY,
  start_ns INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX traces_by_start ON traces (start_ns, trace_id);

CREATE TABLE trace_requests (
  request_id TEXT NOT NULL,
  trace_id   BLOB NOT NULL,
  PRIMARY KEY (request_id, trace_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE keys (
  seq      INTEGER PRIMARY KEY,
  identity TEXT NOT NULL,
  side     TEXT NOT NULL CHECK (side IN ('produced', 'consumed')),
  kind     TEXT NOT NULL,
  scope    TEXT,
  id       TEXT NOT NULL,
  trace_id BLOB NOT NULL,
  span_id  BLOB NOT NULL
) STRICT;
CREATE INDEX keys_by_identity ON keys (identity);
CREATE INDEX keys_by_id ON keys (id);

CREATE TABLE links (
  seq             INTEGER PRIMARY KEY,
  target_trace_id BLOB NOT NULL,
  target_span_id  BLOB NOT NULL,
  trace_id        BLOB NOT NULL,
  span_id         BLOB NOT NULL
) STRICT;
CREATE INDEX links_by_target ON links (target_trace_id);

CREATE TABLE logs (
  seq        INTEGER PRIMARY KEY,
  time_ns    INTEGER NOT NULL,
  trace_id   BLOB,
  request_id TEXT,
  line_seq   INTEGER,
  origin_id  INTEGER NOT NULL REFERENCES origins (id),
  body       TEXT NOT NULL
) STRICT;
CREATE INDEX logs_by_trace ON logs (trace_id) WHERE trace_id IS NOT NULL;
CREATE INDEX logs_by_request ON logs (request_id) WHERE request_id IS NOT NULL;
CREATE UNIQUE INDEX logs_once ON logs (request_id, line_seq, time_ns)
  WHERE request_id IS NOT NULL AND line_seq IS NOT NULL;

CREATE TABLE requests (
  digest      BLOB PRIMARY KEY,
  received_ns INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX requests_by_age ON requests (received_ns);

CREATE TABLE counters (
  name   TEXT NOT NULL,
  reason TEXT NOT NULL,
  value  INTEGER NOT NULL,
  PRIMARY KEY (name, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE probes (filler BLOB NOT NULL) STRICT;
`;
