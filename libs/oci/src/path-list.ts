import { invalid } from '@plimsoll/problem';

/** One path of a layer; everything but a directory hides whatever a lower layer has at or below it. */
export interface ListedPath { readonly path: string; readonly directory: boolean }

/**
 * The paths of a layer in the order met, in one buffer that can be stored or sent to another thread: about 20 bytes a path,
 * because each holds only what differs from the one before. Iterating is the only way to read it.
 */
export class PathList {
  readonly bytes: Uint8Array<ArrayBuffer>;

  constructor(bytes: Uint8Array<ArrayBuffer>) { this.bytes = bytes; }

  *[Symbol.iterator](): Generator<ListedPath> {
    const buffer = Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    let path = '';
    for (let at = 0; at < buffer.length;) {
      let head = 0, scale = 1, byte;
      do {
        byte = buffer[at++] ?? 0;
        head += (byte & 0x7f) * scale;
        scale *= 128;
      } while (byte > 127);
      const end = buffer.indexOf(0, at);
      if (end < 0) throw invalid('path-list-corrupt', 'a stored path list ends early');
      path = path.slice(0, head >>> 1) + buffer.toString('utf8', at, end);
      at = end + 1;
      yield { path, directory: (head & 1) === 1 };
    }
  }
}

/** Builds a PathList; one longer than `limit` bytes is Problem `limit-paths`. Each path: twice the characters shared with the one before, plus 1 for a directory, as a varint; the rest in UTF-8; NUL. */
export class PathListBuilder {
  private buffer = Buffer.allocUnsafeSlow(4096);
  private used = 0;
  private previous = '';
  private readonly limit: number;
  private readonly where: string;

  constructor(limit: number, where: string) { this.limit = limit; this.where = where; }

  add(path: string, directory: boolean): void {
    const shared = sharedPrefix(this.previous, path);
    const rest = path.slice(shared);
    this.reserve(8 + rest.length * 3);
    let head = shared * 2 + (directory ? 1 : 0);
    for (; head > 127; head >>>= 7) this.buffer[this.used++] = (head & 0x7f) | 0x80;
    this.buffer[this.used++] = head;
    this.used += this.buffer.write(rest, this.used, 'utf8');
    this.buffer[this.used++] = 0;
    this.previous = path;
  }

  build(): PathList { return new PathList(new Uint8Array(this.buffer.subarray(0, this.used))); }

  private reserve(more: number): void {
    if (this.used + more <= this.buffer.length) return;
    if (this.used > this.limit) throw invalid('limit-paths', `${this.where}: its names fill more than ${this.limit} bytes`);
    const bigger = Buffer.allocUnsafeSlow(Math.max(this.used + more, this.buffer.length * 2));
    this.buffer.copy(bigger, 0, 0, this.used);
    this.buffer = bigger;
  }
}

function sharedPrefix(one: string, other: string): number {
  const most = Math.min(one.length, other.length);
  let shared = 0;
  while (shared < most && one.charCodeAt(shared) === other.charCodeAt(shared)) shared++;
  // Half a surrogate pair cannot be written as UTF-8.
  return shared > 0 && (one.charCodeAt(shared - 1) & 0xfc00) === 0xd800 ? shared - 1 : shared;
}
