import { createHash } from 'node:crypto';
import { catalogerKey, type Cataloger } from '@plimsoll/inventory';

/** The name of a set of catalogers: changes when one is added or raises its version, and images are then read again. */
export const analyzerOf = (catalogers: readonly Cataloger[]): string =>
  createHash('sha256').update(catalogers.map(catalogerKey).sort().join('\n')).digest('hex').slice(0, 16);
