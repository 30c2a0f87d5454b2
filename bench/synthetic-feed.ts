import { closeSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';

/** A stretch of names: how many there are, and what one looks like. Sizes are those of the registries in 2025, rounded. */
export interface Family { readonly share: number; readonly ecosystems: readonly string[]; readonly names: number; readonly nameOf: (n: number) => string; readonly versionOf: (random: Random) => string }

const dotted = (random: Random): string => `${random(12)}.${random(30)}.${random(40)}`;
export const families: readonly Family[] = [
  { share: 22, ecosystems: ['Debian:11', 'Debian:12', 'Debian:13', 'Ubuntu:20.04', 'Ubuntu:22.04', 'Ubuntu:24.04'], names: 25_000, nameOf: (n) => `deb-pkg-${n}`, versionOf: (random) => `${random(9) ? '' : `${random(3)}:`}${dotted(random)}-${random(9)}${random(2) ? `+deb12u${random(9)}` : ''}` },
  { share: 12, ecosystems: ['AlmaLinux:8', 'AlmaLinux:9', 'Rocky Linux:9'], names: 9_000, nameOf: (n) => `rpm-pkg-${n}`, versionOf: (random) => `${dotted(random)}-${random(60)}.el9` },
  { share: 4, ecosystems: ['Alpine:v3.19', 'Alpine:v3.20', 'Alpine:v3.21'], names: 7_000, nameOf: (n) => `apk-pkg-${n}`, versionOf: (random) => `${dotted(random)}-r${random(60)}` },
  { share: 47, ecosystems: ['npm'], names: 90_000, nameOf: (n) => n % 3 ? `npm-package-${n}` : `@scope${n % 97}/npm-${n}`, versionOf: dotted },
  { share: 6, ecosystems: ['PyPI'], names: 20_000, nameOf: (n) => `pypi-project-${n}`, versionOf: dotted },
  { share: 5, ecosystems: ['Maven'], names: 15_000, nameOf: (n) => `org.example.g${n % 400}:artifact-${n}`, versionOf: dotted },
  { share: 3, ecosystems: ['Go'], names: 6_000, nameOf: (n) => `github.com/org${n % 900}/mod-${n}`, versionOf: dotted },
  { share: 1, ecosystems: ['crates.io'], names: 3_000, nameOf: (n) => `crate-${n}`, versionOf: dotted },
];
const words = 'heap buffer overflow allows remote attackers to execute arbitrary code via crafted input in the parser module of affected versions before fixed release denial service memory corruption improper validation'.split(' ');

export type Random = (below: number) => number;

/** The same numbers every time, so that two benches read the same bytes. */
export function seeded(seed: number): Random {
  let state = seed;
  return (below) => { state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff; return Math.floor(state / 0x80000000 * below); };
}

/** Few names have most of the advisories, as in real life. */
export const popular = (random: Random, count: number): number => Math.min(count - 1, Math.floor(count * (random(1e6) / 1e6) ** 2.5));

/** OSV records of the sizes and shapes that publishers have: two entries, five references, 1.9 KB each on average. */
export function* syntheticRecords(count: number, seed = 42): Generator<{ id: string } & Record<string, unknown>> {
  const random = seeded(seed);
  const text = (length: number): string => Array.from({ length }, () => words[random(words.length)]).join(' ');
  for (let n = 0; n < count; n++) {
    let draw = random(100), family = families[0]!;
    for (const one of families) { family = one; if ((draw -= one.share) < 0) break; }
    const year = 2005 + n % 20, name = popular(random, family.names);
    const ecosystems = family.ecosystems.length > 1 ? family.ecosystems.filter(() => random(100) < 60) : [...family.ecosystems, ...random(5) ? [] : family.ecosystems];
    yield {
      schema_version: '1.6.7', id: `OSV-${year}-${n}`, modified: `2025-0${1 + n % 9}-1${n % 9}T00:00:00Z`, published: `${year}-0${1 + n % 9}-1${n % 9}T00:00:00Z`,
      aliases: [`CVE-${year}-${10_000 + n}`], summary: text(12), details: text(60 + random(80)),
      severity: [{ type: 'CVSS_V3', score: `CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:${'NLH'[n % 3]}` }],
      references: Array.from({ length: 2 + random(5) }, (_, i) => ({ type: 'WEB', url: `https://security.example.org/advisories/${n}/${i}-${words[random(words.length)]}` })),
      affected: (ecosystems.length ? ecosystems : [family.ecosystems[0]!]).map((ecosystem, i) => ({
        package: { ecosystem, name: family.nameOf((name + (ecosystem === ecosystems[0] ? i : 0)) % family.names), purl: `pkg:generic/${name}` },
        ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, ...random(10) ? [{ fixed: family.versionOf(random) }] : []] }],
        database_specific: { source: 'https://example.org/osv' },
      })),
      database_specific: { cwe_ids: [`CWE-${n % 900}`], severity: 'HIGH' },
    };
  }
}

