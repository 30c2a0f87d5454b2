import { invalid } from '@plimsoll/problem';
import { isRecord, textOf } from '../json-file.ts';
import { type Component, type Link, listAt, recordAt, type SbomDocument } from './document.ts';
import type { SbomLimits } from './limits.ts';
import { Properties } from './properties.ts';
import { licencesOf, linkKind, pathsOf, said } from './read-spdx.ts';

type Element = Record<string, unknown>;

/** Reads SPDX 3.0 JSON-LD as the specification serialises it (SPDX 3.0.1, annex "RDF model" and its context). Throws Problem `sbom-invalid`, `sbom-version-unknown`, `limit-sbom-components`. */
export function readSpdx3(json: Record<string, unknown>, limits: SbomLimits): SbomDocument {
  const elements = (json['@graph'] === undefined ? [json] : listAt(json['@graph'], '@graph')).map((one, i) => recordAt(one, `@graph[${i}]`));
  const of = (type: string): Element[] => elements.filter((one) => typeName(one) === type);
  const version = of('CreationInfo').map((one) => String(one['specVersion'])).find((one) => !/^3\.0(?:\.\d+)?$/.test(one));
  if (version !== undefined) throw invalid('sbom-version-unknown', `specVersion ${JSON.stringify(version)}: SPDX 2.2, 2.3 and 3.0 are read`);
  const count = of('Package').length;
  if (count > limits.components) throw invalid('limit-sbom-components', `@graph: ${count} packages; at most ${limits.components} are read`);

  const names = new Map(elements.flatMap((one): [string, string][] => { const [id, name] = [idOf(one), textOf(one['name'])]; return id && name ? [[id, name]] : []; }));
  const relationships = elements.filter((one) => one['relationshipType'] !== undefined);
  const subjects = subjectsOf(elements, relationships), licences = declaredLicences(elements, relationships);
  const components = elements.flatMap((one, i) => (typeName(one) === 'Package' ? [componentOf(one, `@graph[${i}]`, { subjects, names, licences })] : []));
  return {
    name: textOf(of('SpdxDocument')[0]?.['name']), makers: [...of('Tool'), ...of('Organization'), ...of('SoftwareAgent')].flatMap((one) => textOf(one['name']) ?? []),
    properties: new Properties(), components, problems: [],
    links: relationships.flatMap(linksOf),
    files: new Map(of('File').flatMap((one): [string, string][] => { const [id, name] = [idOf(one), textOf(one['name'])]; return id && name ? [[id, name]] : []; })),
    incomplete: elements.flatMap((one, i) => (one['completeness'] === 'incomplete' && linkKind(one['relationshipType'], undefined) === 'contains' ? [`@graph[${i}]`] : [])),
  };
}

/** `software_Package` and `Package` are the same. */
const typeName = (element: Element): string => String(element['type'] ?? element['@type']).replace(/^.*[_/]/, '');
const idOf = (element: Element): string | undefined => textOf(element['spdxId']) ?? textOf(element['@id']);
const texts = (value: unknown): string[] => [value].flat().filter((one) => typeof one === 'string');

interface Context { readonly subjects: ReadonlySet<string>; readonly names: ReadonlyMap<string, string>; readonly licences: ReadonlyMap<string, string> }

function componentOf(value: Element, where: string, { subjects, names, licences }: Context): Component {
  const ref = idOf(value), purl = purlOf(value), sourceInfo = textOf(value['software_sourceInfo']), purpose = textOf(value['software_primaryPurpose']);
  const properties = new Properties(), vendor = [...texts(value['suppliedBy']), ...texts(value['originatedBy'])].flatMap((one) => names.get(one) ?? [])[0];
  if (sourceInfo) properties.add('spdx:sourceInfo', sourceInfo);
  return {
    where, ref, purl, properties, vendor,
    role: ref && subjects.has(ref) ? 'subject' : purpose === 'operatingSystem' ? 'system' : purl ? 'package' : ['container', 'file', 'data', 'device', 'model'].includes(purpose ?? '') ? 'other' : 'package',
    name: textOf(value['name']), version: said(value['software_packageVersion']), description: textOf(value['description']),
    licences: licencesOf(said(ref && licences.get(ref)), new Map()),
    locations: pathsOf(sourceInfo).map((path) => ({ path })),
  };
}

function purlOf(value: Element): string | undefined {
  const field = textOf(value['software_packageUrl']);
  if (field) return field;
  for (const one of Array.isArray(value['externalIdentifier']) ? value['externalIdentifier'] : []) {
    if (isRecord(one) && /^(?:packageUrl|purl)$/i.test(String(one['externalIdentifierType']))) return textOf(one['identifier']);
  }
  return undefined;
}

/** The one package that document and SBOM name as their root. */
function subjectsOf(elements: readonly Element[], relationships: readonly Element[]): ReadonlySet<string> {
  const roots = new Set(elements.flatMap((one) => texts(one['rootElement'])));
  for (const one of relationships) if (one['relationshipType'] === 'describes') for (const to of texts(one['to'])) roots.add(to);
  const packages = elements.filter((one) => typeName(one) === 'Package' && roots.has(idOf(one) ?? '')).map((one) => idOf(one)!);
  return new Set(packages.length === 1 ? packages : []);
}

const linksOf = (one: Element): Link[] => {
  const kind = linkKind(one['relationshipType'], one['comment'] ?? one['description']);
  return kind ? texts(one['from']).flatMap((from) => texts(one['to']).map((to) => ({ kind, from, to }))) : [];
};

/** By package: the expression of its declared licence, else of the concluded one. */
function declaredLicences(elements: readonly Element[], relationships: readonly Element[]): Map<string, string> {
  const expressions = new Map(elements.flatMap((one): [string, string][] => {
    const [id, text] = [idOf(one), textOf(one['simplelicensing_licenseExpression']) ?? (/License$/.test(typeName(one)) ? textOf(one['name']) : undefined)];
    return id && text ? [[id, text]] : [];
  }));
  const found = new Map<string, string>();
  for (const wanted of ['hasConcludedLicense', 'hasDeclaredLicense']) {
    for (const one of relationships.filter(({ relationshipType }) => relationshipType === wanted)) {
      const text = texts(one['to']).flatMap((to) => said(expressions.get(to)) ?? [])[0];
      if (text) for (const from of texts(one['from'])) found.set(from, text);
    }
  }
  return found;
}
