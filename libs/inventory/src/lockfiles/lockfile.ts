import { baseName, type FileCataloger, type Found } from '../cataloger.ts';

/**
 * A cataloger of a file that says what would be installed. Read when it is the target itself, or in a directory of sources: inside an image it
 * proves nothing, what is installed there has its own catalogers (docs/how-to/scan-without-a-server.md). Hence its results are never kept by layer.
 */
export const lockfile = (name: string, isNamed: (baseName: string) => boolean, read: (bytes: Buffer, path: string) => Found): FileCataloger => ({
  name,
  version: 1,
  maxBytes: 64 * 1024 * 1024,
  wants: (path) => isNamed(baseName(path)),
  catalog: ({ bytes, path }) => read(bytes, path),
});
