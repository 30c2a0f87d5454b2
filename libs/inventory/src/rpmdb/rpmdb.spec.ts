import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rpm } from '../catalogers/rpm.ts';
import { type RpmSource, rpmHeader, writeBdb, writeNdb } from '../testing/write-rpmdb.ts';

/** 300 packages, one of them too big for any page: a b-tree of two levels, overflow chains, several slots. */
const sources: RpmSource[] = Array.from({ length: 200 }, (_, i) => ({ name: `package-${i}`, version: `1.${i}`, release: '2.el9', arch: i % 3 ? 'x86_64' : 'noarch', padding: i % 7 === 0 ? 9000 : 100 }));
sources.push({ name: 'bind', version: '9.11', release: '3.el8', epoch: 32, arch: 'x86_64', vendor: 'CentOS', sourceRpm: 'bind-9.11-3.el8.src.rpm', module: 'bind:9:8:1', files: ['/usr/sbin/named', '/usr/lib/python3/site-packages/isc-2.0-py3.6.egg-info', '/usr/share/doc/bind/README'] });
const headers = sources.map(rpmHeader);

const formats: [string, Buffer][] = [
  ['sqlite', sqlite(headers)],
  ['ndb', writeNdb(headers)],
  ['bdb, little-endian', writeBdb(headers)],
  ['bdb, big-endian', writeBdb(headers, { little: false, pageSize: 8192 })],
];
const read = (bytes: Buffer) => rpm.catalog({ path: 'var/lib/rpm/Packages', bytes });

describe.each(formats)('rpm database, %s', (_, database) => {
  it('gives every package with its fields', () => {
    const { packages, owned, problems } = read(database);
    expect(problems).toBeUndefined();
    expect(packages.map(({ name, version }) => `${name} ${version}`).sort()).toEqual(sources.map(({ name, version, release, epoch }) => `${name} ${epoch ? `${epoch}:` : ''}${version}-${release}`).sort());
    expect(packages.find(({ name }) => name === 'bind')).toEqual({ type: 'rpm', name: 'bind', version: '32:9.11-3.el8', arch: 'x86_64', vendor: 'CentOS', module: 'bind:9:8:1', source: { name: 'bind', version: '32:9.11-3.el8' } });
    expect(owned).toEqual([{ type: 'rpm', name: 'bind', version: '32:9.11-3.el8', arch: 'x86_64', paths: ['usr/sbin/named', 'usr/lib/python3/site-packages/isc-2.0-py3.6.egg-info'] }]);
  });

  it.each([0.1, 0.5, 0.9, 0.999])('names what is missing when cut to %d', (part) => {
    const { packages, problems } = read(database.subarray(0, Math.floor(database.length * part)));
    expect(problems?.length ?? 0).toBeGreaterThan(0);
    expect(packages.length).toBeLessThan(sources.length);
    expect(problems!.every(({ code }) => code.startsWith('rpm'))).toBe(true);
  });

  it('ends with a named answer whatever bytes are changed', () => {
    const small = database.length > 400_000 ? formatOf(database) : database;
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(small.length - 1), fc.nat(255)), { minLength: 1, maxLength: 40 }), (changes) => {
      const damaged = Buffer.from(small);
      for (const [at, value] of changes) damaged[at] = value;
      for (const problem of read(damaged).problems ?? []) expect(problem.code).toMatch(/^(rpm|elf|zip)/);
    }), { numRuns: 300 });
  });
});

it('a source package has the epoch of the package with its version, for its other packages too', () => {
  const perl = [
    { name: 'perl-libs', version: '5.26.3', release: '4.el8', epoch: 4, sourceRpm: 'perl-5.26.3-4.el8.src.rpm' },
    { name: 'perl-Errno', version: '1.28', release: '4.el8', sourceRpm: 'perl-5.26.3-4.el8.src.rpm' },
    { name: 'perl-Encode', version: '2.97', release: '3.el8', epoch: 4, sourceRpm: 'perl-Encode-2.97-3.el8.src.rpm' },
    { name: 'other-Errno', version: '1.28', release: '4.el8', sourceRpm: 'other-5.26.3-4.el8.src.rpm' },
  ];
  expect(read(writeNdb(perl.map(rpmHeader))).packages.map(({ source }) => source!.version)).toEqual(['4:5.26.3-4.el8', '4:5.26.3-4.el8', '4:2.97-3.el8', '5.26.3-4.el8']);
});

