import { invalid } from '@plimsoll/problem';
import type { FeedLimits, FeedRecord } from './feed.ts';

const block = 512;

/**
 * The regular files of a tar stream, one after another (POSIX.1-2017 pax, GNU long names, base-256 sizes).
 * A file's chunks may be left unread. Problems: `feed-truncated`, `feed-malformed`, `feed-too-many-records`.
 */
export async function* tarRecords(name: string, chunks: AsyncIterable<Uint8Array>, limits: FeedLimits): AsyncGenerator<FeedRecord> {
  const source = new Source(name, chunks);
  let longName: string | undefined, longSize: number | undefined, count = 0;
  for (;;) {
    const header = await source.exactly(block);
    // What follows is padding, read all the same: the packing's last checksum comes behind it.
    if (header.every((byte) => byte === 0)) return source.toEnd();
    checkSum(name, header);
    const size = longSize ?? number(header, 124, 12);
    const type = String.fromCharCode(header[156]!);
    longSize = undefined;
    if (type === 'x' || type === 'L' || type === 'K' || type === 'g') {
      if (size > 64 * 1024) throw invalid('feed-malformed', `${name}: a tar name record of ${size} bytes`);
      const body = await source.exactly(size);
      await source.skip(padding(size));
      if (type === 'L') longName = text(body, 0, body.length);
      if (type === 'x') {
        const pax = paxRecords(body);
        longName = pax.get('path') ?? longName;
        longSize = pax.has('size') ? Number(pax.get('size')) : undefined;
      }
      continue;
    }
    const prefix = text(header, 257, 5) === 'ustar' && header[262] === 0 ? text(header, 345, 155) : '';
    const path = longName ?? (prefix === '' ? '' : `${prefix}/`) + text(header, 0, 100);
    longName = undefined;
    const isFile = type === '0' || type === '\0' || type === '7';
    if (isFile) {
      if (++count > limits.records) throw invalid('feed-too-many-records', `${name} has more than ${limits.records} files`);
      if (path.length > limits.nameBytes) throw invalid('feed-malformed', `${name}: a file name of ${path.length} characters`);
      const body = new Body(source, size);
      yield { name: path.replace(/^\.\//, ''), chunks: body.chunks() };
      await body.drain();
    } else await source.skip(size);
    await source.skip(padding(size));
  }
}

/** Takes bytes off a chunk stream in exact amounts. */
class Source {
  readonly name: string;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  constructor(name: string, chunks: AsyncIterable<Uint8Array>) { this.name = name; this.#chunks = chunks[Symbol.asyncIterator](); }

  /** Between one byte and `most`, whatever is at hand. */
  async some(most: number): Promise<Uint8Array> {
    while (this.#chunk.length === 0) {
      const next = await this.#chunks.next();
      if (next.done === true) throw invalid('feed-truncated', `${this.name}: the tar archive ends early`);
      this.#chunk = next.value;
    }
    const piece = this.#chunk.subarray(0, most);
    this.#chunk = this.#chunk.subarray(piece.length);
    return piece;
  }
  async toEnd(): Promise<void> {
    for (this.#chunk = new Uint8Array(0); (await this.#chunks.next()).done !== true;);
  }
  async exactly(size: number): Promise<Uint8Array> {
    const first = size === 0 ? new Uint8Array(0) : await this.some(size);
    if (first.length === size) return first;
    const whole = new Uint8Array(size);
    whole.set(first);
    for (let at = first.length; at < size;) {
      const piece = await this.some(size - at);
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }
  async skip(size: number): Promise<void> {
    for (let left = size; left > 0;) left -= (await this.some(left)).length;
  }
}

class Body {
  readonly #source: Source;
  #left: number;
  constructor(source: Source, size: number) { this.#source = source; this.#left = size; }
  async *chunks(): AsyncGenerator<Uint8Array> {
    while (this.#left > 0) {
      const piece = await this.#source.some(this.#left);
      this.#left -= piece.length;
      yield piece;
    }
  }
  async drain(): Promise<void> { await this.#source.skip(this.#left); this.#left = 0; }
}

const padding = (size: number): number => (block - size % block) % block;

function text(bytes: Uint8Array, from: number, length: number): string {
  const end = bytes.indexOf(0, from);
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, Math.min(length, end < 0 ? length : end - from)).toString('utf8');
}

function number(header: Uint8Array, from: number, length: number): number {
  if ((header[from]! & 0x80) !== 0) {
    let value = 0;
    for (let at = from + 4; at < from + length; at++) value = value * 256 + header[at]!;
    return value;
  }
  return Number.parseInt(text(header, from, length).trim() || '0', 8);
}

function checkSum(name: string, header: Uint8Array): void {
  let sum = 8 * 0x20;
  for (let at = 0; at < block; at++) if (at < 148 || at >= 156) sum += header[at]!;
  if (number(header, 148, 8) !== sum) throw invalid('feed-malformed', `${name}: a tar header with a wrong checksum`);
}

function paxRecords(body: Uint8Array): Map<string, string> {
  const records = new Map<string, string>();
  const whole = Buffer.from(body);
  for (let at = 0; at < whole.length;) {
    const space = whole.indexOf(0x20, at), length = Number(whole.toString('latin1', at, space));
    if (!(length > 0) || space < 0) break;
    const [key, ...value] = whole.toString('utf8', space + 1, at + length - 1).split('=');
    if (key !== undefined) records.set(key, value.join('='));
    at += length;
  }
  return records;
}
