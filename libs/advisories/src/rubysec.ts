import { invalid, Problem } from '@plimsoll/problem';
import { z } from 'zod';
import type { Advisory, Affected } from './advisory.ts';
import { severityOf } from './cvss.ts';
import { bytesOf, notJson, type Parser, rejected } from './feed.ts';
import { complement, entryOf, Inexact, type Stretch, stretchOf } from './requirement-ranges.ts';
import { firstLine, isCve } from './words.ts';
import { parseYaml } from './yaml.ts';

/** YAML reads `cve: 2024-26146` as text and `osvdb: 95749` as a number, and dates in quotes or without. */
const word = z.union([z.string(), z.number()]).transform(String);
const score = z.coerce.number().min(0).max(10).nullish();
const requirements = z.array(z.string().max(1_000)).max(1_000).nullish();

/** A record of https://github.com/rubysec/ruby-advisory-db, spec/schemas there. */
const Record = z.object({
  gem: z.string().min(1).max(200).optional(), engine: z.string().min(1).max(200).optional(), library: z.string().nullish(), platform: z.string().nullish(),
  cve: word.nullish(), ghsa: word.nullish(), osvdb: word.nullish(),
  url: z.string().nullish(), title: z.string().nullish(), date: word.nullish(),
  cvss_v2: score, cvss_v3: score, cvss_v4: score,
  patched_versions: requirements, unaffected_versions: requirements,
  related: z.object({ url: z.array(z.string()).nullish(), cve: z.array(word).nullish() }).nullish(),
});
type Record = z.output<typeof Record>;

/**
 * Reads the Ruby advisory database: a YAML file per gem and problem under `gems/`, per engine (ruby, jruby) under `rubies/`.
 * It lists what is *not* affected, so the affected stretches are all others. Engines are of ecosystem `Ruby`, which is no registry.
 */
export const parseRubySec: Parser = async function* (records, { source, limits }) {
  for await (const record of records) {
    if (!/(?:^|^(?:.*\/)?(?:gems|rubies|libraries)\/[^/]+\/)[^./][^/]*\.ya?ml$/.test(record.name)) {
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
  const name = parsed.data?.gem ?? parsed.data?.engine;
  if (!parsed.success || name === undefined) {
    const why = parsed.success ? 'neither gem nor engine' : parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
    throw invalid('record-not-rubysec', `${file} is no record of ruby-advisory-db: ${/^\s*</.test(bytes.subarray(0, 64).toString('latin1')) ? notJson(file, bytes).detail : why}`);
  }
  const record = parsed.data;
  const names = [record.cve && `CVE-${record.cve}`, record.ghsa && `GHSA-${record.ghsa}`, record.osvdb && `OSVDB-${record.osvdb}`].filter((id): id is string => Boolean(id));
  const stem = file.split('/').at(-1)!.replace(/\.ya?ml$/, '');
  const id = names[0] ?? stem;
  const rating = record.cvss_v4 ?? record.cvss_v3 ?? record.cvss_v2;
  const published = /^\d{4}-\d\d-\d\d$/.test(record.date ?? '') ? `${record.date}T00:00:00Z` : undefined;
  return {
    id, key: `${record.gem === undefined ? 'rubies' : 'gems'}/${name}/${stem}`, source,
    aliases: names.slice(1), vulnerabilities: [],
    ...(record.title ? { title: firstLine(record.title) } : {}),
    ...(published === undefined ? {} : { published }),
    // Scores without their vectors: nothing that could be worked out again.
    severities: [],
    ...(rating === undefined || rating === null ? {} : { severity: severityOf(rating) }),
    references: [...new Set([record.url, ...(record.related?.url ?? []), isCve(id) ? `https://www.cve.org/CVERecord?id=${id}` : undefined].filter((url): url is string => Boolean(url)))].slice(0, 8),
    affected: [affectedOf(record, name)],
  };
}

function affectedOf(record: Record, name: string): Affected {
  const ecosystem = record.gem === undefined ? 'Ruby' : 'RubyGems';
  const patched = record.patched_versions ?? [], unaffected = record.unaffected_versions ?? [];
  const common = { ecosystem, name, fix_state: patched.length > 0 ? 'available' : 'none-yet', ...(record.platform ? { vendor_status: `platform ${record.platform}` } : {}) } as const;
  try {
    return entryOf(common, complement(ecosystem, [...patched, ...unaffected].flatMap((requirement) => requirementOf(ecosystem, requirement) ?? [])));
  } catch (error) {
    if (!(error instanceof Inexact)) throw error;
    return { ...common, status: 'undetermined', fix_state: 'unknown', vendor_status: error.message.slice(0, 200) };
  }
}

/** `~> 2.0.9, >= 2.0.9.4`: https://guides.rubygems.org/patterns/#pessimistic-version-constraint */
function requirementOf(ecosystem: string, requirement: string): Stretch | undefined {
  return stretchOf(ecosystem, requirement.split(',').flatMap((term): (readonly [string, string])[] => {
    const [, operator = '', version] = /^\s*(~>|>=|<=|!=|==?|>|<|)\s*([0-9][0-9A-Za-z.-]*)\s*$/.exec(term) ?? [];
    if (version === undefined) throw new Inexact(`requirement '${requirement}' cannot be read`);
    if (operator === '~>') return [['>=', version], ['<', `${bumped(version)}.A`]];
    return [[operator === '' || operator === '==' ? '=' : operator, version]];
  }));
}

/** Gem::Version#bump, 1.2.3 → 1.3. `~> 1.2.3` leaves out the prereleases of 1.3 as well, whose first is 1.3.A (capitals sort before small letters). */
function bumped(version: string): string {
  const numbers = (/^\d+(?:\.\d+)*/.exec(version.replace(/[A-Za-z-].*$/, ''))?.[0] ?? '0').split('.');
  if (numbers.length > 1) numbers.pop();
  return [...numbers.slice(0, -1), String(BigInt(numbers.at(-1)!) + 1n)].join('.');
}