describe('crafted rpm databases', () => {
  it('ends a Berkeley DB overflow chain that points back at itself', () => {
    const database = writeBdb([rpmHeader({ name: 'a', version: '1', release: '1', padding: 9000 })]);
    database.writeUInt32LE(2, 3 * 4096 + 16);
    expect(read(database).problems).toMatchObject([{ code: 'rpmdb-loop' }]);
  });

  it('refuses to read one Berkeley DB chain for two packages', () => {
    const header = rpmHeader({ name: 'a', version: '1', release: '1' });
    const database = writeBdb([header, header]);
    database.writeUInt32LE(database.readUInt32LE(4096 + 4096 - 17 + 4), 3 * 4096 + 4096 - 17 + 4);
    expect(read(database)).toMatchObject({ packages: [{ name: 'a' }], problems: [{ code: 'rpmdb-loop' }] });
  });

  it('refuses ndb slots that share blocks', () => {
    const header = rpmHeader({ name: 'a', version: '1', release: '1' });
    const database = writeNdb([header, header]);
    database.copyWithin(32 + 16 + 8, 32 + 8, 32 + 16);
    expect(read(database)).toMatchObject({ packages: [{ name: 'a' }], problems: [{ code: 'rpmdb-loop' }] });
  });

  it('ends an SQLite tree that is its own child', () => {
    const database = Buffer.from(formats[0]![1]);
    const pageSize = database.readUInt16BE(16);
    const interior = Array.from({ length: database.length / pageSize }, (_, i) => i).find((i) => i > 0 && database[i * pageSize] === 5)!;
    database.writeUInt32BE(interior + 1, interior * pageSize + 8);
    expect(read(database).problems).toMatchObject([{ code: 'rpmdb-loop' }]);
  });

  it('does not believe a header about its own size', () => {
    const header = rpmHeader({ name: 'a', version: '1', release: '1' });
    header.writeUInt32BE(0xffffffff, 0);
    expect(read(writeNdb([header, rpmHeader({ name: 'b', version: '1', release: '1' })]))).toMatchObject({ packages: [{ name: 'b' }], problems: [{ code: 'rpm-header-unreadable' }] });
  });

  it('says that a database of another kind is unreadable', () => {
    expect(read(Buffer.alloc(8192, 7)).problems).toMatchObject([{ code: 'rpmdb-unreadable' }]);
  });

  it('tells of changes that lie outside the database', () => {
    expect(rpm.catalog({ path: 'var/lib/rpm/rpmdb.sqlite-wal', bytes: Buffer.alloc(5000, 1) }).problems).toMatchObject([{ code: 'rpmdb-wal-unread' }]);
    expect(rpm.catalog({ path: 'var/lib/rpm/rpmdb.sqlite-wal', bytes: Buffer.alloc(32) }).problems).toBeUndefined();
  });
});


/** A smaller database of the same format, so that random damage hits structure more often than padding. */
function formatOf(database: Buffer): Buffer {
  const few = headers.slice(0, 12);
  if (database.toString('latin1', 0, 6) === 'SQLite') return sqlite(few);
  if (database.toString('latin1', 0, 4) === 'RpmP') return writeNdb(few);
  return database.readUInt32LE(12) === 0x00061561 ? writeBdb(few) : writeBdb(few, { little: false, pageSize: 8192 });
}

/** Written by SQLite itself, as rpm has it do (rpm lib/backend/sqlite.c). */
function sqlite(blobs: readonly Buffer[]): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'rpmdb-'));
  try {
    const file = join(directory, 'rpmdb.sqlite'), database = new DatabaseSync(file);
    database.exec("CREATE TABLE IF NOT EXISTS 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL); CREATE TABLE 'Name' (key 'TEXT' NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL)");
    const insert = database.prepare("INSERT INTO 'Packages' (blob) VALUES (?)");
    database.exec('BEGIN');
    for (const blob of blobs) insert.run(blob);
    database.exec('COMMIT');
    database.close();
    return readFileSync(file);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
