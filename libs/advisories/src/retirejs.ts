import { hash } from 'node:crypto';
import { z } from 'zod';
import type { Advisory, Affected } from './advisory.ts';
import { decodeJson, shaped } from './documents.ts';
import { bytesOf, type ParseContext, type Parser, type Reading, rejected } from './feed.ts';
import { entryOf, Inexact, type Stretch, stretchOf } from './requirement-ranges.ts';
import { firstLine, isCve, severityWord } from './words.ts';

const text = z.string().max(100_000), version = z.string().max(200), texts = z.array(text).max(1_000);
/** `1.3.0-*` is the first pre-release of 1.3.0. */
const bound = version.transform((one) => one.trim().replace(/-\*$/, '-0')).nullish();
const Bounds = z.object({ atOrAbove: bound, below: bound, excludes: z.array(version).max(1_000).nullish() });

/** https://github.com/RetireJS/retire.js/tree/master/repository: a library's vulnerabilities, with one range each or (in the file the others are made from) several. */
const Vulnerability = Bounds.extend({
  ranges: z.array(Bounds).max(1_000).nullish(), severity: text.nullish(), summary: text.nullish(), info: texts.nullish(),
  identifiers: z.object({ summary: text.nullish(), CVE: z.union([text.transform((one) => [one]), texts]).nullish(), githubID: text.nullish(), retid: text.nullish() }).nullish(),
});
type Vulnerability = z.output<typeof Vulnerability>;
const Library = z.object({ npmname: text.nullish(), vulnerabilities: z.array(z.unknown()).max(100_000).nullish() });

/** The repository holds one list in many shapes, for older readers too; the first of these that is there is read, and the list of npm packages. */
const shapes: readonly (readonly [file: RegExp, rank: number])[] = [
  [/jsrepository-v6\.json$/, 1], [/jsrepository-v6-combined\.json$/, 2], [/jsrepository-v5\.json$/, 3], [/jsrepository-v5-combined\.json$/, 4],
  [/jsrepository-v4\.json$/, 5], [/jsrepository-v3\.json$/, 6], [/jsrepository-v2\.json$/, 7], [/jsrepository-master\.json$/, 8], [/jsrepository\.json$/, 9],
];
const npmList = /npmrepository\.json$/, noLists = /(?:jsrepository-backdoored|testcases)\.json$/;

/** Reads retire.js' lists. Libraries that are no npm package are of ecosystem `JavaScript`, which is no registry. */
export const parseRetireJs: Parser = async function* (records, context) {
  let best: { readonly rank: number; readonly readings: readonly Reading[] } | undefined;
  for await (const record of records) {
    const rank = shapes.find(([file]) => file.test(record.name))?.[1] ?? (/\.json$/i.test(record.name) && !noLists.test(record.name) ? 0 : undefined);
    if (rank === undefined || (rank > 0 && best !== undefined && best.rank < rank)) {
      for await (const _ of record.chunks) void _;
      continue;
    }
    const bytes = await bytesOf(record, context.limits.recordBytes);
    let readings: readonly Reading[];
    try { readings = [...readingsOf(record.name, decodeJson(record.name, bytes), context)]; } catch (error) { readings = [rejected(record.name, error, bytes)]; }
    if (rank === 0) yield* readings; else best = { rank, readings };
  }
  yield* best?.readings ?? [];
};

function* readingsOf(name: string, document: unknown, { source }: ParseContext): Generator<Reading> {
  const outer = shaped(z.record(z.string(), z.unknown()), document, 'record-not-retirejs', `${name} is no list of retire.js`);
  const libraries = shaped(z.record(z.string(), Library), outer['advisories'] ?? outer, 'record-not-retirejs', `${name} is no list of retire.js`);
  for (const [library, { npmname, vulnerabilities }] of Object.entries(libraries)) {
    if (library === 'retire-example') continue;
    const npm = npmList.test(name) ? library : npmname, seen = new Set<string>();
    for (const [place, one] of (vulnerabilities ?? []).entries()) {
      const record = `${name} ${library}[${place}]`;
      try {
        const advisory = advisoryOf(name, library, npm ?? undefined, shaped(Vulnerability, one, 'record-not-retirejs', record), source);
        // Entered twice over in the list itself.
        if (!seen.has(advisory.key)) yield { kind: 'advisory', advisory };
        seen.add(advisory.key);
      } catch (error) {
        yield rejected(record, error, JSON.stringify(one));
      }
    }
  }
}

function advisoryOf(file: string, library: string, npm: string | undefined, one: Vulnerability, source: string): Advisory {
  const { CVE = [], githubID, retid, summary = one.summary } = one.identifiers ?? {};
  const cves = [...new Set((CVE ?? []).map((id) => id.trim()).filter(isCve))], ranges = one.ranges ?? [one], severity = severityWord(one.severity ?? undefined);
  const bounds = ranges.map(({ atOrAbove, below }) => `${atOrAbove ?? ''}..${below ?? ''}`).join(',');
  // Nothing numbers them: what it is, or says it is, and for which versions.
  const name = cves.length === 1 ? cves[0]! : githubID ?? (retid ? `retid-${retid}` : hash('sha1', `${cves.join(' ')}${summary ?? ''}${(one.info ?? []).join(' ')}`).slice(0, 12));
  const id = cves.length === 1 || githubID ? name : `RETIREJS-${library}-${name}`;
  return {
    id, key: `${npmList.test(file) ? 'npm' : 'js'}/${library}/${name}/${bounds}`, source,
    aliases: cves.length === 1 && githubID ? [githubID] : [], vulnerabilities: cves.length > 1 ? cves : [],
    ...(summary ? { title: firstLine(summary) } : {}), severities: [], ...(severity === undefined ? {} : { severity }),
    references: (one.info ?? []).slice(0, 8),
    affected: [affectedOf(npm === undefined ? 'JavaScript' : 'npm', npm ?? library, ranges)],
  };
}

function affectedOf(ecosystem: string, name: string, ranges: readonly z.output<typeof Bounds>[]): Affected {
  const isFixed = ranges.some(({ below }) => below && !/^9{3,}/.test(below)), excluded = ranges.flatMap(({ excludes }) => excludes ?? []);
  const common = { ecosystem, name, fix_state: isFixed ? 'available' : 'none-yet' } as const;
  try {
    const stretches = ranges.flatMap(({ atOrAbove, below, excludes }): Stretch[] => {
      const all = stretchOf(ecosystem, [...(atOrAbove ? [['>=', atOrAbove] as const] : []), ...(below ? [['<', below] as const] : [])]);
      return all === undefined ? [] : (excludes ?? []).reduce((left, version) => left.flatMap((stretch) => without(ecosystem, stretch, version)), [all]);
    });
    return entryOf(common, stretches);
  } catch (error) {
    if (!(error instanceof Inexact)) throw error;
    return { ...common, status: 'undetermined', fix_state: 'unknown', vendor_status: `${error.message}${excluded.length > 0 ? `; not ${excluded.join(', ')}` : ''}`.slice(0, 200) };
  }
}

/** The stretch before and after one version. */
function without(ecosystem: string, { from, to }: Stretch, version: string): Stretch[] {
  const low = from === null ? [] : [[from.included ? '>=' : '>', from.version] as const], high = to === null ? [] : [[to.included ? '<=' : '<', to.version] as const];
  return [stretchOf(ecosystem, [...low, ['<', version]]), stretchOf(ecosystem, [['>', version], ...high])].flatMap((stretch) => stretch ?? []);
}
