import pg, { type PoolClient } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { EntityManager } from 'typeorm';
import type { Feed } from './feed-table.ts';

/** SQL: a row `r` as a line of JSON. Its texts are JSON already. */
const lineOf = {
  advisories: `'{"key":' || to_json(r.key) || ',"severity":' || r.severity || ',"head":' || r.head || ',"affected":[' || coalesce((select string_agg(f.entry, ',' order by f.place) from affected f where f.advisory = r.id), '') || ']}'`,
  enrichments: `'{"key":' || to_json(r.key) || ',"body":' || r.body || '}'`,
  statements: `'{"key":' || to_json(r.key) || ',"names":' || to_json(r.names) || ',"body":' || r.body || '}'`,
} as const;

/** SQL: the records of a source as of the current revision, key and line. */
export const recordsNow = ({ id, shelf }: Feed): string => `select r.key, ${lineOf[shelf]} as line from ${shelf} r where r.source = ${pg.escapeLiteral(id)} and r.valid_to is null`;

/** SQL: what changed of a source since a revision: records as they are now, and the keys of those that are gone. */
export const changesSince = (feed: Feed, base: number): string => `
  ${recordsNow(feed)} and r.valid_from > ${base}
  union all
  select r.key, '{"gone":' || to_json(r.key) || '}' from ${feed.shelf} r where r.source = ${pg.escapeLiteral(feed.id)} and r.valid_from <= ${base} and r.valid_to > ${base}
    and not exists (select from ${feed.shelf} now where now.source = r.source and now.key = r.key and now.valid_to is null)`;

/** The lines of such a query in the order of their keys, streamed. */
export async function* storedLines(tx: EntityManager, sql: string): AsyncGenerator<string> {
  const client = await tx.queryRunner!.connect() as PoolClient, decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of client.query(copyTo(`copy (select line from (${sql}) lines order by key collate "C", line) to stdout`)) as AsyncIterable<Buffer>) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop()!;
    // COPY's text format doubles backslashes; JSON has no other character that it writes otherwise.
    for (const line of lines) yield line.includes('\\') ? line.replaceAll('\\\\', '\\') : line;
  }
}
