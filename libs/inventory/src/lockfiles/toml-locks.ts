import type { FileCataloger, Found, FoundPackage } from '../cataloger.ts';
import { normalPythonName } from '../catalogers/pypi.ts';
import { lockfile } from './lockfile.ts';

const python = (name: string, isNamed: (base: string) => boolean): FileCataloger => lockfile(name, isNamed, (bytes): Found => ({
  packages: tables(bytes).filter((fields) => !isOwn(fields)).map((fields) => ({ type: 'pypi', name: normalPythonName(fields.get('name')!), version: fields.get('version') ?? '' })),
}));

export const poetryLock = python('poetry-lock', (name) => name === 'poetry.lock');
export const uvLock = python('uv-lock', (name) => name === 'uv.lock');
export const pdmLock = python('pdm-lock', (name) => name === 'pdm.lock');
/** `pylock.toml` and `pylock.NAME.toml` (PEP 751), whose tables are named `packages`. */
export const pylock = python('pylock', (name) => /^pylock\.(?:[^.]+\.)?toml$/.test(name));

/** uv and pdm list the project's own folders, which nobody publishes. */
const isOwn = (fields: ReadonlyMap<string, string>): boolean => /^\{\s*(?:virtual|editable)\b/.test(fields.get('source') ?? '') || /^(?:true)$/.test(fields.get('editable') ?? '');

/** `Cargo.lock` 1 to 4; workspace members stand among their dependencies and differ by having no source. */
export const cargoLock: FileCataloger = lockfile('cargo-lock', (base) => base === 'Cargo.lock', (bytes): Found => ({
  packages: tables(bytes).filter((fields) => fields.has('source')).map((fields): FoundPackage => ({ type: 'cargo', name: fields.get('name')!, version: fields.get('version') ?? '' })),
}));

/**
 * The `[[package]]` tables, with a name, of a lock file that its tool wrote: one `key = value` a line. That regular subset of TOML is read here;
 * what is nested (`[package.dependencies]`, arrays over several lines) belongs to no package of its own.
 */
function tables(bytes: Buffer): Map<string, string>[] {
  const found: Map<string, string>[] = [];
  let fields: Map<string, string> | undefined;
  const finish = (): void => {
    if (fields?.get('name')) found.push(fields);
    fields = undefined;
  };
  for (const line of bytes.toString('utf8').split(/\r?\n/)) {
    if (line.startsWith('[')) {
      finish();
      if (/^\[\[packages?\]\]/.test(line)) fields = new Map();
    } else if (fields) {
      const [, key, double, single, other] = /^([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|(\{.*|true|false))/.exec(line) ?? [];
      if (key) fields.set(key, double ?? single ?? other!);
    }
  }
  finish();
  return found;
}