/** The same feed a day later: one record in a hundred changed, one in five hundred is gone. */
export function* aDayLater(records: Iterable<{ id: string } & Record<string, unknown>>): Generator<{ id: string } & Record<string, unknown>> {
  let n = 0;
  for (const record of records) {
    n++;
    if (n % 500 === 7) continue;
    yield n % 100 === 3 ? { ...record, modified: '2026-11-01T00:00:00Z', summary: `${record['summary'] as string} (updated)` } : record;
  }
}

/** Writes records as OSV publishes them: a zip with a file for each. Answers the bytes unpacked. */
export function writeZip(path: string, records: Iterable<{ id: string } & Record<string, unknown>>): number {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(`${path}.draft`, 'w');
  const directory: Buffer[] = [];
  let pending: Buffer[] = [], size = 0, at = 0, count = 0, unpacked = 0;
  const flush = (): void => { writeSync(file, Buffer.concat(pending, size)); pending = []; size = 0; };
  const put = (bytes: Buffer): void => { pending.push(bytes); size += bytes.length; at += bytes.length; if (size > 1 << 20) flush(); };
  for (const record of records) {
    const bytes = Buffer.from(JSON.stringify(record)), packed = deflateRawSync(bytes, { level: 1 }), name = Buffer.from(`${record.id}.json`);
    const head = Buffer.alloc(46);
    head.writeUInt32LE(0x02014b50, 0); head.writeUInt16LE(20, 4); head.writeUInt16LE(20, 6); head.writeUInt16LE(8, 10);
    head.writeUInt32LE(crc32(bytes), 16); head.writeUInt32LE(packed.length, 20); head.writeUInt32LE(bytes.length, 24); head.writeUInt16LE(name.length, 28); head.writeUInt32LE(at, 42);
    directory.push(Buffer.concat([head, name]));
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    head.copy(local, 4, 6, 30);
    put(Buffer.concat([local, name, packed]));
    count++;
    unpacked += bytes.length;
  }
  const start = at, listing = Buffer.concat(directory);
  put(listing);
  // More than 65,535 files need the wide end record (APPNOTE.TXT 4.3.14–15).
  const wide = Buffer.alloc(76), end = Buffer.alloc(22);
  wide.writeUInt32LE(0x06064b50, 0); wide.writeBigUInt64LE(44n, 4); wide.writeUInt16LE(45, 12); wide.writeUInt16LE(45, 14);
  wide.writeBigUInt64LE(BigInt(count), 24); wide.writeBigUInt64LE(BigInt(count), 32); wide.writeBigUInt64LE(BigInt(listing.length), 40); wide.writeBigUInt64LE(BigInt(start), 48);
  wide.writeUInt32LE(0x07064b50, 56); wide.writeBigUInt64LE(BigInt(start + listing.length), 64); wide.writeUInt32LE(1, 72);
  end.writeUInt32LE(0x06054b50, 0); end.writeUInt16LE(0xffff, 8); end.writeUInt16LE(0xffff, 10); end.writeUInt32LE(0xffffffff, 12); end.writeUInt32LE(0xffffffff, 16);
  put(wide); put(end);
  flush();
  closeSync(file);
  renameSync(`${path}.draft`, path);
  return unpacked;
}
