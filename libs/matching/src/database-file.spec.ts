import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Advisory, Range } from '@plimsoll/advisories';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { indexOf } from './advisory-index.ts';
import { buildDatabase, type Content } from './build-database.ts';
import { openDatabase } from './database-file.ts';
import { keyedVersion } from './keyed.ts';
import { match, type Matched } from './match.ts';
import { aPackage, anAdvisory, anInventory } from './samples.spec-helper.ts';
import { SortedRuns } from './sorted-runs.ts';

const directory = mkdtempSync(join(tmpdir(), 'plimsoll-database-'));
afterAll(() => rmSync(directory, { recursive: true }));
const info = () => ({ revision: '42', built: '2026-11-24T00:00:00Z', sources: [{ id: 'test', advisories: 1, affected: 1, rejected: 0 }] });
const built = async (name: string, advisories: Iterable<Advisory>) => {
  const path = join(directory, name);
  await buildDatabase(contents(advisories), path, info);
  return path;
};
function* contents(advisories: Iterable<Advisory>): Generator<Content> { for (const advisory of advisories) yield { kind: 'advisory', advisory }; }

const names = ['left-pad', 'a', 'ab', 'zlib', 'größe', '@scope/x', 'x'.repeat(300)];
const version = fc.tuple(fc.nat(4), fc.nat(4), fc.nat(4)).map((parts) => parts.join('.'));
const bound = fc.oneof({ weight: 9, arbitrary: version }, { weight: 1, arbitrary: fc.constant('not a version') });
const range: fc.Arbitrary<Range> = fc.record({ introduced: bound, fixed: bound, last_affected: bound }, { requiredKeys: [] }).map(({ fixed, ...rest }) => fixed === undefined ? rest : { ...(rest.introduced === undefined ? {} : { introduced: rest.introduced }), fixed });
const advisory = fc.record({
  number: fc.nat(30), ranges: fc.array(range, { maxLength: 3 }), versions: fc.option(fc.array(version, { maxLength: 4 })), name: fc.constantFrom(...names),
  ecosystem: fc.constantFrom('npm', 'PyPI', 'Debian:12'), isWithdrawn: fc.boolean(), status: fc.constantFrom('affected' as const, 'not-affected' as const, 'undetermined' as const, 'fixed' as const),
}).map(({ number, ranges, versions, name, ecosystem, isWithdrawn, status }) => anAdvisory(`CVE-2024-${1000 + number}`,
  { ecosystem, name, status, ...(ranges.length > 0 ? { ranges } : {}), ...(versions === null ? {} : { versions }) }, isWithdrawn ? { withdrawn: '2026-01-01T00:00:00Z' } : {}));

/** Which of a package's problems comes first is nobody's promise. */
const inOrder = ({ findings, ...rest }: Matched): Matched => ({ ...rest, findings: findings.sort((a, b) => `${a.package.purl} ${a.id}` < `${b.package.purl} ${b.id}` ? -1 : 1) });

