import { z } from 'zod';

/**
 * What an SPDX 2.3 JSON document of ours has to be by the specification (https://spdx.github.io/spdx-spec/v2.3/, clauses 6 to 12, and its JSON form):
 * the fields we write and no others, the words allowed in them. The publisher's own schema is asked too, where it is at hand.
 */
const id = z.string().regex(/^SPDXRef-[A-Za-z0-9.-]+$/), created = z.iso.datetime({ precision: 0 }), agent = z.string().regex(/^(?:Tool|Organization|Person): .+$/s);
const expression = z.string().regex(/^(?:NONE|NOASSERTION|[A-Za-z0-9.+():\s-]+)$/);
const annotation = z.strictObject({ annotationDate: created, annotationType: z.enum(['REVIEW', 'OTHER']), annotator: agent, comment: z.string().min(1) });

const file = z.strictObject({
  SPDXID: id, name: z.string().min(1), versionInfo: z.string().min(1).optional(),
  downloadLocation: z.literal('NOASSERTION'), filesAnalyzed: z.literal(false), copyrightText: z.literal('NOASSERTION'),
  licenseConcluded: expression, licenseDeclared: expression, supplier: z.union([z.literal('NOASSERTION'), agent]).optional(),
  sourceInfo: z.string().optional(), description: z.string().optional(),
  primaryPackagePurpose: z.enum(['OTHER', 'INSTALL', 'ARCHIVE', 'FIRMWARE', 'APPLICATION', 'FRAMEWORK', 'LIBRARY', 'CONTAINER', 'SOURCE', 'DEVICE', 'OPERATING_SYSTEM', 'FILE']),
  checksums: z.array(z.strictObject({ algorithm: z.literal('SHA256'), checksumValue: z.string().regex(/^[0-9a-f]{64}$/) })).optional(),
  externalRefs: z.array(z.strictObject({ referenceCategory: z.literal('PACKAGE-MANAGER'), referenceType: z.literal('purl'), referenceLocator: z.string().regex(/^pkg:[a-z0-9.-]+\/\S+$/) })).optional(),
  annotations: z.array(annotation).optional(),
});

export const spdx23 = z.strictObject({
  spdxVersion: z.literal('SPDX-2.3'), dataLicense: z.literal('CC0-1.0'), SPDXID: z.literal('SPDXRef-DOCUMENT'), name: z.string().min(1), documentNamespace: z.url().refine((text) => !text.includes('#')),
  creationInfo: z.strictObject({ created, creators: z.array(agent).min(1) }),
  packages: z.array(file).min(1),
  hasExtractedLicensingInfos: z.array(z.strictObject({ licenseId: z.string().regex(/^LicenseRef-[A-Za-z0-9.-]+$/), extractedText: z.string().min(1) })).optional(),
  relationships: z.array(z.strictObject({ spdxElementId: id, relationshipType: z.enum(['DESCRIBES', 'CONTAINS']), relatedSpdxElement: id })),
  annotations: z.array(annotation).optional(),
});
