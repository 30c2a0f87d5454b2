/** A stream's unread bytes in one piece, at least as many as were asked for while there are any. */
export class ByteWindow {
  bytes: Uint8Array = new Uint8Array();
  /** The first unread byte. */
  at = 0;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #ended = false;

  constructor(chunks: AsyncIterable<Uint8Array>) { this.#chunks = chunks[Symbol.asyncIterator](); }

  get left(): number { return this.bytes.length - this.at; }

  /** Reads on until `wanted` bytes are unread; false when the stream ends before that. */
  async fill(wanted: number): Promise<boolean> {
    if (this.left >= wanted) return true;
    const parts = [this.bytes.subarray(this.at)];
    let size = this.left;
    while (size < wanted && !this.#ended) {
      const next = await this.#chunks.next();
      if (next.done === true) { this.#ended = true; break; }
      parts.push(next.value);
      size += next.value.length;
    }
    this.bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts, size);
    this.at = 0;
    return size >= wanted;
  }

  async close(): Promise<void> { await this.#chunks.return?.(); }
}
