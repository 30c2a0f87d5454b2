import { z } from 'zod';
import { semverComparisons } from '@plimsoll/versions';
import type { Advisory, Affected } from './advisory.ts';
import { decodeJson, eachDocument, shaped } from './documents.ts';
import { scored } from './enrichment.ts';
import type { Parser } from './feed.ts';
import { complement, entryOf, Inexact, overlaps, type Stretch, stretchOf } from './requirement-ranges.ts';
import { firstLine, isCve, severityWord } from './words.ts';

const text = z.string().max(1_000_000), range = z.string().max(10_000).nullish(), cves = z.array(text).max(1_000).nullish();

/** https://github.com/nodejs/security-wg/tree/main/vuln: modules of npm, Node.js itself, and what its dependencies have but it has not. */
const Module = z.object({
  id: z.union([z.number(), text]), title: text.nullish(), overview: text.nullish(), module_name: z.string().min(1).max(300), cves,
  vulnerable_versions: range, patched_versions: range, publish_date: text.nullish(), created_at: text.nullish(), updated_at: text.nullish(),
  references: z.array(text).nullish(), cvss_vector: text.nullish(),
});
const Core = z.object({
  cve: cves, ref: text.nullish(), vulnerable: z.string().max(10_000), patched: range, description: text.nullish(), overview: text.nullish(), severity: text.nullish(), publish_date: text.nullish(),
});
const Dependency = z.object({ cve: cves, ref: text.nullish(), description: text.nullish(), overview: text.nullish(), reason: z.string().max(100) });

const readers: Readonly<Record<string, (number: string, document: unknown, source: string) => Advisory>> = { npm: moduleOf, core: coreOf, deps: dependencyOf };

/** Reads the vulnerabilities that the Node.js security working group keeps, a JSON file each. Node.js itself is `node` of ecosystem `Node.js`, which is no registry. */
export const parseNodejs: Parser = (records, context) => eachDocument(records, context, /(?:^|\/)(?:npm|core|deps)\/\d+\.json$/, function* (name, bytes) {
  const [, folder, number] = /(?:^|\/)(npm|core|deps)\/(\d+)\.json$/.exec(name)!;
  yield { kind: 'advisory', advisory: readers[folder!]!(number!, decodeJson(name, bytes), context.source) } as const;
});

function moduleOf(number: string, document: unknown, source: string): Advisory {
  const record = shaped(Module, document, 'record-not-nodejs', `npm/${number}.json is no advisory about a module`);
  const id = `NSWG-ECO-${number}`, score = scored(record.cvss_vector);
  // "Patched: <0.0.0" is how it says that nothing is.
  const isPatched = Boolean(record.patched_versions) && !/^\s*<\s*0\.0\.0\s*$/.test(record.patched_versions!);
  const published = dateOf(record.publish_date) ?? dateOf(record.created_at), modified = dateOf(record.updated_at);
  return {
    ...namesOf(id, record.cves), source, ...titleOf(record.title, record.overview),
    ...(published === undefined ? {} : { published }), ...(modified === undefined ? {} : { modified }),
    severities: score === undefined ? [] : [score], references: (record.references ?? []).slice(0, 8),
    affected: [affectedOf('npm', record.module_name, record.vulnerable_versions ?? '', null, isPatched)],
  };
}

function coreOf(number: string, document: unknown, source: string): Advisory {
  const record = shaped(Core, document, 'record-not-nodejs', `core/${number}.json is no advisory about Node.js`);
  const severity = severityWord(record.severity?.trim() ?? undefined), published = dateOf(record.publish_date);
  return {
    ...namesOf(`NSWG-COR-${number}`, record.cve), source, ...titleOf(record.description, record.overview),
    ...(published === undefined ? {} : { published }), severities: [], ...(severity === undefined ? {} : { severity }),
    references: record.ref ? [record.ref] : [],
    affected: [affectedOf('Node.js', 'node', record.vulnerable, record.patched ?? null, Boolean(record.patched?.trim()))],
  };
}

function dependencyOf(number: string, document: unknown, source: string): Advisory {
  const record = shaped(Dependency, document, 'record-not-nodejs', `deps/${number}.json is no assessment of a dependency`);
  return {
    ...namesOf(`NSWG-DEP-${number}`, record.cve), source, ...titleOf(record.description, record.overview),
    severities: [], references: record.ref ? [record.ref] : [],
    affected: [{ ecosystem: 'Node.js', name: 'node', status: 'not-affected', fix_state: 'unknown', vendor_status: record.reason }],
  };
}

function namesOf(id: string, list: readonly string[] | null | undefined): Pick<Advisory, 'id' | 'key' | 'aliases' | 'vulnerabilities'> {
  const known = [...new Set((list ?? []).map((one) => one.trim()).filter(isCve))];
  return { id, key: id, aliases: known.length === 1 ? known : [], vulnerabilities: known.length > 1 ? known : [] };
}

const titleOf = (...texts: readonly (string | null | undefined)[]): Pick<Advisory, 'title'> => {
  const found = texts.find((one) => one?.trim());
  return found ? { title: firstLine(found) } : {};
};

const dateOf = (written: string | null | undefined): string | undefined => {
  const day = /^\d{4}-\d\d-\d\d/.exec(written ?? '')?.[0];
  return day === undefined ? undefined : `${day}T00:00:00Z`;
};

/** The vulnerable stretches without the patched ones: core advisories name whole release lines, and which release of each is repaired. */
function affectedOf(ecosystem: string, name: string, vulnerable: string, patched: string | null, isPatched: boolean): Affected {
  const common = { ecosystem, name, fix_state: isPatched ? 'available' : 'none-yet' } as const;
  try {
    const bad = stretchesOf(ecosystem, vulnerable);
    return withLimits(entryOf(common, patched?.trim() ? overlaps(ecosystem, bad, complement(ecosystem, stretchesOf(ecosystem, patched))) : bad));
  } catch (error) {
    if (!(error instanceof Inexact)) throw error;
    return { ...common, status: 'undetermined', fix_state: 'unknown', vendor_status: error.message.slice(0, 200) };
  }
}

/** `5.x` ends before 6.0.0-0, which nobody released and which repairs nothing. */
const withLimits = (entry: Affected): Affected => entry.ranges === undefined ? entry
  : { ...entry, ranges: entry.ranges.map(({ fixed, ...range }) => fixed === undefined ? range : fixed.endsWith('.0-0') ? { ...range, limit: fixed } : { ...range, fixed }) };

function stretchesOf(ecosystem: string, expression: string): Stretch[] {
  if (expression.trim() === '') throw new Inexact('no versions are named');
  const alternatives = semverComparisons('npm', expression);
  if ('result' in alternatives) throw new Inexact(alternatives.reason);
  return alternatives.flatMap((comparisons) => stretchOf(ecosystem, comparisons) ?? []);
}
