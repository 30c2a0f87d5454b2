import type { Command } from './command.ts';
import { runTool } from './tool.ts';

export const command: Command = {
  usage: 'list | replay SEQ',
  about: 'Events a service could not deal with, kept thirty days with the problem beside them; `replay` sends one again.\nNeeds the administrator\'s NATS key of a platform started here.',
  options: { json: { type: 'boolean', what: 'print JSON' } },
  words: [1, 2],
  run: (parsed) => runTool('dead', [...parsed.positionals, ...parsed.flag('json') ? ['--json'] : []]),
};
