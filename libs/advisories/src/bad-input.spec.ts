import { describe, expect, it } from 'vitest';
import type { Range } from './advisory.ts';
import type { FeedRecord } from './feed.ts';
import { advisories, all, problems, record, records } from './feeds.spec-helper.ts';
import { publicationOf } from './publications.ts';
import { noRecords } from './read-records.ts';

const MiB = 1024 * 1024, twoGiB = 2048;
/** A record of so many megabytes: the same megabyte again and again, between a beginning and an end. */
function large(name: string, start: string, megabyte: Buffer, megabytes: number, end: string): { record: FeedRecord; given: () => number } {
  let given = 0;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(start);
    for (; given < megabytes; given++) yield megabyte;
    yield Buffer.from(end);
  }
  return { record: { name, chunks: chunks() }, given: () => given };
}

/** A member of a list, a megabyte long. */
const member = (head: string): Buffer => {
  const start = `${head}"pad":"`, end = '"}},';
  return Buffer.from(start + 'x'.repeat(MiB - start.length - end.length) + end);
};

describe('two gigabytes', () => {
  it('of records are read in the memory of a few', async () => {
    const { record: one } = large('nvd.json', '{"format":"NVD_CVE","vulnerabilities":[', member('{"cve":{"id":"CVE-2026-0001",'), twoGiB, '{"cve":{"id":"CVE-2026-0002"}}]}');
    const counts = noRecords(), before = process.memoryUsage.rss();
    let most = 0, seen = 0;
    for await (const _ of publicationOf('nvd')!.read(records(one), counts)) if (seen++ % 100 === 0) most = Math.max(most, process.memoryUsage.rss() - before);
    expect(counts).toEqual({ records: twoGiB + 1, rejected: 0, problems: {} });
    expect(most / MiB).toBeLessThan(300);
  }, 180_000);

  it.each([['debian-tracker', 'tracker.json', '{"linux":{"CVE-2026-0001":{"description":"'], ['nvd', 'nvd.json', '{"vulnerabilities":[{"cve":{"id":"']])('of one value are refused as soon as they are too much: %s', async (id, name, start) => {
    const { record: one, given } = large(name, start, Buffer.alloc(MiB, 'x'), twoGiB, '"');
    await expect(all(publicationOf(id)!.read(records(one)))).rejects.toMatchObject({ code: 'record-too-large' });
    expect(given()).toBeLessThan(twoGiB);
  }, 60_000);

  it('of one record are set aside, and the next is read', async () => {
    const { record: one } = large('GHSA-1.json', '{"id":"', Buffer.alloc(MiB, 'x'), twoGiB, '"}'), before = process.memoryUsage.rss();
    const readings = await all(publicationOf('osv')!.read(records(one, record('GHSA-2.json', '{"id":"GHSA-2","modified":"2026-01-01T00:00:00Z"}')))) as never;
    expect([problems(readings), advisories(readings).map(({ id }) => id)]).toEqual([['record-too-large GHSA-1.json'], ['GHSA-2']]);
    expect((process.memoryUsage.rss() - before) / MiB).toBeLessThan(300);
  }, 60_000);
});

describe('a range that nobody means', () => {
  const read = async (range: object, versions: unknown[] = []) => all(publicationOf('osv')!.read(records(record('a.json', JSON.stringify({ id: 'GHSA-1', affected: [{ package: { ecosystem: 'npm', name: 'left' }, ranges: [range], versions }] })), record('b.json', '{"id":"GHSA-2"}')))) as never;
  it.each<[string, object[], Range[] | undefined, string]>([
    ['the end before the beginning', [{ introduced: '2.0.0' }, { fixed: '1.0.0' }], [{ introduced: '2.0.0' }], 'affected'],
    ['ends only', [{ fixed: '1.0.0' }], undefined, 'not-affected'],
    ['nothing', [], undefined, 'not-affected'],
    ['the same again and again', Array.from({ length: 10_000 }, () => ({ introduced: '1.0.0' })), [{ introduced: '1.0.0' }], 'affected'],
    ['numbers without end', [{ introduced: `${'9'.repeat(500)}` }], [{ introduced: '9'.repeat(500) }], 'affected'],
    ['words', [{ introduced: 'the first' }, { fixed: 'the last' }], [{ introduced: 'the first', fixed: 'the last' }], 'affected'],
  ])('%s', async (_, events, ranges, status) => {
    const [advisory] = advisories(await read({ type: 'SEMVER', events }));
    expect(advisory!.affected).toEqual([expect.objectContaining({ status, ...(ranges === undefined ? {} : { ranges }) })]);
  });
  it.each<[string, object]>([
    ['a version longer than any', { events: [{ introduced: 'x'.repeat(100_000) }] }], ['more events than any', { events: Array.from({ length: 30_000 }, () => ({ introduced: '0' })) }], ['a version that is none', { events: [{ introduced: { toString: 'x' } }] }],
  ])('%s is set aside, and the next record is read', async (_, range) => {
    const readings = await read(range);
    expect([problems(readings), advisories(readings).map(({ id }) => id)]).toEqual([['record-not-osv a.json'], ['GHSA-2']]);
  });
});

it.each<[string, string]>([
  ['brackets a million deep', `{"id":"GHSA-1","database_specific":${'['.repeat(1_000_000)}`], ['the same, closed', `{"id":"GHSA-1","x":${'['.repeat(100_000)}${']'.repeat(100_000)},"affected":7}`],
  ['a prototype', '{"id":"GHSA-1","affected":[{"package":{"ecosystem":"__proto__","name":"constructor"}}],"__proto__":{"x":1},"severity":7}'], ['bytes that are no text', '{"id":"\xff\xfe'],
])('%s is set aside, and the next record is read', async (_, text) => {
  const readings = await all(publicationOf('osv')!.read(records(record('a.json', text, 65_536), record('b.json', '{"id":"GHSA-2"}')))) as never;
  expect([problems(readings).map((line) => line.split(' ')[1]), advisories(readings).map(({ id }) => id)]).toEqual([['a.json'], ['GHSA-2']]);
});
