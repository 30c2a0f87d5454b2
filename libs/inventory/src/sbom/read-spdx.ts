import { invalid } from '@plimsoll/problem';
import { isRecord, textOf } from '../json-file.ts';
import type { InventoryProblem } from '../model.ts';
import { type Component, exactText, type Link, listAt, malformed, recordAt, type Role, type SbomDocument } from './document.ts';
import type { SbomLimits } from './limits.ts';
import { isProperty, own, Properties } from './properties.ts';

/** Reads SPDX 2.2 and 2.3 JSON. Throws Problem `sbom-invalid`, `sbom-version-unknown`, `limit-sbom-components`. */
export function readSpdx(json: Record<string, unknown>, limits: SbomLimits): SbomDocument {
  if (!/^SPDX-2\.[23](?:\.\d+)?$/.test(String(json['spdxVersion']))) throw invalid('sbom-version-unknown', `spdxVersion ${JSON.stringify(json['spdxVersion'] ?? null)}: SPDX 2.2, 2.3 and 3.0 are read`);
  const listed = listAt(json['packages'], 'packages');
  if (listed.length > limits.components) throw invalid('limit-sbom-components', `packages: ${listed.length} of them; at most ${limits.components} are read`);
  const makers = listAt(recordAt(json['creationInfo'], 'creationInfo')['creators'], 'creationInfo.creators').flatMap((one) => /^(?:Tool|Organization): *(.+)$/.exec(String(one))?.[1] ?? []);
  const context: Context = { byTrivy: makers.some((one) => one.startsWith('trivy')), subjects: subjectsOf(json), extracted: extractedOf(json['hasExtractedLicensingInfos']) };
  const components: Component[] = [], problems: InventoryProblem[] = [], links = linksOf(json['relationships']);
  listed.forEach((one, i) => {
    if (!isRecord(one)) { problems.push({ code: 'sbom-component-unusable', detail: 'is no object', where: `packages[${i}]` }); return; }
    const component = componentOf(one, `packages[${i}]`, context);
    components.push(component);
    for (const to of listAt(one['hasFiles'], `packages[${i}].hasFiles`)) if (component.ref && typeof to === 'string') links.push({ kind: 'contains', from: component.ref, to });
  });
  return { name: textOf(json['name']), makers, properties: annotationsOf(json, 'the document', false), components, problems, links, files: filesOf(json['files']), incomplete: [] };
}

interface Context { readonly byTrivy: boolean; readonly subjects: ReadonlySet<string>; readonly extracted: ReadonlyMap<string, string> }

function componentOf(value: Record<string, unknown>, where: string, { byTrivy, subjects, extracted }: Context): Component {
  const ref = textOf(value['SPDXID']), sourceInfo = textOf(value['sourceInfo']), purl = purlOf(value['externalRefs'], where);
  const properties = annotationsOf(value, where, byTrivy);
  const role = ref && subjects.has(ref) ? 'subject' : roleOf(ref ?? '', textOf(value['primaryPackagePurpose']), purl, textOf(value['versionInfo']));
  if (sourceInfo) properties.add('spdx:sourceInfo', sourceInfo);
  return {
    where, ref, purl, properties, role,
    // Older Trivy gave the kind of a lock file as name and the path as source.
    name: (role === 'group' && byTrivy ? sourceInfo : undefined) ?? textOf(value['name']),
    version: said(value['versionInfo'])?.trim(),
    vendor: agentOf(value['supplier']) ?? agentOf(value['originator']),
    description: textOf(value['description']),
    licences: licencesOf(said(value['licenseDeclared']) ?? said(value['licenseConcluded']), extracted),
    locations: pathsOf(sourceInfo).map((path) => ({ path })),
  };
}

/** SPDX says "nothing" in two ways. */
export const said = (value: unknown): string | undefined => {
  const text = exactText(value);
  return text === 'NOASSERTION' || text === 'NONE' ? undefined : text;
};

/** `Organization: Debian (mail@example)`: who it is. */
const agentOf = (value: unknown): string | undefined => said(value)?.replace(/^(?:Organization|Person|Tool): ?/, '') || undefined;

/** A lone `LicenseRef-` is the text it stands for. */
export const licencesOf = (expression: string | undefined, extracted: ReadonlyMap<string, string>): string[] => (expression ? [extracted.get(expression) ?? expression] : []);

/** Syft: `acquired package info from DPKG DB: /var/lib/dpkg/status, /…`; Trivy: `package found in: app/go.mod`. */
export function pathsOf(sourceInfo: string | undefined): string[] {
  const [, syft, trivy] = /^(?:acquired package info from [^:]*: (.+)|package found in: (.+))$/s.exec(sourceInfo ?? '') ?? [];
  return trivy ? [trivy] : syft ? syft.split(', ') : [];
}

