import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { testBench, type TestBench } from '@plimsoll/tools/testing';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { advisoriesOfNames } from './advisory-rows.ts';
import { ingestFile, openFeeds } from './ingest-process.spec-helper.ts';
import { pruneRows, raiseOldest } from './prune-history.ts';
import { atOneRevision, currentRevision, revisionAsOf } from './revisions.ts';

let bench: TestBench, db: DataSource;
const files = mkdtempSync(join(tmpdir(), 'editions-'));
beforeAll(async () => {
  bench = await testBench();
  db = await openFeeds(bench.env('feeds')['PLIMSOLL_DATABASE_URL']!);
}, 60_000);
afterAll(async () => {
  await db?.destroy();
  await bench?.close();
  rmSync(files, { recursive: true, force: true });
});

const records = 30, names = Array.from({ length: records }, (_, n) => ({ ecosystem: 'npm', name: `package-${n}` }));

/** Every record of an edition says its number, and a few come and go from one to the next. */
function edition(number: number): string {
  const folder = join(files, String(number));
  mkdirSync(folder, { recursive: true });
  for (let n = 0; n < records; n++) {
    writeFileSync(join(folder, `${n}.json`), JSON.stringify({ id: `GHSA-${n}`, modified: '2026-01-01T00:00:00Z', summary: `edition ${number}`, affected: [{ package: { ecosystem: 'npm', name: `package-${n}` }, ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: `${number + 1}.0.0` }] }] }] }));
  }
  return folder;
}

/** Which editions a reader sees in two questions one after the other, as of a revision or now. */
async function seen(revision?: number): Promise<{ number: number; editions: string[]; count: number }> {
  return atOneRevision(db, async (tx, current) => {
    const first = await advisoriesOfNames(tx, names.slice(0, records / 2), revision);
    await sleep(Math.random() * 20);
    const second = await advisoriesOfNames(tx, names.slice(records / 2), revision);
    const all = [...first, ...second];
    return { number: revision ?? current.number, editions: [...new Set(all.map(({ title }) => title!))], count: all.length };
  });
}

it('readers never see a mixed revision, whoever is killed while taking one in, and what was said once is said for ever', async () => {
  const truth = new Map<number, string>(), mixed: unknown[] = [];
  let looks = 0, looksBack = 0, isOver = false;
  const readers = Array.from({ length: 4 }, async () => {
    while (!isOver) {
      const past = [...truth.keys()], revision = Math.random() < 0.3 && past.length > 0 ? past[Math.floor(Math.random() * past.length)] : undefined;
      const { number, editions, count } = await seen(revision);
      if (revision === undefined) looks++; else looksBack++;
      if (number > 0 && (count !== records || editions.length !== 1 || (truth.has(number) && truth.get(number) !== editions[0]))) mixed.push({ number, editions, count, revision });
      await sleep(25);
    }
  });
  let killed = 0;
  for (let number = 1; number <= 50; number++) {
    const folder = edition(number);
    if (number % 9 === 0) {
      const child = spawn(process.execPath, ['--conditions=@plimsoll/source', '--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'ingest-process.spec-helper.ts'), bench.env('feeds')['PLIMSOLL_DATABASE_URL']!, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = once(child, 'exit');   // it may be done before it is killed
      await once(child.stdout, 'data');
      await sleep(number * 4);   // from its first steps to beyond its last
      child.kill('SIGKILL');
      await ended;
      killed++;
    }
    await ingestFile(db, folder);
    const now = await seen();
    truth.set(now.number, now.editions[0]!);
    expect(now.editions).toEqual([`edition ${number}`]);
  }
  isOver = true;
  await Promise.all(readers);
  expect(mixed).toEqual([]);
  expect(looks).toBeGreaterThan(25);
  expect(looksBack).toBeGreaterThan(5);
  expect(killed).toBe(5);
  // Nothing is left of those that were killed: every row holds from a revision that was published.
  const { number } = await currentRevision(db.manager);
  expect(number).toBe(50);
  expect(await db.query('select count(*)::int as rows from advisories where valid_from > $1 or valid_from not in (select number from revisions)', [number])).toEqual([{ rows: 0 }]);
  expect(await db.query('select (select count(*) from touched_names)::int + (select count(*) from touched_cves)::int as rows')).toEqual([{ rows: 0 }]);
  for (const [revision, words] of truth) expect((await seen(revision)).editions, `as of ${revision}`).toEqual([words]);
}, 240_000);

it('two ingests of one source at the same time: one is the next revision, the other is told to try again', async () => {
  const outcomes = await Promise.allSettled([ingestFile(db, edition(60)), ingestFile(db, edition(61))]);
  const refused = outcomes.flatMap((outcome) => outcome.status === 'rejected' ? [(outcome.reason as { code: string }).code] : []);
  expect(refused).toEqual(['ingest-overtaken']);
  const { editions, count } = await seen();
  expect({ editions: editions.length, count }).toEqual({ editions: 1, count: records });
});

it('what is older than what is kept is pruned and says so; the rest goes on answering', async () => {
  const { number } = await currentRevision(db.manager);
  const oldest = await db.transaction((tx) => raiseOldest(tx, { PLIMSOLL_FEEDS_KEEP_REVISIONS: 10, PLIMSOLL_FEEDS_KEEP_DAYS: 0 }));
  expect(oldest).toBe(number - 9);
  while (await db.transaction((tx) => pruneRows(tx, oldest)) > 0);
  expect(await db.query('select count(*)::int as rows from advisories')).toEqual([{ rows: 10 * records }]);
  expect(await db.query('select count(*)::int as rows from affected where advisory not in (select id from advisories)')).toEqual([{ rows: 0 }]);
  expect((await seen(oldest)).count).toBe(records);
  await expect(revisionAsOf(db.manager, oldest - 1)).rejects.toMatchObject({ code: 'revision-pruned' });
  await expect(revisionAsOf(db.manager, number + 1)).rejects.toMatchObject({ code: 'revision-unknown' });
});
