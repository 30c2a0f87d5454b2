import { invalid } from '@plimsoll/problem';
import { type FeedLimits, type FeedRecord, notJson } from './feed.ts';

/** One member of a big JSON object or one element of a big array: its key (index for arrays), and its text, parsed when asked for. */
export interface JsonMember {
  readonly key: string;
  readonly bytes: Uint8Array;
}

const QUOTE = 0x22, BACKSLASH = 0x5c, OPEN_OBJECT = 0x7b, CLOSE_OBJECT = 0x7d, OPEN_ARRAY = 0x5b, CLOSE_ARRAY = 0x5d, COMMA = 0x2c, COLON = 0x3a;

/**
 * The members of a JSON object or array too big to hold, one after another; memory is one member.
 * `path` first walks into nested objects: `['packages']` gives the members of `{"packages": …}`, and other
 * members of the outer objects go to `aside`.
 * Problems: `feed-empty`, `feed-not-json`, `feed-malformed`, `feed-truncated`, `record-too-large` with the member's key.
 */
export async function* jsonMembers(record: FeedRecord, limits: Pick<FeedLimits, 'recordBytes'>, path: readonly string[] = [], aside: (member: JsonMember) => void = () => {}): AsyncGenerator<JsonMember> {
  const reader = new Reader(record, limits.recordBytes);
  let opener = await reader.open();
  for (const step of path) {
    if (opener !== OPEN_OBJECT) throw reader.malformed(`an object with '${step}'`);
    for (;;) {
      const key = await reader.key();
      if (key === undefined) throw invalid('feed-malformed', `${record.name} has no '${step}'`);
      if (key === step) break;
      aside({ key, bytes: await reader.value() });
      await reader.separator(CLOSE_OBJECT);
    }
    opener = await reader.open();
  }
  if (opener === OPEN_OBJECT) {
    for (let key = await reader.key(); key !== undefined; key = await reader.key()) {
      yield { key, bytes: await reader.value(key) };
      await reader.separator(CLOSE_OBJECT);
    }
  } else if (opener === OPEN_ARRAY) {
    for (let index = 0; !(await reader.ends(CLOSE_ARRAY)); index++) {
      yield { key: String(index), bytes: await reader.value(String(index)) };
      await reader.separator(CLOSE_ARRAY);
    }
  } else throw reader.malformed('an object or an array');
  for (let depth = path.length; depth > 0; depth--) {
    await reader.separator(CLOSE_OBJECT);
    for (let key = await reader.key(); key !== undefined; key = await reader.key()) {
      aside({ key, bytes: await reader.value() });
      await reader.separator(CLOSE_OBJECT);
    }
  }
  await reader.finish();
}

/** A window over the bytes still unread. Values are found by counting brackets outside strings; JSON.parse does the checking. */
class Reader {
  readonly #record: FeedRecord;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #limit: number;
  #window: Buffer = Buffer.alloc(0);
  #at = 0;
  #ended = false;
  #seen = 0;

  constructor(record: FeedRecord, limit: number) {
    this.#record = record;
    this.#chunks = record.chunks[Symbol.asyncIterator]();
    this.#limit = limit;
  }

  malformed(expected: string): Error {
    return invalid('feed-malformed', `${this.#record.name}: expected ${expected} at byte ${this.#seen - this.#window.length + this.#at}`);
  }

