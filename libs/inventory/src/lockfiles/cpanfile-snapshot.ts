import type { FileCataloger, Found, FoundPackage } from '../cataloger.ts';
import { lockfile } from './lockfile.ts';

/** `cpanfile.snapshot` of Carton: distributions two spaces deep, `JSON-XS-4.03`. */
export const cpanfileSnapshot: FileCataloger = lockfile('cpanfile-snapshot', (name) => name === 'cpanfile.snapshot', (bytes): Found => ({
  packages: bytes.toString('utf8').split(/\r?\n/).flatMap((line) => (/^ {2}\S/.test(line) ? distribution(line.trim()) : [])),
}));

/** A distribution of CPAN by its file name (CPAN::DistnameInfo): `libwww-perl-6.67`, `Test-Simple-1.302183-TRIAL`. */
export function distribution(text: string): FoundPackage[] {
  const [, name, version] = /^([A-Za-z][\w.+-]*?)-(v?\d[\w.]*?)(?:-TRIAL\d*)?$/.exec(text) ?? [];
  return name && version ? [{ type: 'cpan', name, version }] : [];
}
