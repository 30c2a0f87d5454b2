import type { FileCataloger, Found, FoundPackage } from '../cataloger.ts';
import { normalPythonName } from '../catalogers/pypi.ts';
import { lockfile } from './lockfile.ts';

const python = (name: string, file: string): FileCataloger =>
  lockfile(name, (base) => base === file, (bytes): Found => ({ packages: tables(bytes).map(([id, version]) => ({ type: 'pypi', name: normalPythonName(id), version })) }));

export const poetryLock = python('poetry-lock', 'poetry.lock');
export const uvLock = python('uv-lock', 'uv.lock');
export const pdmLock = python('pdm-lock', 'pdm.lock');

/** `Cargo.lock` 1 to 4; workspace members stand among their dependencies and differ by having no source. */
export const cargoLock: FileCataloger = lockfile('cargo-lock', (base) => base === 'Cargo.lock', (bytes): Found => ({
  packages: tables(bytes).filter(([, , fields]) => fields.has('source')).map(([name, version]): FoundPackage => ({ type: 'cargo', name, version })),
}));

/**
 * The `[[package]]` tables of a lock file that its tool wrote: one `key = "value"` a line. That regular subset of TOML is read here;
 * what is nested (`[package.dependencies]`, arrays over several lines) belongs to no package of its own.
 */
function tables(bytes: Buffer): [string, string, Map<string, string>][] {
  const found: [string, string, Map<string, string>][] = [];
  let fields: Map<string, string> | undefined;
  const finish = (): void => {
    const name = fields?.get('name');
    if (fields && name) found.push([name, fields.get('version') ?? '', fields]);
    fields = undefined;
  };
  for (const line of bytes.toString('utf8').split(/\r?\n/)) {
    if (line.startsWith('[') && !line.startsWith('[[package]]')) finish();
    else if (line.startsWith('[[package]]')) {
      finish();
      fields = new Map();
    } else {
      const pair = /^([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|(\{.*))/.exec(line);
      if (pair && fields) fields.set(pair[1]!, pair[2] ?? pair[3] ?? '');
    }
  }
  finish();
  return found;
}
