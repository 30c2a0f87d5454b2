import { randomUUID } from 'node:crypto';
import { openDatabase } from '@plimsoll/database';
import type { Priority } from '@plimsoll/contracts';
import { testBench, type TestBench } from '@plimsoll/tools/testing';
import type { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Session } from './presence.ts';
import { registryOf, Scans, type Scan } from './scans.ts';

let bench: TestBench, db: DataSource, scans: Scans;
const sessions: Session[] = [];
beforeAll(async () => {
  bench = await testBench();
  db = await openDatabase({ url: bench.env('scanner')['PLIMSOLL_DATABASE_URL']!, schema: 'scanner' });
  scans = new Scans(db);
});
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.end();
  await db.query('delete from scans');
});
afterAll(async () => { await db?.destroy(); await bench?.close(); });

const session = async (onNews: (news: string) => void = () => undefined): Promise<Session> => {
  const opened = await Session.open(db, onNews);
  sessions.push(opened);
  return opened;
};
const add = async (project: string, count = 1, priority: Priority = 'push'): Promise<string[]> => {
  const pushes = Array.from({ length: count }, () => randomUUID());
  for (const push of pushes) await scans.add(db.manager, { push, project, target: `r.example/${project}:1`, priority }, new Date());
  return pushes;
};
const take = async (worker: string, count: number, least: Priority = 'scheduled'): Promise<Scan[]> => {
  const taken: Scan[] = [];
  for (let i = 0; i < count; i++) {
    const scan = await scans.next(worker, least);
    if (scan) taken.push(scan);
  }
  return taken;
};

describe('the queue', () => {
  it('gives admissions first, then pushes, then what is scheduled, each in the order they came', async () => {
    const { worker } = await session();
    const scheduled = await add('a', 2, 'scheduled'), pushed = await add('a', 2), [admission] = await add('a', 1, 'admission');
    expect((await take(worker, 6)).map(({ push }) => push)).toEqual([admission, ...pushed, ...scheduled]);
  });

  it('keeps places for admissions', async () => {
    const { worker } = await session();
    await add('a', 3);
    expect(await scans.next(worker, 'admission')).toBeUndefined();
    const [admission] = await add('b', 1, 'admission');
    expect(await scans.next(worker, 'admission')).toMatchObject({ push: admission, attempt: 1, priority: 'admission' });
  });

  it('lets projects take turns: one with ten thousand pushes does not keep another waiting', async () => {
    const { worker } = await session();
    await db.query(`insert into scans (push, project, target, priority, turn, state, trace) select gen_random_uuid(), 'large', 'r.example/large', 1, turn, 'queued', '{}' from generate_series(0, 9999) turn`);
    await take(worker, 50);
    await add('small', 3);
    await add('tiny', 1);
    expect((await take(worker, 8)).map(({ project }) => project).sort()).toEqual(['large', 'large', 'large', 'large', 'small', 'small', 'small', 'tiny']);
    // Nor does one that waited idle save up turns.
    await add('late', 2);
    expect((await take(worker, 4)).map(({ project }) => project).sort()).toEqual(['large', 'large', 'late', 'late']);
  });

  it('gives a scan to one worker only, however many ask', async () => {
    const workers = await Promise.all([session(), session()]);
    const pushes = await add('a', 40);
    const taken = await Promise.all(Array.from({ length: 60 }, (_, i) => scans.next(workers[i % 2]!.worker, 'scheduled')));
    expect(taken.flatMap((scan) => scan ? [scan.push] : []).sort()).toEqual([...pushes].sort());
  });

  it('takes a push in once', async () => {
    const push = randomUUID();
    for (let i = 0; i < 3; i++) await scans.add(db.manager, { push, project: 'a', target: 't', priority: 'push' }, new Date());
    const { worker } = await session();
    expect(await take(worker, 3)).toHaveLength(1);
  });

  it('tells where a scan is', async () => {
    const { worker } = await session();
    const [first, second, third] = await add('a', 3);
    await take(worker, 1);
    expect(await scans.find([third!, second!, first!, randomUUID()])).toEqual(expect.arrayContaining([
      expect.objectContaining({ push: first, state: 'running', attempt: 1, ahead: undefined }),
      expect.objectContaining({ push: second, state: 'queued', ahead: 0, attempt: 0, priority: 'push' }),
      expect.objectContaining({ push: third, state: 'queued', ahead: 1 }),
    ]));
    expect(await scans.waiting()).toMatchObject([{ priority: 'admission', count: 0 }, { priority: 'push', count: 2 }, { priority: 'scheduled', count: 0 }]);
  });
});

