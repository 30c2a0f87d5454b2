import { invalid } from '@plimsoll/problem';
import { isRecord, parseJsonFile } from '../json-file.ts';
import type { Inventory } from '../model.ts';
import { malformed } from './document.ts';
import { inventoryOf } from './inventory-of.ts';
import { checkCost, type SbomLimits, sbomLimits } from './limits.ts';
import { readCycloneDx } from './read-cyclonedx.ts';
import { readSpdx } from './read-spdx.ts';
import { readSpdx3 } from './read-spdx3.ts';

/**
 * The inventory a document tells of: CycloneDX 1.2 to 1.7, SPDX 2.2, 2.3 or 3.0, as JSON, also inside an in-toto statement. Documents of
 * `toCycloneDx` and `toSpdx` give back the inventory they were made of. Components that cannot be used are problems of the inventory. Throws
 * Problem `sbom-invalid` (which says where), `sbom-version-unknown`, `limit-sbom-bytes`, `-depth`, `-values`, `-components`.
 */
export function fromSbom(bytes: Buffer, limits: Partial<SbomLimits> = {}): Inventory {
  const most = { ...sbomLimits, ...limits };
  checkCost(bytes, most);
  const json = unwrap(parseJsonFile(bytes, 'sbom-invalid'));
  if (json['bomFormat'] === 'CycloneDX') return inventoryOf(readCycloneDx(json, most));
  if (json['spdxVersion'] !== undefined) return inventoryOf(readSpdx(json, most));
  if (isSpdx3(json)) return inventoryOf(readSpdx3(json, most));
  throw invalid('sbom-invalid', 'the JSON has neither "bomFormat": "CycloneDX" nor an "spdxVersion" nor the "@context" of SPDX 3');
}

/** Build attestations have the document as predicate of a statement (in-toto attestation spec, v1/statement.md). */
function unwrap(json: Record<string, unknown>): Record<string, unknown> {
  if (typeof json['_type'] !== 'string' || !json['_type'].startsWith('https://in-toto.io/Statement/')) return json;
  if (!isRecord(json['predicate'])) throw malformed('predicate', 'is no object');
  return json['predicate'];
}

const isSpdx3 = (json: Record<string, unknown>): boolean => [json['@context']].flat().some((one) => typeof one === 'string' && /spdx\.org\/rdf\/3\./.test(one));
