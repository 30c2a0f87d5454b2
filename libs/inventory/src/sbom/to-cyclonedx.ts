import type { Inventory, Package } from '../model.ts';
import { contentUuid } from './content-uuid.ts';
import { cycloneDxLicences } from './licences.ts';
import { factProperties } from './own-facts.ts';
import { ownProperties } from './own-properties.ts';

/** When a document is made, and by what. */
export interface SbomOptions { readonly now: Date; readonly tool: { readonly name: string; readonly version: string } }

/**
 * An inventory as CycloneDX 1.6 JSON (https://cyclonedx.org/docs/1.6/json/). The same inventory and options give the same bytes; the serial
 * number is made of the inventory alone. `fromSbom` gives the inventory back, by properties named `plimsoll:` where the standard has no field.
 */
export function toCycloneDx(inventory: Inventory, { now, tool }: SbomOptions): Record<string, unknown> {
  const { target, os, packages, problems } = inventory;
  const refs = uniqueRefs(packages);
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX', specVersion: '1.6', serialNumber: `urn:uuid:${contentUuid(inventory)}`, version: 1,
    metadata: {
      timestamp: now.toISOString(),
      tools: { components: [{ type: 'application', name: tool.name, version: tool.version }] },
      component: {
        type: subjectTypes[target.kind], 'bom-ref': 'target', name: target.reference,
        ...(target.digest && { version: target.digest, hashes: [{ alg: 'SHA-256', content: target.digest.slice('sha256:'.length) }] }),
      },
      properties: factProperties(inventory),
    },
    components: [
      ...(os ? [{ type: 'operating-system', 'bom-ref': 'operating-system', name: os.id, ...(os.version_id && { version: os.version_id }), description: os.name }] : []),
      ...packages.map((found, i) => toComponent(found, refs[i]!)),
    ],
    dependencies: [{ ref: 'target', dependsOn: [...(os ? ['operating-system'] : []), ...refs] }],
    // Nobody can promise that an image holds nothing else: `unknown` is the best word there is.
    compositions: [{ aggregate: problems.length ? 'incomplete' : 'unknown', assemblies: ['target'] }],
  };
}

const subjectTypes = { image: 'container', filesystem: 'application', file: 'file', sbom: 'application' } as const;

function toComponent(found: Package, ref: string): Record<string, unknown> {
  const { name, version, vendor, purl, licences, locations } = found;
  const [group, last] = splitName(found);
  return {
    type: 'library', 'bom-ref': ref,
    ...(vendor && { supplier: { name: vendor } }),
    ...(group && { group }), name: group ? last : name,
    ...(version && { version }),
    ...(licences.length && { licenses: cycloneDxLicences(licences) }),
    purl,
    properties: ownProperties(found),
    ...(locations.length && { evidence: { occurrences: locations.map(({ path, layer }) => ({ location: path, ...(layer && { additionalContext: layer }) })) } }),
  };
}

/** Maven's group and npm's scope have a field of their own. */
function splitName({ type, name }: Package): [group: string, name: string] {
  const at = type === 'maven' ? name.indexOf(':') : type === 'npm' && name.startsWith('@') ? name.indexOf('/') : -1;
  return at > 0 ? [name.slice(0, at), name.slice(at + 1)] : ['', name];
}

/** The same purl may be there twice, once for each owner; refs have to differ. */
function uniqueRefs(packages: readonly Package[]): string[] {
  const seen = new Map<string, number>();
  return packages.map(({ purl }) => {
    const count = (seen.get(purl) ?? 0) + 1;
    seen.set(purl, count);
    return count === 1 ? purl : `${purl}#${count}`;
  });
}
