import { compareVersions, schemeOf } from '@plimsoll/versions';

/** Versions of an ecosystem compared: below 0, 0 or above 0, or undefined when the ecosystem's order is not known or a version does not parse. */
export function compare(ecosystem: string, a: string, b: string): number | undefined {
  const scheme = schemeOf(ecosystem);
  if (scheme === undefined) return undefined;
  const { result } = compareVersions(scheme, a, b);
  return result === 'undetermined' ? undefined : result;
}
