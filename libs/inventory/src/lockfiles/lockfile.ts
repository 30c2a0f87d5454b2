import { baseName, type FileCataloger, type Found } from '../cataloger.ts';

/**
 * A cataloger of a file that says what would be installed. Used when such a file is the target itself:
 * inside an image it proves nothing, what is installed there has its own catalogers.
 */
export const lockfile = (name: string, isNamed: (baseName: string) => boolean, read: (bytes: Buffer) => Found): FileCataloger => ({
  name,
  version: 1,
  maxBytes: 64 * 1024 * 1024,
  wants: (path) => isNamed(baseName(path)),
  catalog: ({ bytes }) => read(bytes),
});
