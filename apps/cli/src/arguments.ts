import { parseArgs } from 'node:util';
import { Problem } from '@plimsoll/problem';
import type { Command, Parsed } from './command.ts';

/** Reads a command's arguments strictly: an unknown option is an error, not a surprise. */
export function parseArguments(name: string, { options, words: [least, most], usage }: Command, argv: readonly string[]): Parsed | 'help' {
  if (argv.includes('--help') || argv.includes('-h')) return 'help';
  const wrong = (what: string): Problem => new Problem('invalid', `${what}\nusage: plimsoll ${name} ${usage}`, { code: 'usage' });
  let parsed;
  try {
    parsed = parseArgs({ args: [...argv], options: Object.fromEntries(Object.entries(options).map(([key, { type, short, multiple }]) => [key, { type, ...(short ? { short } : {}), ...(multiple ? { multiple } : {}) }])), allowPositionals: true, strict: true });
  } catch (error) {
    throw wrong((error as Error).message.split('. To specify')[0]!);
  }
  const { values, positionals } = parsed;
  if (positionals.length < least) throw wrong(/^[A-Z]/.test(usage) ? `${name} needs ${usage.split(' ').slice(0, least).join(' and ')}` : `${name} what?`);
  if (positionals.length > most) throw wrong(`${JSON.stringify(positionals[most])} is one word too many`);
  return {
    positionals,
    text: (key) => typeof values[key] === 'string' ? values[key] : undefined,
    texts: (key) => [values[key] ?? []].flat().filter((value) => typeof value === 'string'),
    flag: (key) => values[key] === true,
  };
}
