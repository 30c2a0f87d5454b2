import { type Advisory, type Affected, familyOf, sources } from '@plimsoll/advisories';
import type { Inventory, Package, PackageType } from '@plimsoll/inventory';

/** An advisory with one affected entry, of a source that covers its ecosystem; change what the test is about. */
export const anAdvisory = (id: string, affected: Partial<Affected> | Partial<Affected>[] = {}, more: Partial<Advisory> = {}): Advisory => ({
  id, key: id, source: sourceFor([affected].flat()[0]?.ecosystem ?? 'npm'), aliases: [], vulnerabilities: [], severities: [], references: [],
  affected: [affected].flat().map((entry) => ({ ecosystem: 'npm', name: 'left-pad', status: 'affected', fix_state: entry.ranges?.some(({ fixed }) => fixed) ? 'available' : 'none-yet', ...entry })),
  ...more,
});

const sourceFor = (ecosystem: string): string => sources.find(({ covers }) => covers.includes(familyOf(ecosystem)))!.id;

/** A package of a type; its purl is only good enough to tell packages apart. */
export const aPackage = (type: PackageType, name: string, version: string, more: Partial<Package> = {}): Package =>
  ({ purl: `pkg:${type}/${name}@${version}`, name, version, type, locations: [], licences: [], ...more });

/** Packages on Debian 12, or on what `os` says. */
export const anInventory = (packages: Package[], os: Inventory['os'] = { id: 'debian', name: 'Debian GNU/Linux', version_id: '12' }): Pick<Inventory, 'os' | 'packages'> => ({ os, packages });
