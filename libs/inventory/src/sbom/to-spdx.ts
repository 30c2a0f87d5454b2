import type { Inventory, Package } from '../model.ts';
import { contentUuid } from './content-uuid.ts';
import { spdxLicence } from './licences.ts';
import { factProperties } from './own-facts.ts';
import { ownProperties } from './own-properties.ts';
import { own, type Property } from './properties.ts';
import type { SbomOptions } from './to-cyclonedx.ts';

/**
 * An inventory as SPDX 2.3 JSON (https://spdx.github.io/spdx-spec/v2.3/). The same inventory and options give the same bytes. `fromSbom` gives
 * the inventory back, by annotations of properties named `plimsoll:` where the standard has no field.
 */
export function toSpdx(inventory: Inventory, { now, tool }: SbomOptions): Record<string, unknown> {
  const { target, os, packages } = inventory;
  const created = now.toISOString().replace(/\.\d+Z$/, 'Z'), extracted = new Map<string, string>();
  const annotate = (properties: readonly Property[]): unknown[] =>
    [{ annotationDate: created, annotationType: 'OTHER', annotator: `Tool: ${tool.name}-${tool.version}`, comment: `${own}properties ${JSON.stringify(properties)}` }];
  const refs = packages.map(({ type, name }, i) => `SPDXRef-Package-${type}-${name.replace(/[^A-Za-z0-9.]+/g, '-')}-${i + 1}`);
  const refOf = new Map(packages.map(({ purl }, i) => [purl, refs[i]!]));
  const relate = (from: string, relationshipType: string, to: string) => ({ spdxElementId: from, relationshipType, relatedSpdxElement: to });
  const listed = packages.map((found, i) => toPackage(found, refs[i]!, extracted, annotate));
  return {
    spdxVersion: 'SPDX-2.3', dataLicense: 'CC0-1.0', SPDXID: 'SPDXRef-DOCUMENT',
    name: target.reference || 'target',
    // SPDX 2.3 section 6.5.2: makers without a place of their own put the namespace here.
    documentNamespace: `https://spdx.org/spdxdocs/${tool.name}-${contentUuid(inventory)}`,
    creationInfo: { created, creators: [`Tool: ${tool.name}-${tool.version}`] },
    packages: [
      {
        name: target.reference || 'target', SPDXID: 'SPDXRef-Target', ...(target.digest && { versionInfo: target.digest, checksums: [{ algorithm: 'SHA256', checksumValue: target.digest.slice('sha256:'.length) }] }),
        ...nothing, primaryPackagePurpose: subjectPurposes[target.kind],
      },
      ...(os ? [{ name: os.id, SPDXID: 'SPDXRef-OperatingSystem', ...(os.version_id && { versionInfo: os.version_id }), ...nothing, description: os.name, primaryPackagePurpose: 'OPERATING_SYSTEM' }] : []),
      ...listed,
    ],
    ...(extracted.size && { hasExtractedLicensingInfos: [...extracted].map(([licenseId, extractedText]) => ({ licenseId, extractedText })) }),
    relationships: [
      relate('SPDXRef-DOCUMENT', 'DESCRIBES', 'SPDXRef-Target'),
      ...(os ? [relate('SPDXRef-Target', 'CONTAINS', 'SPDXRef-OperatingSystem')] : []),
      ...refs.map((ref) => relate('SPDXRef-Target', 'CONTAINS', ref)),
      ...packages.flatMap(({ owner }, i) => (owner && refOf.has(owner) ? [relate(refOf.get(owner)!, 'CONTAINS', refs[i]!)] : [])),
    ],
    annotations: annotate(factProperties(inventory)),
  };
}

const nothing = { downloadLocation: 'NOASSERTION', filesAnalyzed: false, licenseConcluded: 'NOASSERTION', licenseDeclared: 'NOASSERTION', copyrightText: 'NOASSERTION' } as const;
const subjectPurposes = { image: 'CONTAINER', filesystem: 'INSTALL', file: 'FILE', sbom: 'OTHER' } as const;

function toPackage(found: Package, ref: string, extracted: Map<string, string>, annotate: (properties: readonly Property[]) => unknown[]): Record<string, unknown> {
  const { name, version, vendor, source, purl, licences, locations } = found;
  return {
    name, SPDXID: ref, ...(version && { versionInfo: version }),
    supplier: vendor ? `Organization: ${vendor}` : 'NOASSERTION',
    ...nothing, licenseDeclared: spdxLicence(licences, extracted),
    // The words of Trivy, which others read too.
    ...(source && { sourceInfo: `built package from: ${source.name} ${source.version}` }),
    externalRefs: [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl }],
    primaryPackagePurpose: 'LIBRARY',
    annotations: annotate([
      ...ownProperties(found),
      ...locations.map(({ path, layer }) => ({ name: `${own}location`, value: layer ? `${layer} ${path}` : path })),
      ...(licences.length > 1 ? licences.map((value) => ({ name: `${own}licence`, value })) : []),
    ]),
  };
}
