-- Logs of trials in SQLite. `line` is the exact line of the log; the index columns follow from it and are not stored.
-- SQLite has no users and no sha256: what a trigger cannot hold here, reading verifies.
CREATE TABLE IF NOT EXISTS event (
  chain TEXT NOT NULL,
  number INTEGER NOT NULL,
  line TEXT NOT NULL,
  hash TEXT NOT NULL,
  kind TEXT AS (coalesce(json_extract(line, '$.open.kind'), json_extract(line, '$.kind'))),
  patient TEXT AS (coalesce(json_extract(line, '$.open.patient'), json_extract(line, '$.patient'))),
  site TEXT AS (coalesce(json_extract(line, '$.open.site'), json_extract(line, '$.site'))),
  recorded TEXT AS (coalesce(json_extract(line, '$.open.recorded'), json_extract(line, '$.recorded'))),
  PRIMARY KEY (chain, number)
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS event_patient ON event (chain, patient, number);

CREATE TRIGGER IF NOT EXISTS event_next BEFORE INSERT ON event
BEGIN
  SELECT RAISE(ABORT, 'event: a number that is not the next (a gap)')
  WHERE NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM event WHERE chain = NEW.chain);
  SELECT RAISE(ABORT, 'event: a line of another event or trial')
  WHERE coalesce(json_extract(NEW.line, '$.open.number'), json_extract(NEW.line, '$.number'), NEW.number) IS NOT NEW.number
    OR NEW.number = 1 AND coalesce(json_extract(NEW.line, '$.open.data.trial'), json_extract(NEW.line, '$.data.trial')) IS NOT NEW.chain;
  SELECT RAISE(ABORT, 'event: previous is not the last hash (a fork)')
  WHERE json_extract(NEW.line, '$.previous') IS NOT
    coalesce((SELECT hash FROM event WHERE chain = NEW.chain AND number = NEW.number - 1),
             '0000000000000000000000000000000000000000000000000000000000000000');
  SELECT RAISE(ABORT, 'event: the hash is not the one that the line states')
  WHERE json_extract(NEW.line, '$.hash') IS NOT NEW.hash;
END;

-- The one change that there is: a line gives way to its digests (a redaction), with the hash that it had.
CREATE TRIGGER IF NOT EXISTS event_no_update BEFORE UPDATE ON event
BEGIN
  SELECT RAISE(ABORT, 'event: nothing is changed in a log (update)')
  WHERE (NEW.chain, NEW.number, NEW.hash) IS NOT (OLD.chain, OLD.number, OLD.hash)
    OR json_extract(NEW.line, '$.open_digest') IS NULL
    OR json_extract(NEW.line, '$.open') IS NOT NULL OR json_extract(NEW.line, '$.guarded') IS NOT NULL
    OR json_extract(NEW.line, '$.hash') IS NOT OLD.hash
    OR json_extract(NEW.line, '$.previous') IS NOT json_extract(OLD.line, '$.previous');
END;

CREATE TRIGGER IF NOT EXISTS event_no_delete BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'event: nothing is taken out of a log (delete)'); END;
