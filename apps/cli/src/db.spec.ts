import { copyFileSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aHome } from './plimsoll.spec-helper.ts';

const home = aHome();
afterAll(() => home.remove());
const db = (...words: string[]) => home.plimsoll(['db', ...words]);
const place = '.cache/plimsoll/advisories.db';
const bytes = (name: string): Buffer => readFileSync(home.file(name));
/** No draft of a database is left beside the real one. */
const beside = (): string[] => readdirSync(home.file('.cache/plimsoll')).filter((name) => name !== 'compiled');

const advisory = (id: string, name: string, fixed: string) => ({ schema_version: '1.6.0', id, modified: '2026-01-02T00:00:00Z', affected: [{ package: { ecosystem: 'npm', name }, ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed }] }] }] });
function feed(folder: string, count: number): void {
  mkdirSync(home.file(folder), { recursive: true });
  for (let i = 0; i < count; i++) writeFileSync(home.file(`${folder}/GHSA-${folder}-${i}.json`), JSON.stringify(advisory(`GHSA-${folder}-${i}`, `package-${i}`, '2.0.0')));
}

beforeAll(async () => {
  feed('first', 40);
  feed('second', 60);
  expect(await db('build', 'osv-npm=first')).toMatchObject({ code: 0, err: '' });
  expect(await db('build', 'osv-npm=second', '--out', 'second.db')).toMatchObject({ code: 0, err: '' });
});

it('status says what it holds', async () => {
  const { code, out } = await db('status');
  expect(code).toBe(0);
  expect(out).toMatch(/40 advisories about 40 packages of 1 ecosystem/);
  expect(JSON.parse((await db('status', '--json')).out)).toMatchObject({ path: home.file(place), advisories: 40, names: 40, ecosystems: ['npm'], sources: [{ id: 'osv-npm', advisories: 40, newest: '2026-01-02T00:00:00Z' }] });
});

describe('import', () => {
  it.each([
    ['a flipped bit', 'database-tampered', (file: string) => { const all = readFileSync(file); all[Math.floor(all.length / 2)]! ^= 1; writeFileSync(file, all); }],
    ['a flipped bit at the end', 'database-', (file: string) => { const all = readFileSync(file); all[all.length - 1]! ^= 1; writeFileSync(file, all); }],
    ['a file cut short', 'database-truncated', (file: string) => truncateSync(file, bytes('second.db').length - 100)],
    ['an empty file', 'database-', (file: string) => truncateSync(file, 0)],
    ['a file of another kind', 'database-', (file: string) => writeFileSync(file, 'SQLite format 3\0'.repeat(100))],
  ])('%s is refused (%s), and the old database stays', async (_name, code, spoil) => {
    copyFileSync(home.file('second.db'), home.file('spoilt.db'));
    spoil(home.file('spoilt.db'));
    const before = bytes(place), ran = await db('import', 'spoilt.db');
    expect({ code: ran.code, out: ran.out }).toEqual({ code: 1, out: '' });
    expect(ran.err).toContain(`(${code}`);
    expect(ran.err).not.toContain('a bug');
    expect(bytes(place).equals(before)).toBe(true);
    expect(beside()).toEqual(['advisories.db']);
  });

  it('a whole one takes the place of the old one', async () => {
    const before = bytes(place);
    expect(await db('import', 'second.db')).toMatchObject({ code: 0, err: '', out: expect.stringContaining('60 advisories') });
    expect(bytes(place).equals(bytes('second.db'))).toBe(true);
    writeFileSync(home.file(place), before);
  });

  it('a missing file is said to be missing', async () => {
    expect((await db('import', 'none.db')).err).toContain('none.db cannot be read');
    expect((await db('import')).err).toContain('needs a FILE');
  });
});

