import type { FileCataloger, Found } from '../cataloger.ts';

/** A Java runtime by the file `release` in its folder (OpenJDK, make/ReleaseFile.gmk): shell assignments. */
export const javaRuntime: FileCataloger = {
  name: 'java-runtime',
  version: 1,
  maxBytes: 64 * 1024,
  wants: (path, { size }) => path.charCodeAt(path.length - 1) === 101 && path.endsWith('/release') && size <= 64 * 1024,
  catalog({ bytes }): Found {
    const version = /^JAVA_VERSION="?(\d[\w.+-]*)/m.exec(bytes.toString('utf8'))?.[1];
    // Other things are named so too.
    return { packages: version ? [{ type: 'generic', name: 'openjdk', version }] : [] };
  },
};
