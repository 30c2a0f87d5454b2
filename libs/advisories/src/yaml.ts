import { invalid } from '@plimsoll/problem';
import { parse, type DocumentOptions, type ParseOptions, type SchemaOptions } from 'yaml';

/** Characters of one YAML document; the largest known, Alpine's v3.11 in its old form, has 150,000. The parser's time grows with the square of what somebody makes up: 0.5 s for 50,000 quotes. */
const mostCharacters = 256 * 1024;

/** A YAML document. Throws Problem `record-too-large`, or the parser's error. */
export function parseYaml(text: string, options?: ParseOptions & DocumentOptions & SchemaOptions): unknown {
  if (text.length > mostCharacters) throw invalid('record-too-large', `YAML of ${text.length} characters; up to ${mostCharacters} are read`);
  return parse(text, options);
}
