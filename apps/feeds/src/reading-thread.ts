import { hash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { codeStamp, defaultFeedLimits, recordsOf, type FeedRecord } from '@plimsoll/advisories';
import { Problem } from '@plimsoll/problem';
import { feedOf, jsonText, type Made } from './feed-table.ts';
import { KnownRecords, saidGone, seenChanged, seenSame } from './known-records.ts';
import { readBundle } from './read-bundle.ts';
import type { ReadingDone, ReadingJob, ReadingNews } from './read-in-threads.ts';

// The thread of an ingest: reads its share of a feed and answers what is new as lines for COPY. What is known already is only marked.

const job = workerData as ReadingJob;
const feed = feedOf(job.source), known = new KnownRecords(job.known.size, job.known.memory), stamp = codeStamp();
/** Characters of a batch; two are under way while a third is made. */
const batchSize = 512 * 1024, ahead = 2;

const done: ReadingDone = { rows: 0, rejected: 0, problems: {}, keptAside: [], ecosystems: {}, refreshed: [] };
let records = '', affected = '', under = 0, next: () => void = () => undefined, raw: Buffer | undefined;

parentPort!.on('message', () => { under--; next(); });

try {
  for await (const reading of job.isBundle ? readBundle(feed, job.files) : feed.read(share(), { source: feed.id, limits: defaultFeedLimits, isKnown })) {
    if (reading.kind === 'made') take(reading.made);
    else if (reading.kind === 'gone') forget(reading.key);
    else reject(reading.record, reading.problem, reading.excerpt);
    raw = undefined;
    if (records.length + affected.length >= batchSize) await send();
    if (done.rows + done.rejected > defaultFeedLimits.records) throw new Problem('invalid', `${feed.id} has more than ${defaultFeedLimits.records} records`, { code: 'feed-too-many-records' });
  }
  await send();
  parentPort!.postMessage({ done } satisfies ReadingNews);
} catch (error) {
  const problem = error instanceof Problem ? error : new Problem('bug', error instanceof Error ? `${error.message}\n${error.stack}` : String(error));
  parentPort!.postMessage({ problem: problem.toJSON() } satisfies ReadingNews);
}
parentPort!.close();

/** Its own part of the records: every n-th, or every n-th file. */
async function* share(): AsyncGenerator<FeedRecord> {
  let place = 0;
  for (const [n, file] of job.files.entries()) {
    if (job.split === 'files' && n % job.of !== job.part) continue;
    for await (const record of recordsOf(file, defaultFeedLimits)) if (job.split !== 'records' || place++ % job.of === job.part) yield record;
  }
}

function isKnown(bytes: Uint8Array): boolean {
  raw = Buffer.from(hash('sha256', Buffer.concat([stamp, bytes]), 'buffer').subarray(0, 16));
  const at = known.ofRaw(raw);
  if (at < 0) return false;
  known.see(at, seenSame);
  return true;
}

function take(made: Made): void {
  const entries = made.affected.map(jsonText);
  const content = hash('sha256', [made.body, ...entries].join('\n'), 'buffer').subarray(0, 16);
  const key = plain(made.key), at = known.ofKey(key);
  if (at >= 0 && known.hasContent(at, content)) {
    known.see(at, seenSame);
    if (raw) done.refreshed.push([known.id(at), raw.toString('hex')]);
    return;
  }
  if (at >= 0) known.see(at, seenChanged);
  const id = job.base + done.rows++ * job.of + job.part;
  if (done.rows * job.of > job.room) throw new Problem('invalid', `${feed.id} has more records than there are ids for one ingest`, { code: 'feed-too-many-records' });
  const own = feed.shelf === 'advisories' ? [String(made.severity), made.body] : feed.shelf === 'statements' ? [`{${made.names.map(arrayItem).join(',')}}`, made.body] : [made.body];
  records += `${id}\t${copyText(feed.id)}\t${copyText(key)}\t\\\\x${content.toString('hex')}\t${raw ? `\\\\x${raw.toString('hex')}` : '\\N'}\t${job.revision}\t${own.map(copyText).join('\t')}\n`;
  made.affected.forEach(({ ecosystem, name }, place) => { affected += `${id}\t${place}\t${copyText(plain(ecosystem))}\t${copyText(plain(name))}\t${copyText(entries[place]!)}\n`; });
  for (const ecosystem of new Set(made.affected.map((entry) => entry.ecosystem))) done.ecosystems[ecosystem] = (done.ecosystems[ecosystem] ?? 0) + 1;
}

function forget(key: string): void {
  const at = known.ofKey(key);
  if (at < 0) throw new Problem('conflict', `${feed.id}: ${key.slice(0, 200)} is said to be gone and is not here; the bundle is a difference to something else`, { code: 'bundle-base-differs' });
  known.see(at, saidGone);
}

function reject(record: string, problem: Problem, excerpt: string): void {
  done.rejected++;
  const code = problem.code ?? problem.kind;
  done.problems[code] = (done.problems[code] ?? 0) + 1;
  if (done.keptAside.length < job.keptAside) done.keptAside.push({ record: record.slice(0, 1000), code, detail: problem.detail.slice(0, 4000), excerpt });
}

async function send(): Promise<void> {
  if (records === '') return;
  const batch = { records: encode(records), affected: encode(affected) };
  records = affected = '';
  parentPort!.postMessage({ batch } satisfies ReadingNews, [batch.records.buffer, batch.affected.buffer]);
  under++;
  while (under > ahead) await new Promise<void>((resolve) => { next = resolve; });
}

function encode(text: string): Uint8Array<ArrayBuffer> { return new TextEncoder().encode(text); }
function plain(text: string): string { return text.includes('\0') ? text.replaceAll('\0', '') : text; }
function arrayItem(text: string): string { return `"${plain(text).replace(/["\\]/g, '\\$&')}"`; }

/** COPY's text format: https://www.postgresql.org/docs/current/sql-copy.html, "Text Format". */
function copyText(text: string): string {
  return /[\\\n\r\t]/.test(text) ? text.replace(/[\\\n\r\t]/g, (character) => ({ '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' })[character]!) : text;
}
