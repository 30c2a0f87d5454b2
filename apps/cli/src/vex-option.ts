import type { VexStatement } from '@plimsoll/advisories';
import type { Option, Parsed } from './command.ts';

export const vexOption: Readonly<Record<string, Option>> = {
  vex: { type: 'string', multiple: true, value: 'FILE', what: 'apply the statements of this VEX document (OpenVEX, CycloneDX, CSAF; also a directory or archive of them)' },
};

/** The same where findings are listed. */
export const vexOptions: Readonly<Record<string, Option>> = {
  ...vexOption,
  'show-suppressed': { type: 'boolean', what: 'show also findings that a VEX statement or a rejected CVE suppresses; JSON and SARIF always have them' },
};

/** The statements of the documents named with `--vex`. */
export const readVexOption = async (parsed: Parsed): Promise<VexStatement[]> =>
  parsed.texts('vex').length === 0 ? [] : (await import('./vex-files.ts')).readVexFiles(parsed.texts('vex'));
