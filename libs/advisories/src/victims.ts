import { z } from 'zod';
import type { Advisory, Affected } from './advisory.ts';
import { severityOf } from './cvss.ts';
import { decodeYaml, eachDocument, shaped } from './documents.ts';
import { normaliseName } from './ecosystem.ts';
import type { Parser } from './feed.ts';
import { entryOf, Inexact, type Stretch, stretchOf } from './requirement-ranges.ts';
import { firstLine } from './words.ts';

const text = z.string().max(100_000), lists = z.array(z.union([z.string(), z.number()]).transform(String)).max(1_000).nullish(), score = z.coerce.number().min(0).max(10).nullish();

/** https://github.com/victims/victims-cve-db, "Schema". YAML reads `2014-1202` as text. */
const Record = z.object({
  cve: z.string().regex(/^\d{4}-\d{4,}$/), title: text.nullish(), description: text.nullish(), cvss_v2: score, cvss_v3: score, references: z.array(text).nullish(),
  affected: z.array(z.object({ groupId: text.nullish(), artifactId: text.nullish(), name: text.nullish(), version: lists, fixedin: lists, unaffected: lists })).min(1).max(1_000),
});
type Entry = z.output<typeof Record>['affected'][number];

/** Reads the Victims database of Java and Python packages, a YAML file for each CVE; nobody adds to it since 2020. */
export const parseVictims: Parser = (records, context) => eachDocument(records, context, /(?:^|\/)database\/(?:java|python)\/\d{4}\/\d+\.ya?ml$/, function* (name, bytes) {
  const record = shaped(Record, decodeYaml(name, bytes), 'record-not-victims', `${name} is no record of the Victims database`), id = `CVE-${record.cve}`, rating = record.cvss_v3 ?? record.cvss_v2;
  const [, language] = /database\/(java|python)\//.exec(name)!;
  const advisory: Advisory = {
    id, key: `${language}/${id}`, source: context.source, aliases: [], vulnerabilities: [],
    ...(record.title ? { title: firstLine(record.title) } : {}), severities: [], ...(rating === undefined || rating === null ? {} : { severity: severityOf(rating) }),
    references: (record.references ?? []).slice(0, 8), affected: record.affected.map(affectedOf),
  };
  yield { kind: 'advisory', advisory } as const;
});

function affectedOf(entry: Entry): Affected {
  const ecosystem = entry.artifactId ? 'Maven' : 'PyPI';
  const name = entry.artifactId ? `${entry.groupId ?? ''}:${entry.artifactId}` : normaliseName('PyPI', entry.name ?? '');
  const common = { ecosystem, name, fix_state: entry.fixedin?.length ? 'available' : 'none-yet' } as const;
  try {
    if (name === '' || !entry.version?.length) throw new Inexact('no versions are named');
    return entryOf(common, stretchesOf(ecosystem, entry.version));
  } catch (error) {
    if (!(error instanceof Inexact)) throw error;
    return { ecosystem, name: name || 'unknown', status: 'undetermined', fix_state: 'unknown', vendor_status: error.message.slice(0, 200) };
  }
}

/** `<=3.1.3,3.1` is the series 3.1 as far as 3.1.3, `==` one version; `<=` and `>=` without a series are the two ends of one stretch. */
function stretchesOf(ecosystem: string, written: readonly string[]): Stretch[] {
  const open: (readonly [string, string])[] = [];
  const found = written.flatMap((condition): Stretch[] => {
    const [, operator, version, series] = /^\s*(<=|>=|==|<|>)\s*([^\s,]+)\s*(?:,\s*([^\s,]+))?\s*$/.exec(condition) ?? [];
    if (operator === undefined || version === undefined) throw new Inexact(`'${condition}' cannot be read`);
    if (operator === '==') return stretch(ecosystem, [['=', version]]);
    if (series === undefined) { open.push([operator, version]); return []; }
    return operator.startsWith('<') ? stretch(ecosystem, [['>=', series], [operator, version]]) : stretch(ecosystem, [[operator, version], ['<', afterSeries(series)]]);
  });
  return [...found, ...(open.length > 0 ? stretch(ecosystem, open) : [])];
}

const stretch = (ecosystem: string, comparisons: readonly (readonly [string, string])[]): Stretch[] => [stretchOf(ecosystem, comparisons) ?? []].flat();

/** The first version after all of a series: 3.1 → 3.2. */
function afterSeries(series: string): string {
  if (!/^\d+(?:\.\d+)*$/.test(series)) throw new Inexact(`'${series}' is no series that ends somewhere`);
  const numbers = series.split('.');
  return [...numbers.slice(0, -1), String(BigInt(numbers.at(-1)!) + 1n)].join('.');
}
