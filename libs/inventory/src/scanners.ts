import type { Cataloger } from './cataloger.ts';

/** What may be left out of an inventory, in the words other scanners use. Packages are always read. */
export const scanners = ['secret', 'config', 'license'] as const;
export type Scanner = typeof scanners[number];

/** Catalogers that work for one of these alone. */
const servants: Readonly<Record<string, Scanner>> = { secrets: 'secret', 'file-facts': 'config', accounts: 'config', 'dpkg-copyright': 'license', 'dpkg-documentation': 'license' };

/** The catalogers that are needed when these are left out. */
export const neededWithout = <T extends Cataloger>(catalogers: readonly T[], without: readonly Scanner[]): T[] =>
  catalogers.filter(({ name }) => !(Object.hasOwn(servants, name) && without.includes(servants[name]!)));
