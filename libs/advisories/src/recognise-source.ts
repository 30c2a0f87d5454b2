import { Problem } from '@plimsoll/problem';
import { parseAlpineSecDb } from './alpine-secdb.ts';
import { parseArch } from './arch.ts';
import { parseBodhi } from './bodhi.ts';
import { parseCsaf } from './csaf.ts';
import { parseCvrf } from './cvrf.ts';
import { parseDebianChangelogs } from './debian-changelogs.ts';
import { parseDebianLists } from './debian-lists.ts';
import { parseDebianTracker } from './debian-tracker.ts';
import { familyOf } from './ecosystem.ts';
import { parseAlmaErrata, parseRockyErrata } from './errata.ts';
import type { FeedRecord, Parser } from './feed.ts';
import { parseGlsa } from './gentoo-glsa.ts';
import { parseOsv } from './osv.ts';
import { parseOval } from './oval.ts';
import { parsePhotonCves } from './photon-cves.ts';
import { parseRedHatCves } from './redhat-cves.ts';
import { leastRecords, sourceOf, sources } from './sources.ts';
import { parseUbuntuCveTracker } from './ubuntu-cve-tracker.ts';
import { parseUbuntuCves } from './ubuntu-cves.ts';
import { parseUbuntuNotices, parseUsnDatabase } from './ubuntu-notices.ts';
import { parseUbuntuVex } from './ubuntu-vex.ts';
import { parseUpdateInfo } from './updateinfo.ts';
import { parseVuXml } from './vuxml.ts';

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
  if (format === parseAlpineSecDb) return { id: name, parse: branchByBranch(await wholeBranches(records)) };
  if (format === parseOsv) return { id: await osvSource(records) ?? name, parse: format };
  return { id: await publication(format, records) ?? name, parse: format };
}

