import type { FileCataloger, Found, FoundPackage } from '../cataloger.ts';
import { lockfile } from './lockfile.ts';

/** `mix.lock` of Elixir: a map of terms, one a line: `"plug": {:hex, :plug, "1.14.0", …}`; what is from a repository has no version. */
export const mixLock: FileCataloger = lockfile('mix-lock', (name) => name === 'mix.lock', (bytes): Found => ({
  packages: bytes.toString('utf8').split(/\r?\n/).flatMap((line): FoundPackage[] => {
    const [, name, kind, hex, version] = /^\s*"?([\w.-]+)"?(?::|\s*=>)\s*\{:(\w+),\s*(?::"?([\w.-]+)"?,\s*"([^"]+)")?/.exec(line) ?? [];
    return name && kind !== 'path' ? [{ type: 'hex', name: hex ?? name, version: version ?? '' }] : [];
  }),
}));

/** `rebar.lock` of Erlang: terms `{<<"cowboy">>,{pkg,<<"cowboy">>,<<"2.9.0">>},0}`. */
export const rebarLock: FileCataloger = lockfile('rebar-lock', (name) => name === 'rebar.lock', (bytes): Found => ({
  packages: [...bytes.toString('utf8').matchAll(/\{<<"([\w.-]+)">>,\s*\{(\w+),\s*(?:<<"([\w.-]+)">>,\s*<<"([^"]+)">>)?/g)].map(([, name, kind, hex, version]): FoundPackage =>
    (kind === 'pkg' ? { type: 'hex', name: hex ?? name!, version: version ?? '' } : { type: 'hex', name: name!, version: '' })),
}));