describe('a scan', () => {
  it('ends once, for the worker that has it', async () => {
    const { worker } = await session();
    await add('a');
    const [scan] = await take(worker, 1);
    expect(await scans.end(db.manager, { ...scan!, worker: randomUUID() })).toBe(false);
    expect(await scans.end(db.manager, { ...scan!, attempt: 2 })).toBe(false);
    expect(await scans.end(db.manager, scan!)).toBe(true);
    expect(await scans.end(db.manager, scan!)).toBe(false);
    expect(await take(worker, 1)).toEqual([]);
  });

  it('is tried again later, and counts; given back, at once and uncounted', async () => {
    const { worker } = await session();
    await add('a');
    const [first] = await take(worker, 1);
    await scans.retry(first!, { afterMs: 60_000, problem: 'r.example answers 503' });
    expect(await take(worker, 1)).toEqual([]);
    expect(await scans.find([first!.push])).toMatchObject([{ state: 'queued', waits_for: 'retry', attempt: 1, problem: 'r.example answers 503' }]);
    await db.query('update scans set not_before = now()');
    const [second] = await take(worker, 1);
    expect(second!.attempt).toBe(2);
    await scans.retry(second!, { afterMs: 0, uncounted: true });
    expect((await take(worker, 1))[0]!.attempt).toBe(2);
  });

  it('that finds its registry away holds back what else waits for it, and nothing of others', async () => {
    const { worker } = await session();
    const [first, second] = await add('a', 2);
    const other = randomUUID(), local = randomUUID();
    await scans.add(db.manager, { push: other, project: 'b', target: 'docker://other.example:5000/x:1', priority: 'push' }, new Date());
    await scans.add(db.manager, { push: local, project: 'b', target: 'oci:/r.example/x', priority: 'push' }, new Date());
    const [found] = await take(worker, 1);
    expect(found!.push).toBe(first);
    await scans.retry(found!, { afterMs: 1_000, problem: 'away' });
    await scans.holdBack(found!, 2_000, 'away');
    expect((await take(worker, 4)).map(({ push }) => push).sort()).toEqual([other, local].sort());
    expect(await scans.find([second!])).toMatchObject([{ waits_for: 'retry', attempt: 0, problem: 'away' }]);
    await expect.poll(async () => (await take(worker, 1)).map(({ push }) => push), { timeout: 5_000 }).toEqual([first]);
    await expect.poll(async () => (await take(worker, 1)).map(({ push }) => push), { timeout: 5_000 }).toEqual([second]);
  });

  it.each([['r.example/a:1', 'r.example'], ['docker://r.example:5000/a', 'r.example:5000'], ['alpine', 'docker.io'], ['oci:/x', undefined], ['Not A Reference', undefined]])('of %j is fetched from %j', (target, registry) => {
    expect(registryOf(target)).toBe(registry);
  });

  it('waits for what another reads, and goes on when that one lets go, fails or dies', async () => {
    const [reader, other] = [await session(), await session()];
    for (const end of [() => scans.wake('layer:x'), () => reader.letGo('layer:x'), () => reader.end()]) {
      await reader.hold('layer:x');
      await add('a');
      const [scan] = await take(other.worker, 1);
      await scans.waitFor(scan!, 'layer:x');
      await scans.rescue(other.worker, []);
      expect(await scans.find([scan!.push])).toMatchObject([{ waits_for: 'layer', attempt: 0 }]);
      expect(await take(other.worker, 1)).toEqual([]);
      await end();
      await scans.rescue(other.worker, []);
      expect(await take(other.worker, 1)).toMatchObject([{ push: scan!.push, attempt: 1 }]);
      await scans.end(db.manager, { ...scan!, attempt: 1 });
    }
  });

  it('of a worker that died goes to another, and no other does', async () => {
    const [dying, living] = [await session(), await session()];
    await add('a', 2);
    const [lost] = await take(dying.worker, 1), [kept] = await take(living.worker, 1);
    expect(await scans.rescue(living.worker, [kept!.push])).toBe(0);
    // As a kill does it: the socket closes without a word.
    const [{ pid }] = await db.query(`select pid from pg_locks where locktype = 'advisory' and ((classid::bigint << 32) | objid::bigint) = hashtextextended($1, 0)`, [dying.worker]) as [{ pid: number }];
    const admin = await bench.postgres.admin();
    await admin.query('select pg_terminate_backend($1)', [pid]);
    await admin.end();
    await expect.poll(() => scans.rescue(living.worker, [kept!.push])).toBe(1);
    await expect.poll(() => dying.lost.aborted).toBe(true);
    expect(await take(living.worker, 2)).toMatchObject([{ push: lost!.push, attempt: 1, deaths: 1 }]);
    expect(await scans.end(db.manager, { ...lost!, worker: dying.worker })).toBe(false);
    expect(await scans.lost(dying.worker, [lost!.push])).toEqual([lost!.push]);
    expect(await scans.end(db.manager, kept!)).toBe(true);
  });

  it('that was there when workers died is tried apart from the others that were', async () => {
    const living = await session();
    await add('a', 2);
    await db.query(`update scans set state = 'running', worker = gen_random_uuid(), attempt = 1, deaths = 3`);
    expect(await scans.rescue(living.worker, [])).toBe(2);
    const rows = await db.query('select deaths, attempt, extract(epoch from not_before - now()) as wait from scans') as { deaths: number; attempt: number; wait: number }[];
    expect(rows.map(({ deaths, attempt }) => [deaths, attempt])).toEqual([[4, 0], [4, 0]]);
    expect(Number(rows[0]!.wait)).not.toBeCloseTo(Number(rows[1]!.wait), 2);
    for (const { wait } of rows) expect(Number(wait)).toBeLessThanOrEqual(30);
  });
});

