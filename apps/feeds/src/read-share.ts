import { hash } from 'node:crypto';
import { codeStamp, defaultFeedLimits, recordsOf, type FeedRecord } from '@plimsoll/advisories';
import { Problem } from '@plimsoll/problem';
import { CopyLines, copyText } from './copy-lines.ts';
import { feedOf, jsonText, type Feed, type Made } from './feed-table.ts';
import { KnownRecords, saidGone, seenChanged, seenSame } from './known-records.ts';
import { readBundle } from './read-bundle.ts';
import type { ReadingBatch, ReadingDone, ReadingJob } from './read-in-threads.ts';

/** Bytes of a batch. */
const batchSize = 512 * 1024;

/** Reads its share of a feed: what is new goes to `send` as lines for COPY, what is known already is only marked. */
export async function readShare(job: ReadingJob, send: (batch: ReadingBatch) => Promise<void>): Promise<ReadingDone> {
  const share = new Share(job);
  for await (const reading of share.readings()) {
    share.take(reading);
    if (share.isFull()) await send(share.batch());
  }
  await send(share.batch());
  return share.done;
}

type Readings<T> = T extends AsyncIterable<infer One> ? One : never;
type ShareReading = Readings<ReturnType<Feed['read']> | ReturnType<typeof readBundle>>;

class Share {
  readonly done: ReadingDone = { rows: 0, rejected: 0, problems: {}, keptAside: [], ecosystems: {}, refreshed: [] };
  readonly #job: ReadingJob;
  readonly #feed: Feed;
  readonly #known: KnownRecords;
  readonly #stamp = codeStamp();
  readonly #records = new CopyLines();
  readonly #affected = new CopyLines();
  /** Of the file that is being read, when it is one record. */
  #raw: Buffer | undefined;

  constructor(job: ReadingJob) {
    this.#job = job;
    this.#feed = feedOf(job.source);
    this.#known = new KnownRecords(job.known.size, job.known.memory);
  }

  readings(): ReturnType<Feed['read']> | ReturnType<typeof readBundle> {
    const feed = this.#feed, { files, isBundle } = this.#job;
    return isBundle ? readBundle(feed, files) : feed.read(this.#own(), { source: feed.id, limits: defaultFeedLimits, isKnown: (bytes) => this.#isKnown(bytes) });
  }

  take(reading: ShareReading): void {
    if (reading.kind === 'made') this.#take(reading.made);
    else if (reading.kind === 'gone') this.#forget(reading.key);
    else this.#reject(reading.record, reading.problem, reading.excerpt);
    this.#raw = undefined;
    if (this.done.rows + this.done.rejected > defaultFeedLimits.records) throw new Problem('invalid', `${this.#feed.id} has more than ${defaultFeedLimits.records} records`, { code: 'feed-too-many-records' });
  }

  isFull(): boolean { return this.#records.size + this.#affected.size >= batchSize; }

  /** What is new since the last one. */
  batch(): ReadingBatch { return { records: this.#records.take(), affected: this.#affected.take() }; }

  /** Its own part of the records: every n-th, or every n-th file. */
  async *#own(): AsyncGenerator<FeedRecord> {
    const { files, split, part, of } = this.#job;
    let place = 0;
    for (const [n, file] of files.entries()) {
      if (split === 'files' && n % of !== part) continue;
      for await (const record of recordsOf(file, defaultFeedLimits)) if (split !== 'records' || place++ % of === part) yield record;
    }
  }

  #isKnown(bytes: Uint8Array): boolean {
    this.#raw = Buffer.from(hash('sha256', Buffer.concat([this.#stamp, bytes]), 'buffer').subarray(0, 16));
    const at = this.#known.ofRaw(this.#raw);
    if (at < 0) return false;
    this.#known.see(at, seenSame);
    return true;
  }

  #take(made: Made): void {
    const { done } = this, job = this.#job, feed = this.#feed, raw = this.#raw;
    const entries = made.affected.map(jsonText);
    const content = hash('sha256', [made.body, ...entries].join('\n'), 'buffer').subarray(0, 16);
    const key = plain(made.key), at = this.#known.ofKey(key);
    if (at >= 0 && this.#known.hasContent(at, content)) {
      this.#known.see(at, seenSame);
      if (raw) done.refreshed.push([this.#known.id(at), raw.toString('hex')]);
      return;
    }
    if (at >= 0) this.#known.see(at, seenChanged);
    const id = job.base + done.rows++ * job.of + job.part;
    if (done.rows * job.of > job.room) throw new Problem('invalid', `${feed.id} has more records than there are ids for one ingest`, { code: 'feed-too-many-records' });
    const own = feed.shelf === 'advisories' ? [String(made.severity), made.body] : feed.shelf === 'statements' ? [`{${made.names.map(arrayItem).join(',')}}`, made.body] : [made.body];
    this.#records.add(`${id}\t${copyText(feed.id)}\t${copyText(key)}\t\\\\x${content.toString('hex')}\t${raw ? `\\\\x${raw.toString('hex')}` : '\\N'}\t${job.revision}\t${own.map(copyText).join('\t')}\n`);
    made.affected.forEach(({ ecosystem, name }, place) => this.#affected.add(`${id}\t${place}\t${copyText(plain(ecosystem))}\t${copyText(plain(name))}\t${copyText(entries[place]!)}\n`));
    for (const ecosystem of new Set(made.affected.map((entry) => entry.ecosystem))) done.ecosystems[ecosystem] = (done.ecosystems[ecosystem] ?? 0) + 1;
  }

  #forget(key: string): void {
    const at = this.#known.ofKey(key);
    if (at < 0) throw new Problem('conflict', `${this.#feed.id}: ${key.slice(0, 200)} is said to be gone and is not here; the bundle is a difference to something else`, { code: 'bundle-base-differs' });
    this.#known.see(at, saidGone);
  }

  #reject(record: string, problem: Problem, excerpt: string): void {
    const { done } = this, code = problem.code ?? problem.kind;
    done.rejected++;
    done.problems[code] = (done.problems[code] ?? 0) + 1;
    if (done.keptAside.length < this.#job.keptAside) done.keptAside.push({ record: record.slice(0, 1000), code, detail: problem.detail.slice(0, 4000), excerpt });
  }
}

function plain(text: string): string { return text.includes('\0') ? text.replaceAll('\0', '') : text; }
function arrayItem(text: string): string { return `"${plain(text).replace(/["\\]/g, '\\$&')}"`; }
