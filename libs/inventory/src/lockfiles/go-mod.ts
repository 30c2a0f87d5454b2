import type { FileCataloger, Found, FoundPackage } from '../cataloger.ts';
import { lockfile } from './lockfile.ts';

/** `go.mod` (Go Modules Reference, "go.mod files"): what is required, after `replace`; `toolchain` or `go` names the standard library. */
export const goMod: FileCataloger = lockfile('go-mod', (name) => name === 'go.mod', (bytes): Found => {
  const required = new Map<string, FoundPackage>();
  /** By path with version, or by path alone for every version: name and version of what is taken instead. */
  const replaced = new Map<string, readonly [name: string, version: string]>();
  let block = '', language = '', toolchain = '';
  for (const raw of bytes.toString('utf8').split(/\r?\n/)) {
    const line = raw.replace(/\/\/.*$/, '').trim();
    if (line === ')') { block = ''; continue; }
    const opening = /^(\w+)\s*\($/.exec(line);
    if (opening) { block = opening[1]!; continue; }
    const words = (block ? [block, ...line.split(/\s+/)] : line.split(/\s+/)).map((word) => word.replace(/^["`]|["`]$/g, ''));
    const [verb, path = '', second = ''] = words;
    if (verb === 'require' && path && second) required.set(`${path}@${second}`, { type: 'golang', name: path, version: second });
    else if (verb === 'go') language = path;
    else if (verb === 'toolchain') toolchain = path;
    else if (verb === 'replace') {
      const arrow = words.indexOf('=>');
      if (arrow > 0) replaced.set(arrow === 3 ? `${path}@${second}` : path, [words[arrow + 1] ?? '', words[arrow + 2] ?? '']);
    }
  }
  const packages = [...required.values()].map((one) => {
    const other = replaced.get(`${one.name}@${one.version}`) ?? replaced.get(one.name);
    if (!other) return one;
    const [name, version] = other;
    return { ...one, name: /^\.{0,2}\//.test(name) ? one.name : name, version };
  });
  const release = /^(?:go)?(\d+\.\d+(?:\.\d+)?)/.exec(toolchain || language)?.[1];
  // `go 1.16` is the language, not the release that will build it; from 1.21 on it names a least release (Go Toolchains, "Version numbers").
  if (release && /^\d+\.\d+\.\d+$/.test(release)) packages.push({ type: 'golang', name: 'stdlib', version: `v${release}` });
  return { packages };
});
