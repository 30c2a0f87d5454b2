import { readFeed, sourceOf, type Advisory } from '@plimsoll/advisories';
import { ImageMatched } from '@plimsoll/contracts';
import type { OperatingSystem, Package } from '@plimsoll/inventory';
import { type Finding, indexOf, match } from '@plimsoll/matching';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf, feedsBench, type FeedsBench } from './feeds.spec-helper.ts';
import { rowsOf } from './image-findings.ts';

/** Deterministic, so that a failure comes again: https://en.wikipedia.org/wiki/Linear_congruential_generator. */
let seed = 20_261_126;
const below = (n: number): number => { seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff; return Math.floor(seed / 0x80000000 * n); };
const oneOf = <T>(list: readonly T[]): T => list[below(list.length)]!;
const maybe = <T>(oneIn: number, value: T): T | undefined => below(oneIn) === 0 ? value : undefined;

const worlds = [
  { ecosystem: 'npm', source: 'osv-npm', type: 'npm', names: Array.from({ length: 40 }, (_, i) => `n${i}`), versions: ['0.1.0', '1.0.0-rc.1', '1.0.0', '1.0.1', '1.5.0', '2.0.0', '10.0.0', 'not a version'] },
  { ecosystem: 'PyPI', source: 'pypa', type: 'pypi', names: Array.from({ length: 20 }, (_, i) => `p${i}`), versions: ['0.9', '1.0a1', '1.0', '1!0.1', '1.2.post1', '2.0', 'one'] },
  { ecosystem: 'Debian:12', source: 'private', type: 'deb', names: Array.from({ length: 30 }, (_, i) => `d${i}`), versions: ['1.0-1', '1.0~rc1-1', '1:0.9-1', '1.0-1+deb12u1', '1.2-3', '2.0-1', ''] },
] as const;
const debian: OperatingSystem = { id: 'debian', version_id: '12', name: 'Debian GNU/Linux 12' };
const layers = Array.from({ length: 12 }, (_, i) => digestOf(10_000 + i));

function aPackage(): Package {
  const { type, names, versions } = oneOf(worlds), name = oneOf(names), version = oneOf(versions);
  return { purl: `pkg:${type}/${type === 'deb' ? 'debian/' : ''}${name}@${version}`, name, version, type, locations: [], licences: [], layer: oneOf(layers), ...(type === 'deb' ? maybe(2, { source: { name: oneOf(names), version: oneOf(versions.filter(Boolean)) } }) ?? {} : {}) };
}
const anImage = (): Package[] => [...new Map(Array.from({ length: 5 + below(25) }, aPackage).map((one) => [one.purl, one])).values()];

