import { closeSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { invalid } from '@plimsoll/problem';
import { type FileSlice, openRegularFile } from './file-slice.ts';
import type { ReadLimits } from './limits.ts';
import { sniffCompression } from './media-types.ts';
import { TarWalker, type TarListener } from './tar.ts';

// Small enough to skip most bodies, large enough to hold many headers of small files.
const windowSize = 32 * 1024;
const windowsPerTurn = 512;

/** Walks the headers of an uncompressed tar inside a file, seeking over the bodies. Problems `layer-compressed`, `layer-truncated`, `tar-corrupt`, `limit-seconds` name `where`. */
export async function walkSlice(slice: FileSlice, where: string, listener: TarListener, limits: Pick<ReadLimits, 'nameBytes' | 'seconds'>, signal?: AbortSignal): Promise<void> {
  const deadline = performance.now() + limits.seconds * 1000;
  const walker = new TarWalker(listener, limits, (reason, what) =>
    invalid(reason === 'truncated' ? 'layer-truncated' : 'tar-corrupt', `${where}: ${what}`));
  const file = openRegularFile(slice.path);
  try {
    const window = Buffer.allocUnsafeSlow(windowSize);
    const end = slice.offset + slice.size;
    let at = slice.offset;
    for (let turn = 1; at < end && !walker.ended; turn++) {
      const read = readSync(file, window, 0, Math.min(windowSize, end - at), at);
      if (read === 0) break;
      const bytes = window.subarray(0, read);
      if (at === slice.offset && sniffCompression(bytes) !== 'none') throw invalid('layer-compressed', `${where}: compressed, so it cannot be walked from header to header`);
      walker.push(bytes);
      at += read + walker.takeSkip();
      if (turn % windowsPerTurn === 0) {
        await setImmediate();
        signal?.throwIfAborted();
        if (performance.now() > deadline) throw invalid('limit-seconds', `${where}: not walked within ${limits.seconds} seconds`);
      }
    }
    if (at > end) throw invalid('layer-truncated', `${where}: its last entry reaches ${at - end} bytes beyond its end`);
    walker.end();
  } finally {
    closeSync(file);
  }
}
