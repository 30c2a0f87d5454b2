import { invalid, Problem } from '@plimsoll/problem';
import { z } from 'zod';
import type { Advisory, Affected } from './advisory.ts';
import { normaliseName } from './ecosystem.ts';
import { bytesOf, notJson, type Parser, rejected } from './feed.ts';
import { entryOf, Inexact, stretchOf } from './requirement-ranges.ts';
import { firstLine, isCve } from './words.ts';
import { parseYaml } from './yaml.ts';

/** A record of https://github.com/FriendsOfPHP/security-advisories, see the README there. */
const Record = z.object({
  title: z.string().nullish(), link: z.string().nullish(), cve: z.string().nullish(),
  reference: z.string().regex(/^composer:\/\/[^/\s]+\/[^/\s]+$/),
  branches: z.record(z.string(), z.object({ time: z.string().nullish(), versions: z.array(z.string().max(1_000)).min(1).max(1_000) })),
});
type Record = z.output<typeof Record>;

const ecosystem = 'Packagist';

/** Reads FriendsOfPHP's advisories: a YAML file per package and problem, in `vendor/name/`, with a list of constraints for each branch, all of which an affected version meets. */
export const parseFriendsOfPhp: Parser = async function* (records, { source, limits }) {
  for await (const record of records) {
    if (!/^(?:[^./][^/]*\/)*[^./][^/]*\.ya?ml$/.test(record.name)) {
      for await (const _ of record.chunks) void _;
      continue;
    }
    let bytes: Buffer | undefined;
    try {
      bytes = await bytesOf(record, limits.recordBytes);
      yield { kind: 'advisory', advisory: advisoryOf(record.name, bytes, source) };
    } catch (error) {
      if (error instanceof Problem && error.code?.startsWith('feed-')) throw error;
      yield rejected(record.name, error, bytes);
    }
  }
};

function advisoryOf(file: string, bytes: Buffer, source: string): Advisory {
  let document: unknown;
  try { document = parseYaml(bytes.toString('utf8')); } catch (error) { throw invalid('record-malformed', `${file}: ${error instanceof Error ? error.message.split('\n')[0] : ''}`, error); }
  const parsed = Record.safeParse(document);
  if (!parsed.success) {
    const why = parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
    throw invalid('record-not-friendsofphp', `${file} is no record of FriendsOfPHP: ${/^\s*</.test(bytes.subarray(0, 64).toString('latin1')) ? notJson(file, bytes).detail : why}`);
  }
  const record = parsed.data;
  const name = normaliseName(ecosystem, record.reference.slice('composer://'.length));
  const key = `${name}/${file.split('/').at(-1)!.replace(/\.ya?ml$/, '')}`;
  const published = Object.values(record.branches).flatMap(({ time }) => dateOf(time)).sort()[0];
  return {
    id: record.cve && isCve(record.cve) ? record.cve : key, key, source,
    aliases: [], vulnerabilities: [],
    ...(record.title ? { title: firstLine(record.title) } : {}),
    ...(published === undefined ? {} : { published }),
    severities: [],
    references: record.link ? [record.link] : [],
    affected: affectedOf(record, name),
  };
}

/** One entry for the branches that can be read, and one for those that cannot. */
function affectedOf({ branches }: Record, name: string): Affected[] {
  const constraints = Object.values(branches).map(({ versions }) => versions);
  const readable = constraints.flatMap((versions) => {
    try { return stretchOf(ecosystem, versions.flatMap(comparisonsOf)) ?? []; } catch (error) { if (error instanceof Inexact) return []; throw error; }
  });
  const unreadable = constraints.flatMap((versions) => {
    try { stretchOf(ecosystem, versions.flatMap(comparisonsOf)); return []; } catch (error) { return [(error as Error).message]; }
  });
  const state = readable.some(({ to }) => to?.included === false) ? 'available' : readable.some(({ to }) => to !== null) ? 'unknown' : 'none-yet';
  return [
    ...(readable.length > 0 || unreadable.length === 0 ? [entryOf({ ecosystem, name, fix_state: state }, readable)] : []),
    ...(unreadable.length > 0 ? [{ ecosystem, name, status: 'undetermined', fix_state: 'unknown', vendor_status: unreadable[0]!.slice(0, 200) } as const] : []),
  ];
}

/** `>=2.0.0`: composer/semver begins a lower bound at the -dev of its version. The upper one is taken as it stands: a beta of the version that repairs may have the flaw. */
function comparisonsOf(constraint: string): (readonly [operator: string, version: string])[] {
  const [, operator = '', version] = /^\s*(>=|<=|!=|==?|>|<|)\s*v?(\d[\w.+-]*)\s*$/.exec(constraint) ?? [];
  if (version === undefined) throw new Inexact(`constraint '${constraint}' cannot be read`);
  return [[operator === '' || operator === '==' ? '=' : operator, operator === '>=' && /^[\d.]+$/.test(version) ? `${version}-dev` : version]];
}

/** `2015-08-06 22:08:00`, in UTC; some have no time of day. */
function dateOf(time: string | null | undefined): string[] {
  const [, day, clock = '00:00:00'] = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d))?/.exec(time ?? '') ?? [];
  return day === undefined ? [] : [`${day}T${clock}Z`];
}
