import { Problem } from '@plimsoll/problem';
import { parseAlpineSecDb } from './alpine-secdb.ts';
import { parseDebianTracker } from './debian-tracker.ts';
import { familyOf } from './ecosystem.ts';
import type { FeedRecord, Parser } from './feed.ts';
import { parseFriendsOfPhp } from './friendsofphp.ts';
import { parseOsv } from './osv.ts';
import { parseRubySec } from './rubysec.ts';
import { leastRecords, sourceOf, sources } from './sources.ts';
import { parseUbuntuCveTracker } from './ubuntu-cve-tracker.ts';

/** A feed's name, which its advisories carry, and its reader. */
export interface Recognised { readonly id: string; readonly parse: Parser }

/**
 * Which source of the table a feed of a known format is a publication of, by what is in it: enough records, and no doubt
 * about whose. Otherwise it keeps the name given. One look over the text, without parsing: some 3 % of reading it.
 */
export async function recogniseSource(format: Parser, records: AsyncIterable<FeedRecord>, name: string): Promise<Recognised> {
  const taken = sourceOf(name);
  // A file called after a source is not thereby the source.
  if (taken !== undefined && taken.covers.length > 0) name = `${name}-file`;
  switch (format) {
    case parseAlpineSecDb: return { id: name, parse: branchByBranch(await wholeBranches(records)) };
    case parseDebianTracker: return { id: await count(records, /"(?:CVE|TEMP)-[\w-]+"\s*:\s*\{/g) >= leastRecords ? 'debian-tracker' : name, parse: format };
    case parseUbuntuCveTracker: return { id: await count(records, /^Candidate:\s*CVE-/gm) >= leastRecords ? 'ubuntu-cve-tracker' : name, parse: format };
    case parseRubySec: return { id: await count(records, /^(?:gem|engine):/gm) >= leastRecords ? 'rubysec' : name, parse: format };
    case parseFriendsOfPhp: return { id: await count(records, /^reference:\s*['"]?composer:\/\//gm) >= leastRecords ? 'friendsofphp' : name, parse: format };
    default: return { id: await osvSource(records) ?? name, parse: format };
  }
}

/** Publications by ecosystem take in every record that speaks of it, whatever else the record speaks of: the family that all name is whose it is. */
async function osvSource(records: AsyncIterable<FeedRecord>): Promise<string | undefined> {
  let common: Set<string> | undefined, count = 0;
  for await (const record of records) {
    if (!/\.(json|ya?ml)$/i.test(record.name)) { for await (const _ of record.chunks) void _; continue; }
    const named = new Set<string>();
    for await (const [, ecosystem] of matches(record, /(?:"ecosystem"\s*:\s*"|^[\s-]*ecosystem:\s*["']?)([^"'\\\r\n]{1,80})/gm)) named.add(familyOf(ecosystem!));
    if (named.size === 0) continue;
    count++;
    common = common === undefined ? named : new Set([...common].filter((family) => named.has(family)));
  }
  if (count < leastRecords || common?.size !== 1) return undefined;
  return sources.find(({ parse, covers }) => parse === parseOsv && covers.length === 1 && common.has(covers[0]!))?.id;
}

async function count(records: AsyncIterable<FeedRecord>, pattern: RegExp): Promise<number> {
  let found = 0;
  for await (const record of records) for await (const _ of matches(record, pattern)) found++;
  return found;
}

async function wholeBranches(records: AsyncIterable<FeedRecord>): Promise<ReadonlySet<string>> {
  const counts = new Map<string, number>();
  for await (const record of records) {
    let branch = '', ids = 0;
    for await (const [, version] of matches(record, /\bdistroversion"?\s*:\s*["']?([\w.]+)|\bCVE-\d{4}-\d/g)) if (version === undefined) ids++; else branch = version;
    counts.set(branch, (counts.get(branch) ?? 0) + ids);
  }
  return new Set([...counts].filter(([branch, ids]) => ids >= leastRecords || sourceOf(`alpine-${branch}`) === undefined).map(([branch]) => branch));
}

/** A bundle of branches is as many sources. */
const branchByBranch = (whole: ReadonlySet<string>): Parser => async function* (records, context) {
  for await (const reading of parseAlpineSecDb(records, context)) {
    const branch = reading.kind === 'advisory' ? reading.advisory.affected[0]!.ecosystem.replace('Alpine:', '') : '';
    yield reading.kind === 'advisory' && whole.has(branch) ? { ...reading, advisory: { ...reading.advisory, source: `alpine-${branch}` } } : reading;
  }
};

const overlap = 256;

/** Matches of a pattern in a record's text, each once, wherever its chunks break. */
async function* matches({ chunks }: FeedRecord, pattern: RegExp): AsyncGenerator<RegExpExecArray> {
  let tail = '';
  try {
    for await (const chunk of chunks) {
      const text = tail + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString('latin1');
      for (const match of text.matchAll(pattern)) if (match.index + match[0].length > tail.length) yield match;
      tail = text.slice(-overlap);
    }
  } catch (error) {
    // A record that cannot be read is set aside by the parser; a feed that cannot is no feed.
    if (!(error instanceof Problem && error.code?.startsWith('record-'))) throw error;
  }
}
