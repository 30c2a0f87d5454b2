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
export const requirements: FileCataloger = lockfile('requirements', (name) => /^[\w.-]*requirements[\w.-]*\.(?:txt|pip)$/i.test(name), (bytes): Found => {
  const packages = textOfAny(bytes).replace(/\\\r?\n/g, ' ').split(/\r?\n/).flatMap((line) => requirement(line) ?? []);
  return { packages };
});

/** PowerShell writes UTF-16 when a `pip freeze` is sent into a file. */
const textOfAny = (bytes: Buffer): string => (bytes[0] === 0xff && bytes[1] === 0xfe ? bytes.toString('utf16le') : bytes.toString('utf8')).replace(/^\uFEFF/, '');

/** One line: `name[extra] == 1.0 ; marker --hash=…`, `name @ address`, `-e address#egg=name`; undefined for options and for what has no name. */
export function requirement(raw: string): FoundPackage | undefined {
  const line = raw.replace(/(^|\s)#.*$/, '').trim();
  // An address: its name is in a fragment, in the file name of a wheel, or nowhere.
  if (/^(?:-e\s|--editable[\s=])|^[\w+.-]+:\/\/|^git\+/.test(line)) {
    const egg = /#(?:.*&)?egg=([A-Za-z0-9][\w.-]*)/.exec(line)?.[1], [, wheel, version = ''] = /\/([A-Za-z0-9][\w.]*)-(\d[^-/]*)-[^/]*\.whl/.exec(line) ?? [];
    const name = egg ?? wheel;
    return name ? { type: 'pypi', name: normalPythonName(name), version: egg ? '' : version } : undefined;
  }
  const [, name, pinned] = /^([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\]\s*)?(?:===?\s*([^\s;,#]+)\s*(?:[;,\s]|$)|[<>=!~;@(,\s]|--|$)/.exec(line) ?? [];
  if (!name || /[.](?:whl|zip|gz|bz2)$/i.test(name)) return undefined;
  return { type: 'pypi', name: normalPythonName(name), version: pinned && /^[\w.!+-]+$/.test(pinned) ? pinned : '' };
}
