import type { FileCataloger, Found, FoundPackage } from '../cataloger.ts';
import { lockfile } from './lockfile.ts';

/**
 * `go.sum` as the target itself (Go Modules Reference, "go.sum files"): modules whose content was fetched, by their hash, not those of which only
 * go.mod was read. It keeps what earlier builds needed, so in a directory go.mod is asked, which since Go 1.17 names everything that is built.
 */
export const goSum: FileCataloger = lockfile('go-sum', (name) => name === 'go.sum', (bytes): Found => ({
  packages: bytes.toString('utf8').split(/\r?\n/).flatMap((line): FoundPackage[] => {
    const [, name, version] = /^(\S+) (v[^\s/]+) h1:\S+$/.exec(line) ?? [];
    return name && version ? [{ type: 'golang', name, version }] : [];
  }),
}));
