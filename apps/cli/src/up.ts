import type { Command } from './command.ts';
import { runTool } from './tool.ts';

export const command: Command = {
  usage: '',
  about: 'Starts the whole platform on this machine: Postgres, NATS, six services. Ctrl-C stops it. State stays in .plimsoll ($PLIMSOLL_HOME).',
  options: {},
  words: [0, 0],
  run: () => runTool('up'),
};
