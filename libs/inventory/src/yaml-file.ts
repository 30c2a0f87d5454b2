import { invalid } from '@plimsoll/problem';
import { parseAllDocuments } from 'yaml';
import { readBlockYaml } from './block-yaml.ts';
import { isRecord } from './json-file.ts';

/** The whole parser takes a second and 80 MB for a megabyte. */
const maxBytes = 2 * 1024 * 1024;

/**
 * The YAML mappings of a file of unknown origin, one for each of its documents; Problem `code` says why not, `limit-yaml-bytes` when what only a
 * whole parser can read is too big for it. Aliases, which can multiply, are refused. All scalars are text as written: `1.10` is a version, no number.
 */
export function parseYamlFile(bytes: Buffer, code: string): Record<string, unknown>[] {
  const text = bytes.toString('utf8').replace(/^\uFEFF/, ''), mappings = (readBlockYaml(text) ?? parseWhole(text, code)).filter(isRecord);
  if (mappings.length === 0) throw invalid(code, 'no YAML mapping');
  return mappings;
}

function parseWhole(text: string, code: string): unknown[] {
  if (text.length > maxBytes) throw invalid('limit-yaml-bytes', `${text.length} characters of YAML beyond the plain kind that tools write; at most ${maxBytes} of such are read`);
  try {
    const documents = parseAllDocuments(text, { uniqueKeys: false, schema: 'failsafe' });
    const error = [...documents].flatMap(({ errors }) => errors)[0];
    if (error) throw error;
    return [...documents].map((document) => document.toJS({ maxAliasCount: 0 }));
  } catch (error) {
    // What is nested too deep for the parser ends its stack, which is an Error too.
    throw invalid(code, `no YAML: ${(error as Error).message.split('\n', 1)[0]!.slice(0, 160)}`);
  }
}
