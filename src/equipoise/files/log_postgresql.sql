-- Logs of trials in PostgreSQL: run by the owner. `line` is the exact line of the log: text, never jsonb.
-- The index columns follow from the line; whatever is given for them, the trigger writes what the line says.
CREATE TABLE IF NOT EXISTS public.event (
  chain text NOT NULL,
  number bigint NOT NULL,
  line text NOT NULL,
  hash text NOT NULL,
  kind text,
  patient text,
  site text,
  recorded timestamptz,
  PRIMARY KEY (chain, number)
);
CREATE INDEX IF NOT EXISTS event_patient ON public.event (chain, patient, number);
CREATE INDEX IF NOT EXISTS event_recorded ON public.event (chain, recorded);
REVOKE ALL ON public.event FROM PUBLIC;

-- A line as JSON, for its structure: a character 0, which PostgreSQL's texts cannot hold, becomes another of the same length.
CREATE OR REPLACE FUNCTION public.event_json(line text) RETURNS json
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT replace(line, '\u0000', '\u0001')::json
$$;

-- What a line says of its event: an entry of its open part or, in the first form, its own.
CREATE OR REPLACE FUNCTION public.event_says(line text, entry text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(public.event_json(line) -> 'open' ->> entry, public.event_json(line) ->> entry)
$$;

-- The digest of a part's exact text; one that is withheld has left its digest in its place; '' where there is none.
CREATE OR REPLACE FUNCTION public.event_digest(named text, part text, salt text, left_behind text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(left_behind, encode(sha256(
    decode(salt, 'hex') || convert_to(named, 'UTF8') || decode('00', 'hex') || convert_to(part, 'UTF8')), 'hex'), '')
$$;

-- The hash that a line should have. First form: over its text without its hash. Second: over previous and the digests of its parts,
-- which are cut out of the text by their lengths, since that is what was hashed.
CREATE OR REPLACE FUNCTION public.event_hash(line text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  said json;
  tail text;
  shown integer;
  digests text;
BEGIN
  IF line ~ ',"hash":"[0-9a-f]{64}"[}]$' THEN
    RETURN encode(sha256(convert_to(left(line, -75) || '}', 'UTF8')), 'hex');
  END IF;
  said := public.event_json(line);
  tail := format(',"previous":"%s","salts":["%s","%s"]}', said ->> 'previous', said #>> '{salts,0}', said #>> '{salts,1}');
  shown := length((said -> 'open')::text);
  digests := public.event_digest('open', substr(line, length(line) - length(tail) - shown + 1, shown),
                                 said #>> '{salts,0}', said ->> 'open_digest')
    || public.event_digest('guarded', substr(line, 12, length((said -> 'guarded')::text)),
                           said #>> '{salts,1}', said ->> 'guarded_digest');
  RETURN encode(sha256(convert_to((said ->> 'previous') || digests, 'UTF8')), 'hex');
END $$;

-- Whatever stands in the caller's search path, names here mean PostgreSQL's own.
CREATE OR REPLACE FUNCTION public.event_next() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  last_number bigint;
  last_hash text;
BEGIN
  SELECT number, hash INTO last_number, last_hash FROM public.event
    WHERE chain = NEW.chain ORDER BY number DESC LIMIT 1;
  IF NEW.number IS DISTINCT FROM coalesce(last_number, 0) + 1 THEN
    RAISE EXCEPTION 'event: a number that is not the next (a gap)' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF coalesce(public.event_says(NEW.line, 'number'), NEW.number::text) <> NEW.number::text
    OR NEW.number = 1 AND public.event_says(NEW.line, 'data')::json ->> 'trial' IS DISTINCT FROM NEW.chain THEN
    RAISE EXCEPTION 'event: a line of another event or trial' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF public.event_json(NEW.line) ->> 'previous' IS DISTINCT FROM coalesce(last_hash, repeat('0', 64)) THEN
    RAISE EXCEPTION 'event: previous is not the last hash (a fork)' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF NEW.hash IS DISTINCT FROM public.event_hash(NEW.line) THEN
    RAISE EXCEPTION 'event: the hash is not that of the line' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  NEW.kind := public.event_says(NEW.line, 'kind');
  NEW.patient := public.event_says(NEW.line, 'patient');
  NEW.site := public.event_says(NEW.line, 'site');
  NEW.recorded := public.event_says(NEW.line, 'recorded')::timestamptz;
  RETURN NEW;
END $$;

-- The one change that there is: a line gives way to its digests (a redaction), with the hash that it had. It can hide what was said, never
-- say anything else. Who gives orders has no right to it: it is the owner's, or is given by GRANT UPDATE (line).
CREATE OR REPLACE FUNCTION public.event_redacted() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (NEW.chain, NEW.number, NEW.hash) IS DISTINCT FROM (OLD.chain, OLD.number, OLD.hash)
    OR public.event_json(NEW.line) ->> 'open_digest' IS NULL OR public.event_hash(NEW.line) IS DISTINCT FROM OLD.hash THEN
    RAISE EXCEPTION 'event: nothing is changed in a log or taken out of it (update)' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  NEW.kind := NULL;
  NEW.patient := NULL;
  NEW.site := NULL;
  NEW.recorded := NULL;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION public.event_never() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'event: nothing is changed in a log or taken out of it (%)', lower(TG_OP)
    USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE OR REPLACE TRIGGER event_next BEFORE INSERT ON public.event FOR EACH ROW EXECUTE FUNCTION public.event_next();
CREATE OR REPLACE TRIGGER event_redacted BEFORE UPDATE ON public.event FOR EACH ROW EXECUTE FUNCTION public.event_redacted();
CREATE OR REPLACE TRIGGER event_never BEFORE DELETE OR TRUNCATE ON public.event
  FOR EACH STATEMENT EXECUTE FUNCTION public.event_never();
