import { invalid } from '@plimsoll/problem';

/** What a document of unknown origin may cost. */
export interface SbomLimits {
  /** Bytes of the document. */
  readonly bytes: number;
  /** Components or packages it lists. */
  readonly components: number;
  /** Objects and lists inside each other. */
  readonly depth: number;
  /** Values in all: 256 MB of `[],` would be ten times as much in memory. */
  readonly values: number;
}
export const sbomLimits: SbomLimits = { bytes: 256 * 1024 * 1024, components: 1_000_000, depth: 1000, values: 16_000_000 };

/** Throws Problem `limit-sbom-bytes`, `limit-sbom-depth` or `limit-sbom-values` when reading the JSON would cost too much. Looks at brackets and commas only; whether it is JSON the parser says. */
export function checkCost(bytes: Buffer, { bytes: mostBytes, depth: deepest, values: mostValues }: SbomLimits): void {
  if (bytes.length > mostBytes) throw invalid('limit-sbom-bytes', `the document has ${bytes.length} bytes; at most ${mostBytes} are read`);
  let depth = 0, values = 1;
  for (let i = 0; i < bytes.length; i++) {
    switch (bytes[i]) {
      case 0x22:
        for (i++; i < bytes.length && bytes[i] !== 0x22; i++) if (bytes[i] === 0x5c) i++;
        break;
      case 0x7b: case 0x5b:
        values++;
        if (++depth > deepest) throw invalid('limit-sbom-depth', `at byte ${i} the document is nested deeper than ${deepest}`);
        break;
      case 0x7d: case 0x5d: depth--; break;
      case 0x2c:
        if (++values > mostValues) throw invalid('limit-sbom-values', `by byte ${i} the document has more than ${mostValues} values`);
        break;
    }
  }
}
