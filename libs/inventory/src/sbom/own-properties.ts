import type { Package } from '../model.ts';
import { identify } from './identity.ts';
import { own, type Property } from './properties.ts';

/** What neither the fields of the formats nor its purl tell of a package. There is always one, by which the rest is known to be ours. */
export function ownProperties(found: Package): Property[] {
  const said = identify(found.purl);
  const pairs: [name: string, value: string | undefined][] = [
    ['type', found.type],
    ['name', said.name === found.name ? undefined : found.name],
    ['version', said.version === found.version ? undefined : found.version],
    ['arch', said.arch === found.arch ? undefined : found.arch ?? ''],
    ['source:name', found.source?.name], ['source:version', found.source?.version],
    ['module', found.module], ['layer', found.layer], ['owner', found.owner],
    ['base', found.base === undefined ? undefined : String(found.base)],
  ];
  return pairs.flatMap(([name, value]) => (value === undefined ? [] : [{ name: `${own}${name}`, value }]));
}
