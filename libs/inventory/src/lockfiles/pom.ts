import type { FileCataloger, Found, FoundPackage } from '../cataloger.ts';
import { childrenOf, childText, parseXmlFile, type XmlElement } from '../xml-file.ts';
import { lockfile } from './lockfile.ts';

/**
 * `pom.xml` of Maven (maven.apache.org/pom.html): the dependencies it names itself, with versions as far as this file tells them, by properties and
 * `dependencyManagement`. What a parent, a profile or an import decides is listed without a version; what they bring in turn is not known here.
 */
export const pom: FileCataloger = lockfile('pom', (name) => name === 'pom.xml', (bytes): Found => {
  const project = parseXmlFile(bytes, 'pom-invalid');
  if (project.name !== 'project') return { packages: [], problems: [{ code: 'pom-invalid', detail: 'no <project>' }] };
  const properties = propertiesOf(project), resolve = (text: string | undefined): string => resolved(text, properties);
  const managed = new Map(dependenciesOf(childrenOf(project, 'dependencyManagement')[0]).map((one) => [`${resolve(childText(one, 'groupId'))}:${resolve(childText(one, 'artifactId'))}`, resolve(childText(one, 'version'))]));
  return {
    packages: dependenciesOf(project).flatMap((one): FoundPackage[] => {
      const [group, artifact] = [resolve(childText(one, 'groupId')), resolve(childText(one, 'artifactId'))], name = `${group}:${artifact}`;
      const version = resolve(childText(one, 'version')) || managed.get(name) || '';
      // `[1.0]` is exactly that version; any other range is a choice still to be made.
      return group && artifact ? [{ type: 'maven', name, version: /^\[([^,\s]+)\]$/.exec(version)?.[1] ?? (/^[[(]/.test(version) ? '' : version) }] : [];
    }),
  };
});

const dependenciesOf = (element: XmlElement | undefined): XmlElement[] => childrenOf(childrenOf(element, 'dependencies')[0], 'dependency');

function propertiesOf(project: XmlElement): ReadonlyMap<string, string> {
  const parent = childrenOf(project, 'parent')[0];
  const own = Object.fromEntries(['groupId', 'version', 'artifactId'].map((key) => [key, childText(project, key) ?? (key === 'artifactId' ? undefined : childText(parent, key)) ?? '']));
  return new Map([
    ...Object.entries(own).flatMap(([key, value]) => [[`project.${key}`, value], [`pom.${key}`, value], [key, value]] as [string, string][]),
    ['project.parent.version', childText(parent, 'version') ?? ''], ['project.parent.groupId', childText(parent, 'groupId') ?? ''],
    ...childrenOf(project, 'properties').flatMap(({ children }) => children.map(({ name, text }): [string, string] => [name, text.trim()])),
  ]);
}

/** The text with its properties in place, '' when one is unknown or the text grows without end. */
function resolved(text: string | undefined, properties: ReadonlyMap<string, string>): string {
  let value = text ?? '';
  for (let i = 0; i < 10 && value.includes('${') && value.length < 1000; i++) value = value.replace(/\$\{([^${}]+)\}/g, (all, key: string) => properties.get(key) || all);
  return value.includes('${') ? '' : value;
}
