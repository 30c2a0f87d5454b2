import type { FileCataloger, Found, FoundPackage } from '../cataloger.ts';
import { normalPythonName } from '../catalogers/pypi.ts';
import { isRecord, parseJsonFile, textOf } from '../json-file.ts';
import { lockfile } from './lockfile.ts';

/** `Pipfile.lock`: exact versions by group, as `==1.2.3`. */
export const pipfileLock: FileCataloger = lockfile('pipfile-lock', (name) => name === 'Pipfile.lock', (bytes): Found => {
  const packages: FoundPackage[] = [];
  for (const [group, entries] of Object.entries(parseJsonFile(bytes, 'pipfile-lock-invalid'))) {
    if (group === '_meta' || !isRecord(entries)) continue;
    for (const [name, entry] of Object.entries(entries)) {
      const version = isRecord(entry) ? textOf(entry['version'])?.replace(/^===?\s*/, '') : undefined;
      // What comes from a repository or a path has no version of the index.
      packages.push({ type: 'pypi', name: normalPythonName(name), version: version ?? '' });
    }
  }
  return { packages };
});

/** `requirements*.txt` (pip, "Requirements File Format"): only `==` pins a version; anything looser is listed without one. */
export const requirements: FileCataloger = lockfile('requirements', (name) => /^[\w.-]*requirements[\w.-]*\.txt$/i.test(name), (bytes): Found => {
  const packages: FoundPackage[] = [];
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '').replace(/\\\r?\n/g, ' ');
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.replace(/(^|\s)#.*$/, '').trim();
    const match = /^([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(?:(===?)\s*([^\s;,]+))?/.exec(line);
    if (!match || /^[A-Za-z]:|:\/\//.test(line.split(/[;\s]/)[0]!)) continue;
    packages.push({ type: 'pypi', name: normalPythonName(match[1]!), version: match[3] && !match[3].includes('*') ? match[3] : '' });
  }
  return { packages };
});
