import { readFile } from 'node:fs/promises';
import { invalid } from '@plimsoll/problem';
import type { Inventory } from '../model.ts';
import { fromSbom } from './from-sbom.ts';
import { sbomLimits } from './limits.ts';

/** What stands somewhere in every SBOM, though not always at its beginning: Trivy sorts its keys, sbom-tool lists all files first. */
const marks = ['"bomFormat"', '"spdxVersion"', 'spdx.org/rdf/3.'];

/** The forms of the two standards that are not read, so that a person is told which one it is. */
const otherFormats: readonly (readonly [string, RegExp])[] = [
  ['CycloneDX in XML', /<(?:\w+:)?bom\s[^>]*cyclonedx\.org\/schema\/bom/], ['SPDX in tag-value form', /^SPDXVersion:\s*SPDX-/m], ['SPDX in YAML', /^["']?spdxVersion["']?:\s*["']?SPDX-/m], ['SPDX in RDF', /<rdf:RDF[^>]*spdx\.org\/rdf/],
];

/**
 * The inventory of an SBOM given as target: whatever the document describes, the target is the document, for anybody can write one. Undefined
 * when the file is none. `head` are its first bytes. Rejects as `fromSbom` throws.
 */
export async function indexSbom(path: string, size: number, head: Buffer): Promise<Inventory | undefined> {
  const other = otherFormats.find(([, shape]) => shape.test(head.toString('utf8')))?.[0];
  if (other) throw invalid('sbom-format-unread', `${path} is ${other}; SBOMs are read as JSON: CycloneDX 1.2 to 1.7, SPDX 2.2, 2.3 and 3.0. Ask its maker for JSON, or convert it (cyclonedx-cli convert, pyspdxtools)`);
  if (!/^\uFEFF?\s*\{/.test(head.toString('utf8', 0, 256))) return undefined;
  if (size > sbomLimits.bytes) {
    if (marks.some((mark) => head.includes(mark))) throw invalid('limit-sbom-bytes', `${path} has ${size} bytes; at most ${sbomLimits.bytes} are read`);
    return undefined;
  }
  const bytes = await readFile(path);
  if (!marks.some((mark) => bytes.includes(mark))) return undefined;
  const inventory = fromSbom(bytes);
  return { ...inventory, target: { ...inventory.target, kind: 'sbom', reference: path } };
}
