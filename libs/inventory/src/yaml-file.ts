import { invalid } from '@plimsoll/problem';
import { readBlockYaml } from './block-yaml.ts';
import { isRecord } from './json-file.ts';

/** The YAML mappings of a file of unknown origin, one for each of its documents, all scalars as text; Problem `code` says why not. */
export function parseYamlFile(bytes: Buffer, code: string): Record<string, unknown>[] {
  const mappings = readBlockYaml(bytes.toString('utf8').replace(/^\uFEFF/, ''), code).filter(isRecord);
  if (mappings.length === 0) throw invalid(code, 'no YAML mapping');
  return mappings;
}
