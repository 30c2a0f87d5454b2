import { invalid, Problem } from '@plimsoll/problem';
import { z } from 'zod';
import type { Advisory, Range } from './advisory.ts';
import { bytesOf, notJson, type Parser, type Reading, rejected } from './feed.ts';
import { isCve } from './words.ts';
import { parseYaml } from './yaml.ts';

/** A branch and repository as https://secdb.alpinelinux.org publishes it (YAML until 2020). Wolfi and Chainguard have no branches, and are told by their address. */
const SecDb = z.object({
  distroversion: z.string().min(1).optional(),
  urlprefix: z.string().optional(),
  reponame: z.string().min(1),
  packages: z.array(z.unknown()).nullish(),
}).transform((db, context) => {
  const ecosystem = db.distroversion !== undefined ? `Alpine:${db.distroversion}` : rolling.find(([address]) => address.test(db.urlprefix ?? ''))?.[1];
  if (ecosystem === undefined) context.addIssue({ code: 'custom', message: 'names neither a branch nor an address known here' });
  return { ecosystem: ecosystem ?? '', reponame: db.reponame, packages: db.packages };
});
const rolling: readonly (readonly [RegExp, string])[] = [[/\bpackages\.wolfi\.dev\b/, 'Wolfi'], [/\bpackages\.cgr\.dev\b/, 'Chainguard']];
const Entry = z.object({
  pkg: z.object({
    name: z.string().min(1),
    secfixes: z.record(z.string(), z.array(z.string()).nullish()).nullish(),
  }),
});

/** Bytes of the files kept until all are known; every branch there ever was has 10 MB. Beyond: `feed-too-large`. */
const mostBytes = 256 * 1024 * 1024;

/**
 * Reads Alpine's secfixes: per origin package and version, the ids that version repaired. One advisory per
 * (branch, repository, package, problem); a problem repaired twice has two ranges.
 * A branch's repository is one file. Of several the publisher's place (`v3.20/main.json`) comes first, then the
 * shallowest, then the last by name; the others are old copies, and what they alone say was taken back since.
 */
export const parseAlpineSecDb: Parser = async function* (records, { source, limits }) {
  const files = new Map<string, File>();
  let size = 0;
  for await (const record of records) {
    if (!/\.(json|ya?ml)$/i.test(record.name)) continue;
    const bytes = await bytesOf(record, limits.recordBytes);
    size += bytes.length;
    if (size > mostBytes) throw new Problem('invalid', `the security databases have more than ${mostBytes} bytes together`, { code: 'feed-too-large' });
    const { ecosystem, reponame } = decode(record.name, bytes);
    const file = { name: record.name, bytes, place: placeOf({ ecosystem, reponame }) }, other = files.get(file.place);
    const [kept, left] = other === undefined ? [file] : goesBefore(file, other) ? [file, other] : [other, file];
    files.set(file.place, kept);
    if (left === undefined) continue;
    size -= left.bytes.length;
    if (!left.bytes.equals(kept.bytes)) yield rejected(left.name, invalid('record-duplicate', `${left.name} is another copy of ${file.place}; ${kept.name} is read`), left.bytes);
  }
  for (const { name, bytes } of files.values()) {
    const db = decode(name, bytes);
    for (const [index, entry] of (db.packages ?? []).entries()) {
      try {
        yield* packageAdvisories(Entry.parse(entry).pkg, db, source);
      } catch (error) {
        yield rejected(`${name} packages[${index}]`, error, JSON.stringify(entry));
      }
    }
  }
};

interface File { readonly name: string; readonly bytes: Buffer; /** `v3.20/main` */ readonly place: string }

const placeOf = ({ ecosystem, reponame }: { ecosystem: string; reponame: string }): string => `${ecosystem.replace('Alpine:', '')}/${reponame}`;

function goesBefore(a: File, b: File): boolean {
  const isPublished = ({ name, place }: File) => `/${name.replace(/\.[^.]+$/, '')}`.endsWith(`/${place}`);
  const depth = ({ name }: File) => name.split('/').filter((part) => part !== '' && part !== '.').length;
  return (Number(isPublished(b)) - Number(isPublished(a)) || depth(a) - depth(b) || (a.name > b.name ? -1 : 1)) < 0;
}

/** The whole file or a Problem of the feed: without its head nothing in it can be placed. */
function decode(name: string, bytes: Buffer): z.output<typeof SecDb> {
  let document: unknown;
  try {
    document = /\.ya?ml$/i.test(name) ? parseYaml(bytes.toString('utf8')) : JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw notJson(name, bytes, error);
  }
  const parsed = SecDb.safeParse(document);
  if (!parsed.success) throw new Problem('invalid', `${name} is no Alpine security database: ${parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`, { code: 'feed-malformed' });
  return parsed.data;
}

function* packageAdvisories(pkg: z.output<typeof Entry>['pkg'], db: z.output<typeof SecDb>, source: string): Generator<Reading> {
  const problems = new Map<string, { others: Set<string>; ranges: Range[]; never: boolean }>();
  for (const [fixed, lines] of Object.entries(pkg.secfixes ?? {})) {
    for (const line of lines ?? []) {
      const ids = idsOf(line);
      if (ids.length === 0) {
        yield rejected(`${placeOf(db)} ${pkg.name} ${fixed}`, invalid('record-id-unreadable', `no id in '${line.slice(0, 100)}'`), line);
        continue;
      }
      // A line may name several CVEs; each is a problem of its own, and what is no CVE is another name of the first.
      const [first, ...rest] = ids;
      for (const id of [first!, ...rest.filter((other) => isCve(other) && isCve(first!))]) {
        const problem = problems.get(id) ?? { others: new Set<string>(), ranges: [], never: false };
        problems.set(id, problem);
        // "0" says that no version was ever affected: https://gitlab.alpinelinux.org/alpine/infra/docker/secdb
        if (fixed === '0') problem.never = true; else problem.ranges.push({ fixed });
      }
      for (const other of rest) if (!isCve(other) || !isCve(first!)) problems.get(first!)!.others.add(other);
    }
  }
  for (const [id, problem] of problems) yield { kind: 'advisory', advisory: advisoryOf(id, problem, pkg.name, db, source) };
}

function advisoryOf(id: string, problem: { others: Set<string>; ranges: Range[]; never: boolean }, name: string, db: z.output<typeof SecDb>, source: string): Advisory {
  return {
    id, key: `${id}@${placeOf(db)}/${name}`, source,
    aliases: [...problem.others], vulnerabilities: [], severities: [],
    references: isCve(id) && db.ecosystem.startsWith('Alpine:') ? [`https://security.alpinelinux.org/vuln/${id}`] : [],
    affected: [{
      ecosystem: db.ecosystem, name,
      ...(problem.ranges.length > 0 ? { status: 'affected', ranges: problem.ranges } : { status: 'not-affected' }),
      fix_state: 'available',
    }],
  };
}

/** Ids come with remarks, two to a line and mistyped: `CVE-2020-27955 # (only affect windows)`, `CVE-2017-12122 TALOS-2017-0488`, `CVE 2025-48379`, `wnpa-sec-2017-18`. */
function idsOf(line: string): string[] {
  const repaired = line.replace(/#.*|\(.*\)/g, '').replace(/\bCVE[ _](\d{4}-\d{4,})/gi, 'CVE-$1');
  return [...new Set(repaired.match(/\b(?:[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)+|[A-Z]{2,}\d{3,})\b/g)?.filter((id) => /\d/.test(id) || id.startsWith('GHSA-')) ?? [])];
}