/** The ids are Trivy's: an image, a directory, a lock file (pkg/sbom/spdx/marshal.go). */
function roleOf(ref: string, purpose: string | undefined, purl: string | undefined, version: string | undefined): Role {
  if (purpose === 'OPERATING_SYSTEM' || purpose === 'OPERATING-SYSTEM' || ref.startsWith('SPDXRef-OperatingSystem')) return 'system';
  if (purl) return 'package';
  if (purpose === 'CONTAINER' || purpose === 'FILE' || purpose === 'DEVICE' || /^SPDXRef-(?:ContainerImage|Filesystem|Repository)-/.test(ref)) return 'other';
  return !version && ref.startsWith('SPDXRef-Application-') ? 'group' : 'package';
}

function purlOf(refs: unknown, where: string): string | undefined {
  for (const one of listAt(refs, `${where}.externalRefs`)) {
    if (isRecord(one) && /(?:^|\/)purl$/.test(String(one['referenceType']))) return textOf(one['referenceLocator']);
  }
  return undefined;
}

/** The one package a document describes. When it describes several, they are its contents. */
function subjectsOf(json: Record<string, unknown>): ReadonlySet<string> {
  const described = new Set(listAt(json['documentDescribes'], 'documentDescribes').map(String));
  for (const one of listAt(json['relationships'], 'relationships')) {
    if (!isRecord(one)) continue;
    const { spdxElementId: from, relatedSpdxElement: to, relationshipType: type } = one;
    if (type === 'DESCRIBES' && from === 'SPDXRef-DOCUMENT') described.add(String(to));
    if (type === 'DESCRIBED_BY' && to === 'SPDXRef-DOCUMENT') described.add(String(from));
  }
  return described.size === 1 ? described : new Set();
}

function linksOf(relationships: unknown): Link[] {
  return listAt(relationships, 'relationships').flatMap((one, i): Link[] => {
    if (!isRecord(one)) throw malformed(`relationships[${i}]`, 'is no object');
    const { spdxElementId: from, relatedSpdxElement: to } = one;
    const kind = linkKind(one['relationshipType'], one['comment']);
    return kind && typeof from === 'string' && typeof to === 'string' ? [{ kind, from, to }] : [];
  });
}

/** SPDX 2 writes `DEPENDS_ON`, SPDX 3 `dependsOn`; ownership of files is a remark of Syft's. */
export function linkKind(type: unknown, comment: unknown): Link['kind'] | undefined {
  switch (String(type).replaceAll('_', '').toLowerCase()) {
    case 'contains': return 'contains';
    case 'dependson': return 'depends';
    case 'other': return typeof comment === 'string' && comment.startsWith('ownership-by-file-overlap') ? 'owns' : undefined;
    default: return undefined;
  }
}

function filesOf(files: unknown): Map<string, string> {
  return new Map(listAt(files, 'files').flatMap((one): [string, string][] => {
    const [ref, path] = isRecord(one) ? [textOf(one['SPDXID']), textOf(one['fileName'])] : [];
    return ref && path ? [[ref, path]] : [];
  }));
}

const extractedOf = (infos: unknown): Map<string, string> => new Map(listAt(infos, 'hasExtractedLicensingInfos').flatMap((one): [string, string][] => {
  const [id, text] = isRecord(one) ? [textOf(one['licenseId']), exactText(one['extractedText'])] : [];
  return id && text ? [[id, text]] : [];
}));

/** Our own properties in an annotation; Trivy's, one an annotation (older: an attribution text): `SrcName: openssl`. */
function annotationsOf(value: Record<string, unknown>, where: string, byTrivy: boolean): Properties {
  const properties = new Properties();
  const trivy = (text: string): void => {
    const [, name, rest] = /^(\w+): (.*)$/s.exec(text) ?? [];
    if (byTrivy && name) properties.add(`aquasecurity:trivy:${name}`, rest!);
  };
  listAt(value['annotations'], `${where}.annotations`).forEach((one, i) => {
    const comment = isRecord(one) ? textOf(one['comment']) : undefined;
    if (comment?.startsWith(`${own}properties `)) addOwn(properties, comment.slice(own.length + 'properties '.length), `${where}.annotations[${i}].comment`);
    else if (comment) trivy(comment);
  });
  for (const one of listAt(value['attributionTexts'], `${where}.attributionTexts`)) if (typeof one === 'string') trivy(one);
  return properties;
}

function addOwn(properties: Properties, text: string, where: string): void {
  let list: unknown;
  try { list = JSON.parse(text); } catch (error) { throw malformed(where, (error as Error).message.slice(0, 120)); }
  for (const { name, value } of listAt(list, where).filter(isProperty)) properties.add(name, value);
}
