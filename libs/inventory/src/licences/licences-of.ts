import type { Found, FoundPackage } from '../cataloger.ts';
import { toExpressions } from './to-expression.ts';

/** Packages share documentation of packages that share documentation, seldom more often. */
const mostSteps = 4;

/** Tells the licences of a package as SPDX expressions: those of its own record, else those of the file beside the database. */
export function licencesOf(seen: readonly { readonly found: Found }[]): (found: FoundPackage) => string[] {
  const told = new Map(seen.flatMap(({ found: { licences } }) => (licences ? [[`${licences.type} ${licences.name}`, licences] as const] : [])));
  const known = new Map<string, string[]>();
  const expressions = (texts: readonly string[]): string[] => {
    const key = texts.join('\0');
    let found = known.get(key);
    if (!found) known.set(key, found = toExpressions(texts));
    return [...found];
  };
  return ({ type, name, licences }) => {
    if (licences?.length) return expressions(licences);
    let one = told.get(`${type} ${name}`);
    for (let step = 0; one?.as !== undefined && step < mostSteps; step++) one = told.get(`${type} ${one.as}`);
    return expressions(one?.licences ?? []);
  };
}