describe('cancelling', () => {
  it('ends a scan that waits, one that runs and one that is yet to come; nobody gets them', async () => {
    const heard: string[] = [];
    const { worker } = await session((news) => { heard.push(news); });
    const [running, waiting] = await add('a', 2), coming = randomUUID();
    const [scan] = await take(worker, 1);
    expect(await scans.cancel(db.manager, running!, 'a')).toBe('running');
    expect(await scans.cancel(db.manager, waiting!, 'a')).toBe('queued');
    expect(await scans.cancel(db.manager, coming, 'a')).toBe('queued');
    await scans.add(db.manager, { push: coming, project: 'a', target: 't', priority: 'push' }, new Date());
    expect(await take(worker, 3)).toEqual([]);
    expect(await scans.end(db.manager, scan!)).toBe(false);
    expect(await scans.cancel(db.manager, running!, 'a')).toBe('cancelled');
    await expect.poll(() => heard).toContain(`cancel ${running}`);
  });

  it('comes too late for one that ended, and is not for other projects', async () => {
    const { worker } = await session();
    const [push] = await add('a', 1);
    expect(await scans.cancel(db.manager, push!, 'b')).toBeUndefined();
    const [scan] = await take(worker, 1);
    await scans.end(db.manager, scan!);
    expect(await scans.cancel(db.manager, push!, 'a')).toBe('ended');
  });
});
