/** JSON with sorted names and no blanks, as RFC 8785 writes it for strings, integers, booleans, lists and objects. */
export const canonicalJson = (value: unknown): string => JSON.stringify(value, (_name, part: unknown) =>
  part !== null && typeof part === 'object' && !Array.isArray(part)
    ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => a < b ? -1 : 1))
    : part);