  /** Consumes the opening bracket of the next value and says which it is. */
  async open(): Promise<number> {
    const byte = await this.#peek();
    if (byte !== OPEN_OBJECT && byte !== OPEN_ARRAY) {
      if (this.#seen === this.#window.length) {
        while (this.#window.length < 256 && await this.#more());
        throw notJson(this.#record.name, this.#window.subarray(this.#at));
      }
      throw this.malformed('{ or [');
    }
    this.#at++;
    return byte;
  }

  /** The next member's key with its colon consumed, or undefined at the end of the object. */
  async key(): Promise<string | undefined> {
    if (await this.ends(CLOSE_OBJECT)) return undefined;
    if (await this.#peek() !== QUOTE) throw this.malformed('a key');
    const key: unknown = JSON.parse(Buffer.from(await this.value()).toString('utf8'));
    if (await this.#peek() !== COLON) throw this.malformed("':'");
    this.#at++;
    return String(key);
  }

  /** True, and consumes it, when the closing bracket is next. */
  async ends(close: number): Promise<boolean> {
    if (await this.#peek() !== close) return false;
    this.#at++;
    return true;
  }

  /** After a member: a comma is consumed, a closing bracket is left. */
  async separator(close: number): Promise<void> {
    const byte = await this.#peek();
    if (byte === COMMA) this.#at++;
    else if (byte !== close) throw this.malformed("',' or a closing bracket");
  }

  /** Nothing but white space may follow. */
  async finish(): Promise<void> {
    for (;;) {
      while (this.#at < this.#window.length) {
        if (!isSpace(this.#window[this.#at]!)) throw this.malformed('nothing more');
        this.#at++;
      }
      if (!(await this.#more())) return;
    }
  }

  /** The bytes of the next value, whole. The slice is valid until the next call. */
  async value(name = ''): Promise<Uint8Array> {
    const first = await this.#peek();
    let start = this.#at, at = start, depth = 0, inString = false;
    for (;;) {
      const window = this.#window, end = window.length;
      while (at < end) {
        if (inString) {
          // Most of a feed is text: looked through by machine, and a quote behind an odd number of backslashes is part of it.
          const quote = window.indexOf(QUOTE, at);
          if (quote < 0) { at = end; break; }
          let run = quote;
          while (window[run - 1] === BACKSLASH) run--;
          at = quote + 1;
          if ((quote - run) % 2 === 1) continue;
          inString = false;
          if (depth === 0) return this.#take(start, at);
          continue;
        }
        const byte = window[at]!;
        if (byte === QUOTE) inString = true;
        else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth++;
        else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
          if (depth === 0) return this.#take(start, at);
          if (--depth === 0) return this.#take(start, at + 1);
        } else if (depth === 0 && first !== QUOTE && (byte === COMMA || isSpace(byte))) return this.#take(start, at);
        at++;
      }
      if (at - start > this.#limit) throw invalid('record-too-large', `${this.#record.name}: member '${name.slice(0, 100)}' has more than ${this.#limit} bytes`);
      this.#at = start;
      if (!(await this.#more())) throw invalid('feed-truncated', `${this.#record.name} ends in the middle of a value after ${this.#seen} bytes`);
      // #more dropped what was before the value.
      at -= start;
      start = 0;
    }
  }

  #take(from: number, to: number): Uint8Array {
    this.#at = to;
    return this.#window.subarray(from, to);
  }

  async #peek(): Promise<number> {
    for (;;) {
      while (this.#at < this.#window.length) {
        const byte = this.#window[this.#at]!;
        // A byte order mark is no JSON, and publishers send it.
        if (!isSpace(byte) && !(this.#at < 3 && this.#seen === this.#window.length && (byte === 0xef || byte === 0xbb || byte === 0xbf))) return byte;
        this.#at++;
      }
      if (!(await this.#more())) {
        if (this.#seen === 0) throw notJson(this.#record.name, new Uint8Array(0));
        throw invalid('feed-truncated', `${this.#record.name} ends in the middle after ${this.#seen} bytes`);
      }
    }
  }

  /** Reads on, keeping what is unread; doubles the read-ahead while one value spans chunks, so that joining stays linear. */
  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    const kept = this.#window.subarray(this.#at);
    const parts: Uint8Array[] = [kept];
    let size = kept.length;
    do {
      const next = await this.#chunks.next();
      if (next.done === true) { this.#ended = true; break; }
      parts.push(next.value);
      size += next.value.length;
      this.#seen += next.value.length;
    } while (size < 2 * kept.length);
    const grew = size > kept.length;
    this.#window = parts.length === 2 && kept.length === 0 ? bufferOf(parts[1]!) : Buffer.concat(parts, size);
    this.#at = 0;
    return grew || (!this.#ended && await this.#more());
  }
}

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
