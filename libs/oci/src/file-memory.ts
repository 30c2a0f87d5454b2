const keptSize = 1024 * 1024;

/**
 * Memory for the bytes of one file at a time. Small files share one buffer; that of a large one is given back as soon as it was
 * seen, because the garbage collector does not know how much memory a buffer stands for until hundreds of megabytes wait for it.
 */
export class FileMemory {
  private kept = Buffer.allocUnsafeSlow(0);

  /** Memory for `size` bytes; of a large file, untouched pages of it cost nothing. Call `release` before the next `take`. */
  take(size: number): Buffer {
    if (size > keptSize) return Buffer.allocUnsafeSlow(size);
    if (size > this.kept.length) this.kept = Buffer.allocUnsafeSlow(Math.min(keptSize, Math.max(size, 2 * this.kept.length, 64 * 1024)));
    return this.kept.subarray(0, size);
  }

  /** Whoever still reads `bytes` of a large file afterwards finds them empty. */
  release(bytes: Buffer): void {
    if (bytes.buffer !== this.kept.buffer) (bytes.buffer as ArrayBuffer).transfer(0);
  }
}
