import type { FileFact } from '../found.ts';
import type { Check, CheckView, Evidence, VisibleFact } from './check.ts';
import { isOpen } from './file-facts.ts';

/** What is wrong with the files of the finished image. */
export const fileChecks: readonly Check[] = [
  {
    id: 'CIS-DI-0003', severity: 'low', title: 'Tools that help an intruder are installed',
    why: 'They are rarely needed to run a service, and are what somebody who got in looks for first.',
    fix: 'Leave them out, or build in one stage and copy into a smaller one.',
    find: ({ packages }) => packages.filter(({ type, name }) => isSystem.has(type) && tools.has(name)).map(({ name, version, layer }) => ({ what: `${name} ${version}`, ...(layer && { layer }) })),
  },
  {
    id: 'CIS-DI-0008', severity: 'low', title: 'There are setuid or setgid files',
    why: 'Whoever runs them gets the rights of their owner: a flaw in one makes any user root.',
    fix: 'Confirm that each is needed, and remove the bits of the others: RUN chmod a-s FILE.',
    find: files(({ mode, directory }) => !directory && (mode & 0o6000) !== 0, ({ mode, uid, gid }) => `${mode & 0o4000 ? `setuid of ${uid}` : `setgid of ${gid}`}, ${octal(mode)}`),
  },
  {
    id: 'CIS-DI-0010', severity: 'high', title: 'Secrets are in the image',
    why: 'Everybody who can pull the image has them, also those that a later layer removed.',
    fix: 'Revoke them, rebuild without them: RUN --mount=type=secret when building, files or variables of the orchestrator when running.',
    *find({ secrets, files: all }) {
      const told = new Set<string>();
      for (const { title, place, path, line, match, layer, deleted } of secrets) {
        if (place === 'file') told.add(path!);
        yield { what: `${title} ${match}: ${place === 'file' ? `${path}${line ? `:${line}` : ''}` : [place, path ?? (line ? `step ${line}` : '')].join(' ').trim()}${deleted ? ' (removed by an upper layer)' : ''}`, ...(layer && { layer }) };
      }
      for (const { path, layer, fact } of all) if (fact.is === 'credential' && !told.has(path)) yield { what: `a file for credentials: ${path}`, ...(layer && { layer }) };
    },
  },
  {
    id: 'DKL-LI-0001', severity: 'critical', title: 'A user has an empty password',
    why: 'Anybody who can start a login in the container becomes that user (CVE-2019-5021).',
    fix: 'RUN passwd -l USER, or set the field to `*` or `!` in /etc/shadow.',
    find: ({ passwordless }) => [...new Set(passwordless)].map((name) => ({ what: name })),
  },
  {
    id: 'DKL-LI-0002', severity: 'low', title: 'Users or groups share a number or a name',
    why: 'Files of the one belong to the other.',
    fix: 'Give each a number of its own in /etc/passwd and /etc/group.',
    *find({ users = [], groups = [] }) {
      yield* shared('uid', users.map(({ name, uid }) => [uid, name]));
      yield* shared('gid', groups.map(({ name, gid }) => [gid, name]));
      yield* shared('user', users.map(({ name, uid }) => [name, uid]));
      yield* shared('group', groups.map(({ name, gid }) => [name, gid]));
    },
  },
  {
    id: 'DKL-LI-0003', severity: 'low', title: 'Files of development are in the image',
    why: 'Histories, caches and repositories tell more than anybody needs, and often hold secrets.',
    fix: 'List them in .dockerignore, and copy what is needed by name.',
    find: files(({ is }) => is === 'leftover'),
  },
  {
    id: 'PLM-LI-0001', severity: 'medium', title: 'Everybody may write to files or directories',
    why: 'Any process in the container can change what others run or read.',
    fix: 'RUN chmod o-w PATH; a shared directory for temporary files needs the sticky bit (chmod 1777).',
    find: files(({ mode, directory }) => isOpen(mode, directory), ({ mode }) => octal(mode)),
  },
  {
    id: 'PLM-LI-0002', severity: 'low', title: 'Files belong to users or groups that do not exist',
    why: 'Whoever is given that number later owns them.',
    fix: 'COPY --chown=USER:GROUP, or create the user first.',
    *find({ files: all, users, groups }) {
      if (!users || !groups) return;
      const uids = new Set(users.map(({ uid }) => uid)), gids = new Set(groups.map(({ gid }) => gid));
      for (const { path, layer, fact: { uid, gid } } of all) {
        const lost = [...uid !== 0 && !uids.has(uid) ? [`uid ${uid}`] : [], ...gid !== 0 && !gids.has(gid) ? [`gid ${gid}`] : []];
        if (lost.length) yield { what: `${path} (${lost.join(', ')})`, ...(layer && { layer }) };
      }
    },
  },
];

const isSystem: ReadonlySet<string> = new Set(['deb', 'apk', 'rpm', 'alpm', 'opkg']);
const tools: ReadonlySet<string> = new Set(['openssh-server', 'openssh', 'dropbear', 'telnet', 'telnetd', 'inetutils-telnet', 'busybox-extras', 'rsh-client', 'rsh-server', 'nmap', 'nmap-ncat', 'ncat', 'netcat', 'netcat-openbsd', 'netcat-traditional', 'socat', 'tcpdump', 'wireshark', 'tshark', 'gdb', 'gdbserver', 'strace', 'ltrace', 'hydra', 'john']);

function files(isWrong: (fact: FileFact) => boolean, say?: (fact: FileFact) => string): (view: CheckView) => Evidence[] {
  return ({ files: all }) => all.filter(({ fact }) => isWrong(fact)).map((one) => evidence(one, say?.(one.fact)));
}

const evidence = ({ path, layer }: VisibleFact, more?: string): Evidence => ({ what: more ? `${path} (${more})` : path, ...(layer && { layer }) });
const octal = (mode: number): string => mode.toString(8).padStart(4, '0');

/** Keys that stand for more than one thing. The same line twice is harmless. */
function* shared(kind: string, pairs: readonly (readonly [key: string | number, what: string | number])[]): Generator<Evidence> {
  for (const [key, group] of Map.groupBy(pairs, ([one]) => one)) {
    const different = new Set(group.map(([, what]) => what));
    if (different.size > 1) yield { what: `${kind} ${key}: ${[...different].join(', ')}` };
  }
}