describe('the local database', () => {
  it('answers what the index in memory answers', async () => {
    await fc.assert(fc.asyncProperty(fc.array(advisory, { maxLength: 60 }), fc.array(fc.tuple(fc.constantFrom(...names), version), { maxLength: 20 }), async (advisories, wanted) => {
      using database = openDatabase(await built('property.db', advisories));
      const inventory = anInventory(wanted.flatMap(([name, at]) => [aPackage('npm', name, at), aPackage('pypi', name, at), aPackage('deb', name, at)]));
      const memory = indexOf(advisories.map((one) => ({ ...one, affected: one.affected.map((entry) => ({ ...entry })) })));
      for (const all of [true, false]) {
        const expected = inOrder(match(inventory, memory, { all }));
        expect(inOrder(match(inventory, database, { all }))).toEqual(expected);
        expect(inOrder(match(inventory, database, { all }))).toEqual(expected);
      }
    }), { numRuns: 60 });
  });

  it('says what it holds', async () => {
    using database = openDatabase(await built('info.db', [anAdvisory('GHSA-1'), anAdvisory('DSA-1', [{ ecosystem: 'Debian:12' }, { ecosystem: 'Debian:11' }])]));
    expect(database.info).toEqual(info());
    expect(database.revision).toBe('42');
    expect(database.counts).toEqual({ advisories: 2, entries: 3, names: 3, enriched: 0, statements: 0 });
    expect(['npm', 'Debian:12', 'Debian:11', 'Debian:10'].map((ecosystem) => database.covers(ecosystem))).toEqual([true, true, true, false]);
    expect(database.covered).toEqual([{ ecosystem: 'Debian:11', sources: ['debian-tracker'], advisories: 1 }, { ecosystem: 'Debian:12', sources: ['debian-tracker'], advisories: 1 }, { ecosystem: 'npm', sources: ['osv-npm'], advisories: 1 }]);
    database.verify();
  });

  it('leaves out what a later advisory took the place of', async () => {
    const path = join(directory, 'replaced.db');
    const [first, second, newer] = [anAdvisory('GHSA-1', [{ name: 'a' }, { name: 'b' }]), anAdvisory('GHSA-2', { name: 'b' }), anAdvisory('GHSA-1', { name: 'a', ranges: [{ fixed: '2.0.0' }] })];
    await buildDatabase([...contents([first, second]), { kind: 'advisory', advisory: newer, replaces: 0 }], path, info);
    using database = openDatabase(path);
    expect(database.counts).toEqual({ advisories: 2, entries: 2, names: 2, enriched: 0, statements: 0 });
    const { findings } = match(anInventory([aPackage('npm', 'a', '1.0.0'), aPackage('npm', 'b', '1.0.0')]), database);
    expect(findings.map(({ id, fixed_version: fixed, package: { name } }) => [id, name, fixed])).toEqual([['GHSA-1', 'a', '2.0.0'], ['GHSA-2', 'b', undefined]]);
  });

  it('is the same file for the same advisories', async () => {
    const advisories = Array.from({ length: 500 }, (_, number) => anAdvisory(`CVE-2024-${1000 + number}`, { name: `p${number % 37}`, ranges: [{ fixed: `1.${number}.0` }] }));
    expect(readFileSync(await built('one.db', advisories)).equals(readFileSync(await built('two.db', advisories)))).toBe(true);
  });

  it('leaves nothing behind when the advisories fail midway', async () => {
    const failing = async function* (): AsyncGenerator<Content> { yield* contents([anAdvisory('GHSA-1')]); throw new Error('feed broke'); };
    await expect(buildDatabase(failing(), join(directory, 'broken.db'), info)).rejects.toThrow('feed broke');
    expect(readdirSync(directory).filter((name) => name.startsWith('broken'))).toEqual([]);
  });

  describe('refuses by name', () => {
    const many = Array.from({ length: 2000 }, (_, number) => anAdvisory(`CVE-2024-${1000 + number}`, { name: `p${number}` }, { title: 'x'.repeat(50) }));
    const problem = (path: string, use: (database: ReturnType<typeof openDatabase>) => void = () => {}) => {
      try {
        using database = openDatabase(path);
        use(database);
      } catch (error) { return (error as { code?: string }).code; }
      return 'accepted';
    };
    it('a file that is not there', () => expect(problem(join(directory, 'absent.db'))).toBe('database-missing'));
    it('another kind of file', () => {
      writeFileSync(join(directory, 'other.db'), 'SQLite format 3\0'.padEnd(4096));
      expect(problem(join(directory, 'other.db'))).toBe('database-unreadable');
    });
    it('an empty file', () => {
      writeFileSync(join(directory, 'empty.db'), '');
      expect(problem(join(directory, 'empty.db'))).toBe('database-unreadable');
    });
    it('another format version', async () => {
      const path = await built('version.db', many), bytes = readFileSync(path);
      bytes.writeUInt32LE(99, 20);
      writeFileSync(path, bytes);
      expect(problem(path)).toBe('database-version');
    });
    it.each([1, 100, 5_000, 50_000, 200_000])('a file cut by %i bytes', async (bytes) => {
      const path = await built('cut.db', many);
      truncateSync(path, readFileSync(path).length - bytes);
      expect(problem(path)).toBe('database-truncated');
    });
    it('a file with bytes behind its end', async () => {
      const path = await built('longer.db', many);
      appendFileSync(path, 'more');
      expect(problem(path)).toBe('database-truncated');
    });
    it('one flipped bit, wherever it is', async () => {
      const path = await built('bit.db', many), whole = readFileSync(path);
      for (let at = 24; at < whole.length; at += Math.floor(whole.length / 60)) {
        const bytes = Buffer.from(whole);
        bytes[at]! ^= 1;
        writeFileSync(path, bytes);
        expect(['database-tampered', 'database-truncated'], `byte ${at} of ${whole.length}`).toContain(problem(path, (database) => database.verify()));
      }
    });
    it('a changed page the moment it is read, without reading the whole file', async () => {
      const path = await built('page.db', many), bytes = readFileSync(path);
      bytes[30] = bytes[30]! ^ 1;
      writeFileSync(path, bytes);
      expect(problem(path)).toBe('accepted');
      expect(problem(path, (database) => database.ask('npm', 'p0', keyedVersion('npm', '1.0.0'), true)[0]!.read())).toBe('database-tampered');
    });
  });
});

it('sorts more than memory may hold, equal keys in the order they came', () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.uint8Array({ maxLength: 3 }), fc.nat(1000)), { maxLength: 200 }), (items) => {
    using runs = new SortedRuns(join(directory, 'sort'), 1500);
    for (const [key, value] of items) runs.add(Buffer.from(key), Buffer.from(String(value)));
    const sorted = [...runs.sorted()].map(({ key, value }) => `${key.toString('hex')} ${value}`);
    const expected = items.map(([key, value], place) => ({ key: Buffer.from(key), value, place })).sort((a, b) => Buffer.compare(a.key, b.key) || a.place - b.place);
    expect(sorted).toEqual(expected.map(({ key, value }) => `${key.toString('hex')} ${value}`));
  }), { numRuns: 50 });
  expect(readdirSync(directory).filter((name) => name.startsWith('sort'))).toEqual([]);
});
