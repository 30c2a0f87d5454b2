import type { Command } from './command.ts';
import { parseArguments } from './arguments.ts';
import { failed, say } from './terminal.ts';

/** Every command: what it is for, and where it lives. Loaded only when asked for, so that each starts quickly. */
export const commands: Readonly<Record<string, { readonly summary: string; readonly load: () => Promise<{ readonly command: Command }> }>> = {
  scan: { summary: 'what is inside an image, directory or lock file, and what is wrong with it', load: () => import('./scan.ts') },
  inventory: { summary: 'the packages of a target alone', load: () => import('./inventory.ts') },
  match: { summary: 'the findings of an SBOM or inventory, or every decision with its proof', load: () => import('./match.ts') },
  platforms: { summary: 'the platforms an image is there for', load: () => import('./platforms.ts') },
  explain: { summary: 'why a target has a finding', load: () => import('./explain.ts') },
  'why-not': { summary: 'why a target has no finding for a CVE', load: () => import('./why-not.ts') },
  bases: { summary: 'the base images this machine knows: list, add, remove', load: () => import('./bases.ts') },
  db: { summary: 'the advisory database of this machine: status, update, build, import', load: () => import('./db.ts') },
  versions: { summary: 'compare versions as their package managers do, and ask ranges', load: () => import('./versions.ts') },
  cvss: { summary: 'the scores of CVSS vectors', load: () => import('./cvss.ts') },
  login: { summary: 'sign in to a platform', load: () => import('./login.ts') },
  push: { summary: 'have the platform scan an image, and follow it to its verdict', load: () => import('./push.ts') },
  scans: { summary: 'what a platform has to scan and scans: list, show, follow, cancel', load: () => import('./scans.ts') },
  images: { summary: 'the images a platform knows; forget some', load: () => import('./images.ts') },
  report: { summary: 'the findings of an image on the platform', load: () => import('./report.ts') },
  diff: { summary: 'what differs between two images on the platform, or two revisions', load: () => import('./diff.ts') },
  'who-has': { summary: 'the images on the platform that have a CVE', load: () => import('./who-has.ts') },
  revision: { summary: 'what a feed revision changed, and which images it struck', load: () => import('./revision.ts') },
  vex: { summary: 'the VEX documents of a project: list, add, remove', load: () => import('./vex.ts') },
  verdict: { summary: 'the verdict of an image on the platform, with its reasons', load: () => import('./verdict.ts') },
  upkeep: { summary: 'what a project keeps of its images, and how often it looks again', load: () => import('./upkeep.ts') },
  feeds: { summary: 'where a platform\'s advisories come from', load: () => import('./feeds.ts') },
  subscriptions: { summary: 'who is told of what', load: () => import('./subscriptions.ts') },
  up: { summary: 'start a platform on this machine', load: () => import('./up.ts') },
  dead: { summary: 'events nobody could deal with: list, replay', load: () => import('./dead.ts') },
};

/** Runs one command line. Exit codes: 0 done, 1 an error or a partial scan, 2 a threshold or policy said no. */
export async function run(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') { say(help()); return name === undefined ? 1 : 0; }
  if (name === '--version' || name === 'version') { say('plimsoll 0.1.0'); return 0; }
  const entry = commands[name];
  if (!entry) { failed(`no command ${JSON.stringify(name)}`, `\`plimsoll help\` lists them.`); return 1; }
  try {
    const { command } = await entry.load();
    const parsed = parseArguments(name, command, rest);
    if (parsed === 'help') { say(usage(name, command)); return 0; }
    return await command.run(parsed);
  } catch (error) {
    const { tellError } = await import('./tell-error.ts');
    return tellError(error);
  }
}

const help = (): string => `Plimsoll tells what is inside every container image, what is wrong with it, and whether it may sail.

usage: plimsoll COMMAND [options]

${Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(14)} ${summary}`).join('\n')}

\`plimsoll COMMAND --help\` says more. Exit codes: 0 done, 1 an error or a partial scan, 2 a threshold or policy said no.`;

const usage = (name: string, { usage: lines, options, about }: Command): string => `usage: plimsoll ${name} ${lines}

${about}

${Object.entries(options).map(([option, { type, short, what, value }]) => `  ${short ? `-${short}, ` : '    '}--${`${option}${type === 'string' ? ` ${value ?? 'VALUE'}` : ''}`.padEnd(24)} ${what}`).join('\n')}`;
