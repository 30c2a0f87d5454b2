import { z } from 'zod';
import { Configuration, ConfigurationFinding, type Inventory, InventoryProblem, OperatingSystem, Secret, Target } from '../model.ts';
import { malformed } from './document.ts';
import { own, type Properties, type Property } from './properties.ts';

/** What no format has a field for, as JSON in properties of the document: then it reads back equal. */
type OwnFacts = Pick<Inventory, 'target' | 'os' | 'secrets' | 'configuration' | 'problems'>;

/** The version of these properties. */
const format = '1';

/** The properties of the document that tell where an inventory is from and what it lacks. */
export function factProperties({ target, os, secrets, configuration: { findings, ...configuration }, problems }: OwnFacts): Property[] {
  return [
    { name: `${own}inventory`, value: format },
    { name: `${own}target`, value: JSON.stringify(target) },
    ...(os ? [{ name: `${own}os`, value: JSON.stringify(os) }] : []),
    ...(Object.keys(configuration).length ? [{ name: `${own}configuration`, value: JSON.stringify(configuration) }] : []),
    ...findings.map((finding) => ({ name: `${own}configuration:finding`, value: JSON.stringify(finding) })),
    ...secrets.map((secret) => ({ name: `${own}secret`, value: JSON.stringify(secret) })),
    ...problems.map((problem) => ({ name: `${own}problem`, value: JSON.stringify(problem) })),
  ];
}

/** The facts of a document of our own; undefined for one of another maker. Throws Problem `sbom-invalid` when they are damaged. */
export function ownFacts(properties: Properties): OwnFacts | undefined {
  if (properties.one(`${own}inventory`) !== format) return undefined;
  const one = <T>(name: string, schema: z.ZodType<T>, text = properties.one(`${own}${name}`)): T => {
    let value: unknown;
    try { value = text === undefined ? undefined : JSON.parse(text); } catch { value = undefined; }
    const read = schema.safeParse(value);
    if (!read.success) throw malformed(`property ${own}${name}`, read.error.issues[0]?.message ?? 'cannot be read');
    return read.data;
  };
  return {
    target: one('target', Target),
    os: properties.one(`${own}os`) ? one('os', OperatingSystem) : null,
    secrets: properties.all(`${own}secret`).map((text) => one('secret', Secret, text)),
    configuration: {
      ...(properties.one(`${own}configuration`) ? one('configuration', Configuration) : {}),
      findings: properties.all(`${own}configuration:finding`).map((text) => one('configuration:finding', ConfigurationFinding, text)),
    },
    problems: properties.all(`${own}problem`).map((text) => one('problem', InventoryProblem, text)),
  };
}
