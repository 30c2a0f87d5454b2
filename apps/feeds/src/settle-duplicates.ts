import type { EntityManager } from 'typeorm';
import { shelves, type Feed } from './feed-table.ts';
import type { KnownRecords } from './known-records.ts';
import type { ReadingDone } from './read-in-threads.ts';

interface Row { id: string; key: string; hash: string; text: string }

/**
 * Of records of one feed with one key the newer by its date of modification stays, and of two as old as each other the
 * one with the higher hash, so that archives packed in another order read alike. The others are kept aside, or, when they
 * say the same, passed over. Answers how many new rows went and which rows known before are replaced after all.
 */
export async function settleDuplicates(tx: EntityManager, { shelf, id: source }: Feed, { base, end }: { base: number; end: number }, known: KnownRecords, done: ReadingDone): Promise<{ rows: number; replaced: number[] }> {
  const text = shelves[shelf].text, columns = `id, key, encode(hash, 'hex') as hash, ${text} as text`;
  const twice = [...known.twice()], settled = { rows: 0, replaced: [] as number[] };
  const keys = await tx.query(`
    select key from ${shelf} where id >= $1 and id < $2 group by key having count(*) > 1
    union select key from ${shelf} where id = any($3::bigint[])`, [base, end, twice]) as { key: string }[];
  const doubles = new Set(twice.map(String));
  for (let from = 0; from < keys.length; from += 500) {
    const rows = await tx.query(`select ${columns} from ${shelf} where source = $1 and key = any($2) and (id >= $3 and id < $4 or id = any($5::bigint[])) order by id`,
      [source, keys.slice(from, from + 500).map(({ key }) => key), base, end, twice]) as Row[];
    for (const group of Map.groupBy(rows, ({ key }) => key).values()) {
      const [best, ...others] = group.sort((a, b) => modifiedOf(b) - modifiedOf(a) || (a.hash < b.hash ? 1 : a.hash > b.hash ? -1 : Number(a.id) - Number(b.id)));
      const losers = others.filter(({ id }) => !doubles.has(id)).map(({ id }) => id);
      // A row known before that the feed has beside a newer one is replaced by it; beside older ones it stays.
      settled.replaced.push(...others.filter(({ id }) => doubles.has(id)).map(({ id }) => Number(id)));
      settled.rows += losers.length;
      for (const row of others) if (row.hash !== best!.hash) aside(done, row);
      if (shelf === 'advisories' && losers.length > 0) {
        for (const { ecosystem, count } of await tx.query('select ecosystem, count(distinct advisory)::int as count from affected where advisory = any($1::bigint[]) group by 1', [losers]) as { ecosystem: string; count: number }[]) done.ecosystems[ecosystem]! -= count;
        await tx.query('delete from affected where advisory = any($1::bigint[])', [losers]);
      }
      await tx.query(`delete from ${shelf} where id = any($1::bigint[])`, [losers]);
    }
  }
  return settled;
}

/** Milliseconds; -Infinity when not said. */
function modifiedOf({ text }: Row): number {
  const { modified } = JSON.parse(text) as { modified?: string };
  return Date.parse(modified ?? '') || -Infinity;
}

function aside(done: ReadingDone, { key, text }: Row): void {
  done.rejected++;
  done.problems['record-duplicate'] = (done.problems['record-duplicate'] ?? 0) + 1;
  if (done.keptAside.length < 1_000) done.keptAside.push({ record: key, code: 'record-duplicate', detail: `${key} comes twice with different content; the newer by its date of modification is kept`, excerpt: text.slice(0, 512) });
}

