import { enrichmentSources, parseOsv, Severity, severityOf, sources, statementSources, type Advisory, type Source, type Affected, type FeedRecord, type ParseContext, type rejected } from '@plimsoll/advisories';
import { Problem } from '@plimsoll/problem';

/** A record as it is stored: what says which one it is, and its text. */
export interface Made {
  readonly key: string;
  readonly body: string;
  /** What it says of packages, for advisories. */
  readonly affected: readonly Affected[];
  /** Place in the order of severities, worst first. */
  readonly severity: number;
  /** Every name of the vulnerability, for statements of suppliers. */
  readonly names: readonly string[];
}
type Reading = { readonly kind: 'made'; readonly made: Made } | ReturnType<typeof rejected>;

/** The tables that records live in: which columns each has besides those of all. */
export const shelves = {
  advisories: { columns: ['severity', 'head'], text: 'head' },
  enrichments: { columns: ['body'], text: 'body' },
  statements: { columns: ['names', 'body'], text: 'body' },
} as const;
export type Shelf = keyof typeof shelves;

/** Anything that is taken in, whatever it says: fetched, read, compared and published by the same steps. */
export interface Feed {
  readonly id: string;
  readonly title: string;
  readonly urls: readonly string[];
  readonly list?: Source['list'];
  readonly changes?: Source['changes'];
  readonly repeats?: Source['repeats'];
  readonly interval: number;
  readonly floor: number;
  readonly shelf: Shelf;
  /** Whether two threads may share it: its records one by one when it is an archive of them, its files, or neither. */
  readonly splits: 'records' | 'files' | 'never';
  /** Whether what it replaces is kept for "as of". EPSS scores every CVE anew each day, and yesterday's numbers answer nothing. */
  readonly hasHistory: boolean;
  read(records: AsyncIterable<FeedRecord>, context: ParseContext): AsyncIterable<Reading>;
}

const none = { affected: [], severity: 0, names: [] } as const;

/** Everything the platform takes in. */
export const feeds: readonly Feed[] = [
  ...sources.map(({ id, title, repeats, urls, list, changes, interval, floor, parse }): Feed => ({
    id, title, ...(repeats && { repeats }), urls, ...(list && { list }), ...(changes && { changes }), interval, floor, shelf: 'advisories', hasHistory: true, splits: parse === parseOsv ? 'records' : 'never',
    async *read(records, context) {
      for await (const reading of parse(records, context)) yield reading.kind === 'rejected' ? reading : { kind: 'made', made: madeOfAdvisory(reading.advisory) };
    },
  })),
  ...enrichmentSources.map(({ id, title, urls, interval, floor, parse }): Feed => ({
    id, title, urls, interval, floor, shelf: 'enrichments', hasHistory: id !== 'epss', splits: id === 'nvd' ? 'files' : id === 'cve5' ? 'records' : 'never',
    async *read(records, context) {
      for await (const reading of parse(records, context)) yield reading.kind === 'rejected' ? reading : { kind: 'made', made: { ...none, key: reading.enrichment.cve, body: jsonText(reading.enrichment) } };
    },
  })),
  ...statementSources.map(({ id, title, urls, interval, floor, parse }): Feed => ({
    id, title, urls, interval, floor, shelf: 'statements', hasHistory: true, splits: 'never',
    async *read(records, context) {
      for await (const reading of parse(records, context)) yield reading.kind === 'rejected' ? reading : { kind: 'made', made: { ...none, key: reading.key, names: [...new Set([reading.statement.id, ...reading.statement.aliases])], body: jsonText(reading.statement) } };
    },
  })),
];

const byId = new Map(feeds.map((feed) => [feed.id, feed]));

/** The entry with this id, or Problem `source-missing`. */
export function feedOf(id: string): Feed {
  const feed = byId.get(id);
  if (!feed) throw new Problem('missing', `no source ${id}; \`plimsoll feeds --all\` lists them`, { code: 'source-missing' });
  return feed;
}

function madeOfAdvisory(advisory: Advisory): Made {
  const { affected, ...head } = advisory;
  return { key: advisory.key, body: jsonText(head), affected, severity: severityRank(advisory), names: [] };
}

/** The worst that is said of it anywhere; `unknown` when nothing is. */
function severityRank({ affected, severity, severities }: Advisory): number {
  const words = affected.flatMap((entry) => entry.severity ?? []);
  if (severity !== undefined) words.push(severity);
  const scores = severities.flatMap(({ score }) => score ?? []);
  if (words.length === 0 && scores.length > 0) words.push(severityOf(Math.max(...scores)));
  return words.length === 0 ? Severity.options.indexOf('unknown') : Math.min(...words.map((word) => Severity.options.indexOf(word)));
}

/** JSON without U+0000: no text of Postgres can hold it, and no word of an advisory needs it. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value);
  return text.includes('\\u0000') ? JSON.stringify(value, (_key, part: unknown) => typeof part === 'string' ? part.replaceAll('\0', '') : part) : text;
}