/** An OSV record of any shape that matters: ranges that overlap or cannot be read, single versions, aliases, notices, withdrawn. */
function aRecord({ ecosystem, names, versions }: (typeof worlds)[number], id: number): object {
  const cve = `CVE-2026-${1000 + below(60)}`;
  const entries = Array.from({ length: 1 + below(2) }, () => ({
    package: { ecosystem, name: oneOf(names) },
    ...maybe(1, { ranges: Array.from({ length: 1 + below(2) }, () => ({ type: 'ECOSYSTEM', events: [{ introduced: oneOf(['0', '0', ...versions]) }, ...below(4) ? [{ [oneOf(['fixed', 'fixed', 'last_affected'])]: oneOf(versions) }] : []] })) }),
    ...maybe(6, { versions: [oneOf(versions), oneOf(versions)] }),
  }));
  return {
    id: `${oneOf(['GHSA', 'GHSA', 'MAL', 'PYSEC'])}-${id}`, modified: '2026-01-01T00:00:00Z', published: `2026-01-0${1 + below(9)}T00:00:00Z`, affected: entries,
    aliases: oneOf([[], [cve], [cve], [`GHSA-${below(60)}`], [cve, `PYSEC-${below(60)}`]]),
    ...maybe(8, { related: [], upstream: [cve, `CVE-2026-${1000 + below(60)}`] }), ...maybe(12, { withdrawn: '2026-01-02T00:00:00Z' }),
    ...maybe(2, { severity: [{ type: 'CVSS_V3', score: oneOf(['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 'CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N']) }] }),
  };
}

let feeds: FeedsBench;
const images = Array.from({ length: 120 }, anImage);
const feedOf = new Map<string, Map<number, object>>(worlds.map(({ source }) => [source, new Map()]));
beforeAll(async () => {
  process.env['PLIMSOLL_FEEDS_SHRINK_LIMIT'] = '0';
  feeds = await feedsBench();
});
afterAll(async () => { delete process.env['PLIMSOLL_FEEDS_SHRINK_LIMIT']; await feeds?.close(); });

async function* chunksOf(record: object): AsyncGenerator<Uint8Array> { yield Buffer.from(JSON.stringify(record)); }

/** What the matcher says of every image by the feeds as they are, without any table. */
async function bruteForce(): Promise<ReturnType<typeof match>[]> {
  const advisories: Advisory[] = [];
  for (const [source, records] of feedOf) {
    if (records.size === 0) continue;
    const files = (async function* () { for (const [id, record] of records) yield { name: `${id}.json`, chunks: chunksOf(record) }; })();
    for await (const reading of readFeed(sourceOf(source)!, files)) if (reading.kind === 'advisory') advisories.push(reading.advisory);
  }
  const index = indexOf(advisories);
  return images.map((packages) => match({ os: debian, packages }, index));
}

const wordsOf = ({ id, state, severity, score, fix_state, fixed_version, published, package: { purl } }: Finding): string =>
  [id, state, severity, score ?? '', fix_state, fixed_version ?? '', published ?? '', purl].join(' ');
const affected = (findings: readonly Finding[]): string[] => [...new Set(findings.filter(({ state }) => state === 'affected').map(({ id }) => id))].sort();
const without = (all: readonly string[], some: readonly string[]): string[] => all.filter((one) => !some.includes(one));

async function stored(): Promise<string[][]> {
  const ids = await feeds.db.query('select id, digest from images') as { id: string; digest: string }[];
  const rows = Map.groupBy(await rowsOf(feeds.db.manager, ids.map(({ id }) => id)), ({ image }) => image);
  const byDigest = new Map(ids.map(({ id, digest }) => [digest, rows.get(id) ?? []]));
  return images.map((_, n) => (byDigest.get(digestOf(n)) ?? []).map((row) => wordsOf({ ...row, id: row.vulnerability, score: row.score ?? undefined, fixed_version: row.fixed_version ?? undefined, published: row.published ?? undefined, package: { purl: row.purl } } as never)).sort());
}

describe('a fleet', () => {
  it('is told in events and stored in tables what a full match of every image says, revision after revision', async () => {
    // Half of the images are there before the first revision, the others come in between.
    const half = images.length / 2;
    await feeds.indexAll(images.slice(0, half).map((packages, n) => ({ n, packages })), debian);
    await feeds.newEvents(ImageMatched);
    let before = await bruteForce(), changes = 0;
    for (let round = 0; round < 9; round++) {
      if (round === 4) {
        await feeds.indexAll(images.slice(half).map((packages, n) => ({ n: half + n, packages })), debian);
        await feeds.newEvents(ImageMatched);
      }
      const world = worlds[round % worlds.length]!, records = feedOf.get(world.source)!;
      const first = records.size === 0;
      for (let i = 0; i < (first ? 60 : 12); i++) { const id = below(90); if (!first && below(4) === 0) records.delete(id); else records.set(id, aRecord(world, id)); }
      await feeds.ingest(world.source, [...records.values()]);
      await feeds.settled();

      const now = await bruteForce(), here = round < 4 ? half : images.length;
      expect((await stored()).slice(0, here)).toEqual(now.slice(0, here).map(({ findings }) => findings.map(wordsOf).sort()));
      const told = new Map((await feeds.newEvents(ImageMatched)).map((event) => [event.image.digest, event]));
      for (let n = 0; n < here; n++) {
        const event = told.get(digestOf(n)), was = before[n]!, is = now[n]!;
        const differs = JSON.stringify(was.findings.map(wordsOf).sort()) !== JSON.stringify(is.findings.map(wordsOf).sort()) || was.summary.not_covered !== is.summary.not_covered;
        if (!differs && !first) { expect(event, `round ${round}, image ${n}`).toBeUndefined(); continue; }
        if (!event) { expect(differs, `round ${round}, image ${n}`).toBe(false); continue; }
        changes++;
        expect(event.summary, `round ${round}, image ${n}`).toEqual(is.summary);
        expect([event.added, event.removed], `round ${round}, image ${n}`).toEqual([without(affected(is.findings), affected(was.findings)), without(affected(was.findings), affected(is.findings))]);
      }
      before = now;
    }
    expect(changes).toBeGreaterThan(100);
    expect(before.some(({ summary }) => summary.undetermined > 0)).toBe(true);
    const [{ met, all }] = await feeds.db.query('select count(*) filter (where meets)::int as met, count(*)::int as all from answers') as [{ met: number; all: number }];
    expect(met / all).toBeGreaterThan(0.05);      // both ways of judging took part
    expect(met / all).toBeLessThan(0.7);
  }, 120_000);
});