/** What a record of a publication looks like, and how many there must be, where several publications share a format. */
const publications: readonly { readonly parse: Parser; readonly id: string; readonly record: RegExp; readonly least?: number }[] = [
  { parse: parseDebianTracker, id: 'debian-tracker', record: /"(?:CVE|TEMP)-[\w-]+"\s*:\s*\{/g },
  { parse: parseDebianLists, id: 'debian-lists', record: /^\[[^\]]+\] D(?:SA|LA)-\d+/gm },
  { parse: parseDebianChangelogs, id: 'debian-changelogs', record: /"CVE-[\w-]+"\s*:\s*\{\s*"version"/g },
  { parse: parseUbuntuCveTracker, id: 'ubuntu-cve-tracker', record: /^Candidate:\s*CVE-/gm },
  ...([['azure-linux-oval', 'com\\.microsoft\\.[\\w.]+'], ['oracle-oval', 'com\\.oracle\\.elsa'], ['redhat-oval', 'com\\.redhat\\.\\w+'], ['almalinux-oval', 'org\\.almalinux\\.\\w+'], ['debian-oval', 'org\\.debian'], ['suse-oval', 'org\\.opensuse\\.security']] as const)
    .map(([id, namespace]) => ({ parse: parseOval, id, record: new RegExp(`<definition\\s[^>]*id="oval:${namespace}:def:`, 'g') })),
  // The whole of Photon 3 has 222.
  { parse: parseOval, id: 'photon-oval', record: /<definition\s[^>]*id="oval:com\.vmware\.[\w.-]+:def:/g, least: 200 },
  { parse: parseOval, id: 'ubuntu-oval', record: /<definition\s[^>]*id="oval:com\.ubuntu\.\w+:def:/g },
  { parse: parseUbuntuVex, id: 'ubuntu-vex', record: /"@id"\s*:\s*"https:\/\/github\.com\/canonical\/ubuntu-security-notices/g },
  { parse: parseUsnDatabase, id: 'ubuntu-notices', record: /"isummary"\s*:/g },
  { parse: parseUbuntuCves, id: 'ubuntu-cves', record: /"statuses"\s*:/g },
  { parse: parseUbuntuNotices, id: 'ubuntu-notice-pages', record: /"release_packages"\s*:/g },
  { parse: parseRedHatCves, id: 'redhat-cves', record: /"threat_severity"\s*:/g },
  { parse: parseBodhi, id: 'fedora-bodhi', record: /"updateid"\s*:/g },
  { parse: parsePhotonCves, id: 'photon-cves', record: /"cve_id"\s*:/g },
  ...(['redhat-vex', 'suse-vex', 'redhat-csaf', 'suse-csaf', 'openeuler-csaf'] as const).map((id) => {
    const [publisher, kind] = id.split('-') as ['redhat' | 'suse' | 'openeuler', string];
    return { parse: parseCsaf, id, record: new RegExp(`"category"\\s*:\\s*"csaf_${kind === 'vex' || publisher === 'openeuler' ? 'vex' : 'security_advisory'}"[^]{0,4000}"namespace"\\s*:\\s*"https://www\\.${{ redhat: 'redhat\\.com', suse: 'suse\\.com', openeuler: 'openeuler\\.org' }[publisher]}`, 'g') };
  }),
  ...([['suse-cvrf', 'SUSE '], ['openeuler-cvrf', 'openEuler '], ['redhat-cvrf', 'Red Hat']] as const).map(([id, issuer]) => ({ parse: parseCvrf, id, record: new RegExp(`<IssuingAuthority>[^<]*${issuer}`, 'g') })),
  { parse: parseAlmaErrata, id: 'almalinux-errata', record: /"id"\s*:\s*"AL[BES]A-/g },
  { parse: parseRockyErrata, id: 'rocky-errata', record: /"name"\s*:\s*"RL[BES]A-/g },
  ...(['1', '2', '2023'] as const).map((release) => ({ parse: parseUpdateInfo, id: `amazon-${release}`, record: new RegExp(`<id>ALAS${release === '1' ? '' : release}-\\d{4}-`, 'g') })),
  { parse: parseArch, id: 'arch', record: /"name"\s*:\s*"AVG-\d+"/g },
  { parse: parseGlsa, id: 'gentoo-glsa', record: /<glsa\s+id="\d+-\d+"/g },
  { parse: parseVuXml, id: 'freebsd-vuxml', record: /<vuln\s+vid="/g },
];

/** The one publication of a format that the records are enough of; of several (Fedora's releases in one bundle) none. */
async function publication(format: Parser, records: AsyncIterable<FeedRecord>): Promise<string | undefined> {
  const possible = [...publications, ...sources.flatMap(({ id, parse, record, least }) => record ? [{ id, parse, record, ...(least === undefined ? {} : { least }) }] : [])].filter(({ parse }) => parse === format).map((one) => ({ ...one, found: 0 }));
  if (possible.length === 0) return undefined;
  for await (const record of records) {
    for await (const text of windows(record)) for (const one of possible) for (const match of text.whole.matchAll(one.record)) if (match.index + match[0].length > text.known) one.found++;
  }
  const enough = possible.filter(({ found, least }) => found >= (least ?? leastRecords));
  return enough.length === 1 ? enough[0]!.id : undefined;
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

const overlap = 4096;

/** Matches of a pattern in a record's text, each once, wherever its chunks break. */
async function* matches(record: FeedRecord, pattern: RegExp): AsyncGenerator<RegExpExecArray> {
  for await (const { whole, known } of windows(record)) for (const match of whole.matchAll(pattern)) if (match.index + match[0].length > known) yield match;
}

/** A record's text chunk by chunk, each with the end of the one before, whose length is `known`. */
async function* windows({ chunks }: FeedRecord): AsyncGenerator<{ whole: string; known: number }> {
  let tail = '';
  try {
    for await (const chunk of chunks) {
      const whole = tail + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString('latin1');
      yield { whole, known: tail.length };
      tail = whole.slice(-overlap);
    }
  } catch (error) {
    // A record that cannot be read is set aside by the parser; a feed that cannot is no feed.
    if (!(error instanceof Problem && error.code?.startsWith('record-'))) throw error;
  }
}
