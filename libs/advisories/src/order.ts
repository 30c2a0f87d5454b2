/** Versions of an ecosystem compared: below 0, 0 or above 0, or undefined when the ecosystem's order is not known or a version does not parse. */
export function compare(_ecosystem: string, _a: string, _b: string): number | undefined {
  return undefined;
}
