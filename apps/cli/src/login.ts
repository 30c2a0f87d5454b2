import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { Problem } from '@plimsoll/problem';
import type { Command } from './command.ts';
import { keepSession, platformOptions } from './platform.ts';
import { signIn } from './rest.ts';
import { say } from './terminal.ts';

export const command: Command = {
  usage: '[IDENTIFIER] --url URL',
  about: 'Signs in with a password, asked for or read from standard input. The session is kept in ~/.config/plimsoll/session.json.\nPipelines use an API token instead: PLIMSOLL_URL and PLIMSOLL_TOKEN.',
  options: { url: platformOptions['url']! },
  words: [0, 1],
  async run(parsed) {
    const url = (parsed.text('url') ?? process.env['PLIMSOLL_URL'])?.replace(/\/$/, '');
    if (!url) throw new Problem('invalid', 'which platform? name it with --url', { code: 'usage' });
    const identifier = parsed.positionals[0] ?? 'admin';
    const { token, seconds } = await signIn(url, identifier, await askPassword(`Password of ${identifier}: `));
    keepSession({ url, token });
    say(`Signed in to ${url} as ${identifier} for ${Math.round(seconds / 60)} minutes.`);
    return 0;
  },
};

/** Typed letters do not show. */
async function askPassword(question: string): Promise<string> {
  const isTerminal = process.stdin.isTTY === true;
  if (isTerminal) process.stderr.write(question);
  const lines = createInterface({ input: process.stdin, terminal: isTerminal, output: new Writable({ write: (_chunk, _encoding, done) => done() }) });
  try {
    return (await lines.question('')).replace(/\r?\n$/, '');
  } finally {
    lines.close();
    if (isTerminal) process.stderr.write('\n');
  }
}
