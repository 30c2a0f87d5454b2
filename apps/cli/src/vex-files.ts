import { bytesOf, defaultFeedLimits, readVex, recordsOf, type VexStatement } from '@plimsoll/advisories';
import { Problem } from '@plimsoll/problem';
import type { Option, Parsed } from './command.ts';

export const vexOptions: Readonly<Record<string, Option>> = {
  vex: { type: 'string', multiple: true, value: 'FILE', what: 'apply the statements of this VEX document (OpenVEX, CycloneDX, CSAF; also a directory or archive of them)' },
  'show-suppressed': { type: 'boolean', what: 'show also findings that a VEX statement or a rejected CVE suppresses; JSON and SARIF always have them' },
};

/** The statements of the documents named with `--vex`. One that cannot be read is an error: what it suppresses would be told as a finding, or the other way round. */
export async function readVexFiles(parsed: Parsed): Promise<VexStatement[]> {
  const statements: VexStatement[] = [];
  for (const path of parsed.texts('vex')) {
    let documents = 0;
    for await (const record of recordsOf(path)) {
      if (record.name.includes('/') && !/\.json$/i.test(record.name)) { for await (const _ of record.chunks) void _; continue; }
      const bytes = await bytesOf(record, defaultFeedLimits.recordBytes);
      let document: unknown;
      try { document = JSON.parse(bytes.toString('utf8')); } catch (cause) { throw new Problem('invalid', `${path}: ${record.name} is no JSON: ${(cause as Error).message}`, { code: 'vex-unreadable', cause }); }
      documents++;
      statements.push(...readVex(document, record.name));
    }
    if (documents === 0) throw new Problem('invalid', `${path} has no VEX document`, { code: 'vex-unreadable' });
  }
  return statements;
}
