import { basename } from 'node:path';
import { parseAlpineSecDb } from './alpine-secdb.ts';
import { parseDebianTracker } from './debian-tracker.ts';
import { defaultFeedLimits, type Parser } from './feed.ts';
import { parseOsv } from './osv.ts';
import { type Recognised, recogniseSource } from './recognise-source.ts';
import { recordsOf } from './records-of.ts';

/** What the first record of a format looks like, in its first 64 KiB. */
const signs: readonly (readonly [Parser, RegExp])[] = [
  [parseAlpineSecDb, /"distroversion"|^distroversion:|"secfixes"\s*:/m],
  [parseDebianTracker, /^\s*\{\s*"[^"]+"\s*:\s*\{\s*"(?:CVE|TEMP)-[^"]+"\s*:\s*\{[^]*"releases"\s*:/],
  // CVE records, CSAF, OpenVEX and CycloneDX speak of "affected" and "modified" too.
  [parseOsv, /^\s*\{(?![^]*"(?:cveMetadata|csaf_version|@context|bomFormat)"\s*:)[^]*"(?:affected|modified)"\s*:|^id:\s[^]*^(?:affected|modified):/m],
];
const headBytes = 64 * 1024, recordsLookedAt = 20;

/** Tells from a feed's content which parser reads it and which source it is; undefined when none reads it. A source that cannot be told is named after the file. */
export async function detectFeed(path: string): Promise<Recognised | undefined> {
  const format = await formatOf(path);
  return format && recogniseSource(format, recordsOf(path, defaultFeedLimits), basename(path).replace(/\.(zip|tar|json|ya?ml|zst|gz|tgz)/g, '').toLowerCase().replace(/[^a-z0-9-]+/g, '-'));
}

async function formatOf(path: string): Promise<Parser | undefined> {
  let looked = 0;
  for await (const { name, chunks } of recordsOf(path, defaultFeedLimits)) {
    if (++looked > recordsLookedAt) break;
    if (!/\.(json|ya?ml)$|^[^.]+$/i.test(name)) { for await (const _ of chunks) void _; continue; }
    let head = '';
    for await (const chunk of chunks) if (head.length < headBytes) head += Buffer.from(chunk).toString('latin1');
    const found = signs.find(([, sign]) => sign.test(head.slice(0, headBytes)));
    if (found) return found[0];
  }
  return undefined;
}
