import { invalid } from '@plimsoll/problem';
import { isRecord, textOf } from '../json-file.ts';
import type { InventoryProblem } from '../model.ts';
import { type Component, exactText, type Link, listAt, recordAt, type Role, type SbomDocument } from './document.ts';
import type { SbomLimits } from './limits.ts';
import { isProperty, Properties } from './properties.ts';

/** Versions that have a JSON form; 1.0 and 1.1 are XML alone. */
const versions = new Set(['1.2', '1.3', '1.4', '1.5', '1.6', '1.7']);

/** Reads CycloneDX 1.2 to 1.7 JSON. Throws Problem `sbom-invalid`, `sbom-version-unknown`, `limit-sbom-components`. */
export function readCycloneDx(json: Record<string, unknown>, limits: SbomLimits): SbomDocument {
  if (!versions.has(String(json['specVersion']))) throw invalid('sbom-version-unknown', `specVersion ${JSON.stringify(json['specVersion'] ?? null)}: CycloneDX 1.2 to 1.7 are read`);
  const metadata = recordAt(json['metadata'], 'metadata');
  const components: Component[] = [], problems: InventoryProblem[] = [];
  let count = 0;
  const visit = (value: unknown, where: string, subject = false): void => {
    if (++count > limits.components) throw invalid('limit-sbom-components', `at ${where} the document has more than ${limits.components} components`);
    if (!isRecord(value)) { problems.push({ code: 'sbom-component-unusable', detail: 'is no object', where }); return; }
    components.push(componentOf(value, where, subject));
    visitAll(value['components'], `${where}.components`);
  };
  const visitAll = (value: unknown, where: string): void => {
    const list = listAt(value, where) as unknown[];
    for (let i = 0; i < list.length; i++) {
      visit(list[i], `${where}[${i}]`);
      // Read once: what it held need not stay in memory beside the component.
      list[i] = undefined;
    }
  };
  if (metadata['component'] !== undefined) visit(metadata['component'], 'metadata.component', true);
  visitAll(json['components'], 'components');
  return {
    name: undefined, makers: makersOf(metadata['tools']), properties: propertiesOf(metadata['properties'], 'metadata.properties'),
    components, problems, links: linksOf(json['dependencies']), files: new Map(), incomplete: incompleteOf(json['compositions']),
  };
}

function componentOf(value: Record<string, unknown>, where: string, subject: boolean): Component {
  const [group, name] = [textOf(value['group']), textOf(value['name'])];
  const purl = textOf(value['purl']), properties = propertiesOf(value['properties'], `${where}.properties`);
  return {
    where, ref: textOf(value['bom-ref']), purl, properties,
    role: subject ? 'subject' : roleOf(value['type'], purl, properties),
    // Maven's group and artifact, npm's scope and name.
    name: group && name ? `${group}${purl?.startsWith('pkg:maven/') ? ':' : '/'}${name}` : name,
    version: textOf(value['version']),
    vendor: exactText(value['publisher']) ?? exactText(recordAt(value['supplier'], `${where}.supplier`)['name']),
    description: textOf(value['description']),
    licences: listAt(value['licenses'], `${where}.licenses`).flatMap((one) => licenceOf(one) ?? []),
    locations: listAt(recordAt(value['evidence'], `${where}.evidence`)['occurrences'], `${where}.evidence.occurrences`).flatMap((one) => {
      const path = isRecord(one) ? exactText(one['location']) : undefined;
      return path ? [{ path, layer: textOf((one as Record<string, unknown>)['additionalContext']) }] : [];
    }),
  };
}

/** Types that are no software with a version somebody watches, unless a purl says otherwise. */
const otherTypes = new Set(['file', 'container', 'data', 'device', 'cryptographic-asset', 'machine-learning-model']);

function roleOf(type: unknown, purl: string | undefined, properties: Properties): Role {
  if (type === 'operating-system') return 'system';
  if (purl) return 'package';
  if (otherTypes.has(String(type))) return 'other';
  // Trivy lists the packages of a lock file under a component for the file.
  return type === 'application' && properties.one('aquasecurity:trivy:Type') ? 'group' : 'package';
}

/** `{license: {id | name}}` or `{expression}`; also the looser forms of other makers. */
function licenceOf(value: unknown): string | undefined {
  if (typeof value === 'string') return exactText(value);
  if (!isRecord(value)) return undefined;
  const licence = isRecord(value['license']) ? value['license'] : {};
  return exactText(licence['id']) ?? exactText(licence['name']) ?? exactText(value['expression']);
}

const propertiesOf = (value: unknown, where: string): Properties => new Properties(listAt(value, where).filter(isProperty));

/** A list of tools before 1.5, an object of components since. */
function makersOf(tools: unknown): string[] {
  const list = Array.isArray(tools) ? tools : isRecord(tools) ? [tools['components'], tools['services']].flatMap((one) => (Array.isArray(one) ? one : [])) : [];
  return list.flatMap((one) => (isRecord(one) ? textOf(one['name']) ?? [] : []));
}

function linksOf(dependencies: unknown): Link[] {
  return listAt(dependencies, 'dependencies').flatMap((one, i) => {
    const { ref: from, dependsOn } = recordAt(one, `dependencies[${i}]`);
    return typeof from !== 'string' ? [] : listAt(dependsOn, `dependencies[${i}].dependsOn`).flatMap((to): Link[] => (typeof to === 'string' ? [{ kind: 'depends', from, to }] : []));
  });
}

/** Compositions that say of what is inside something that it is not all. Those of dependencies are about the graph, not about the list. */
function incompleteOf(compositions: unknown): string[] {
  return listAt(compositions, 'compositions').flatMap((one, i) => {
    const { aggregate, assemblies, dependencies } = recordAt(one, `compositions[${i}]`);
    const ofList = (Array.isArray(assemblies) && assemblies.length > 0) || !Array.isArray(dependencies) || dependencies.length === 0;
    return typeof aggregate === 'string' && aggregate.startsWith('incomplete') && ofList ? [`compositions[${i}]`] : [];
  });
}
