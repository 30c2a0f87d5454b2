/** `registry.example/team/app:1.2@sha256:…` without digest and tag, and the tag (empty when there is none). */
export function splitReference(reference: string): { repository: string; tag: string } {
  const named = reference.split('@', 1)[0] ?? '';
  const colon = named.lastIndexOf(':');
  return colon > named.lastIndexOf('/') ? { repository: named.slice(0, colon), tag: named.slice(colon + 1) } : { repository: named, tag: '' };
}

/** Whole-text comparison in which `*` stands for any text; time is at most the product of both lengths. */
export function matchesGlob(pattern: string, text: string): boolean {
  let p = 0, t = 0, star = -1, resume = 0;
  while (t < text.length) {
    if (p < pattern.length && pattern[p] === '*') { star = p++; resume = t; }
    else if (p < pattern.length && pattern[p] === text[t]) { p++; t++; }
    else if (star >= 0) { p = star + 1; t = ++resume; }
    else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
