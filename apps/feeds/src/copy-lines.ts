/**
 * Lines for COPY, gathered as bytes: a text that grows by hundreds of thousands of pieces is moved about by every collection
 * of garbage until it is sent, which costs more than reading the feed.
 */
export class CopyLines {
  #bytes = Buffer.allocUnsafeSlow(64 * 1024);
  #size = 0;

  /** Bytes so far. */
  get size(): number { return this.#size; }

  add(line: string): void {
    const most = this.#size + 3 * line.length;   // no UTF-16 unit takes more than three bytes of UTF-8
    if (most > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(most, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, this.#size);
      this.#bytes = larger;
    }
    this.#size += this.#bytes.write(line, this.#size);
  }

  /** All of them, in memory of their own; begins anew. */
  take(): Uint8Array<ArrayBuffer> {
    const lines = new Uint8Array(this.#bytes.subarray(0, this.#size));
    this.#size = 0;
    return lines;
  }
}

/** COPY's text format: https://www.postgresql.org/docs/current/sql-copy.html, "Text Format". */
export function copyText(text: string): string {
  return /[\\\n\r\t]/.test(text) ? text.replace(/[\\\n\r\t]/g, (character) => ({ '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' })[character]!) : text;
}