describe('build', () => {
  it.each([
    ['nothing named', [], 'at least one feed'], ['a path that is not there', ['nowhere'], 'no such feed file'], ['a source nobody knows', ['osv-cobol=first'], 'no source osv-cobol'],
    ['a feed of malformed JSON', ['osv-npm=broken'], ''], ['no feed at all', ['texts'], ''],
  ])('%s: exits 1 and the old database stays', async (_name, words, says) => {
    mkdirSync(home.file('broken'), { recursive: true });
    writeFileSync(home.file('broken/GHSA-1.json'), '{"id": "GHSA-1", ');
    mkdirSync(home.file('texts'), { recursive: true });
    writeFileSync(home.file('texts/readme.txt'), 'hello');
    const before = bytes(place), ran = await db('build', ...words);
    expect({ code: ran.code, out: ran.out }).toEqual({ code: 1, out: '' });
    expect(ran.err).toContain(says);
    expect(ran.err).not.toContain('a bug');
    expect(bytes(place).equals(before)).toBe(true);
    expect(beside()).toEqual(['advisories.db']);
  });

  it('sources with a dot in their name can be named', async () => {
    mkdirSync(home.file('secdb/v3.20'), { recursive: true });
    writeFileSync(home.file('secdb/v3.20/main.json'), JSON.stringify({ distroversion: 'v3.20', reponame: 'main', archs: ['x86_64'], urlprefix: 'https://dl-cdn.alpinelinux.org/alpine', apkurl: '', packages: [{ pkg: { name: 'zlib', secfixes: { '1.3.1-r1': ['CVE-2026-1'] } } }] }));
    expect(await db('build', 'alpine-v3.20=secdb/v3.20', '-o', 'alpine.db', '--json')).toMatchObject({ code: 0, err: '', out: expect.stringContaining('"alpine-v3.20"') });
  });
});

it('a folder of publications becomes one database, whatever each says', async () => {
  mkdirSync(home.file('all'), { recursive: true });
  const pack = (name: string, content: unknown) => writeFileSync(home.file(`all/${name}.gz`), gzipSync(typeof content === 'string' ? content : JSON.stringify(content)));
  pack('GHSA-aaaa.json', advisory('GHSA-aaaa', 'package-1', '2.0.0'));
  pack('kev.csv', 'cveID,dateAdded\nCVE-2026-0001,2026-01-02\n');
  pack('epss.csv', '#model_version:v1,score_date:2026-01-02\ncve,epss,percentile\nCVE-2026-0001,0.5,0.9\nCVE-2026-0002,much,0.9\n');
  pack('vex.json', { '@context': 'https://openvex.dev/ns/v0.2.0', author: 'Acme', statements: [{ vulnerability: 'CVE-2026-0001', products: [{ '@id': 'pkg:npm/package-1' }], status: 'fixed' }, { vulnerability: 'CVE-2026-0001', products: [{ '@id': 'the shop' }], status: 'fixed' }] });
  pack('words.json', '"hello"');
  const { code, out, err } = await db('build', 'all', '--out', 'all.db', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ advisories: 1, sources: [{ advisories: 1 }], knowledge: expect.arrayContaining([
    { id: 'cisa-kev', kind: 'enrichment', records: 1, rejected: 0 }, { id: 'epss', kind: 'enrichment', records: 1, rejected: 1 }, { id: 'vex', kind: 'vex', records: 1, rejected: 1 },
  ]) });
  expect(err).toMatch(/epss: 1 record kept aside: record-not-epss/);
  expect(err).toMatch(/vex: 1 record kept aside: statement-unbound/);
  expect(err).toMatch(/words\.json\.gz: no feed this program reads; passed over/);
  expect((await db('status', '--db', 'all.db')).out).toMatch(/vex +statements of suppliers +1 +1/);
});

it('a database that was tampered with in its place is not scanned with', async () => {
  const whole = bytes(place);
  writeFileSync(home.file('package-lock.json'), JSON.stringify({ name: 'app', lockfileVersion: 3, packages: { '': {}, 'node_modules/package-1': { version: '1.0.0' } } }));
  try {
    truncateSync(home.file(place), whole.length - 1);
    const ran = await home.plimsoll(['scan', 'package-lock.json']);
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toMatch(/database-truncated.*\n.*plimsoll db update/);
  } finally {
    writeFileSync(home.file(place), whole);
  }
});
