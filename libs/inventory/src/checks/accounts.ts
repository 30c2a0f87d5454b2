import type { Accounts, FileCataloger } from '../cataloger.ts';

/** Users, groups and empty passwords: passwd(5), group(5), shadow(5). */
export const accounts: FileCataloger = {
  name: 'accounts',
  version: 1,
  maxBytes: 8 * 1024 * 1024,
  wants: (path) => path.startsWith('etc/') && Object.hasOwn(files, path),
  catalog({ path, bytes }) {
    const lines = bytes.toString('utf8').split('\n').map((line) => line.split(':')).filter(([name, , ...rest]) => name !== '' && !name!.startsWith('#') && rest.length > 0);
    return { packages: [], accounts: files[path]!(lines) };
  },
};

const files: Readonly<Record<string, (lines: readonly string[][]) => Accounts>> = {
  'etc/passwd': (lines) => ({ users: lines.flatMap(([name, , uid]) => numbered(uid, (id) => ({ name: name!, uid: id }))), passwordless: withoutPassword(lines) }),
  'etc/group': (lines) => ({ groups: lines.flatMap(([name, , gid]) => numbered(gid, (id) => ({ name: name!, gid: id }))) }),
  'etc/shadow': (lines) => ({ passwordless: withoutPassword(lines) }),
};

/** `x` says that the password is in shadow, `*` and `!` that there is none to log in with; `+` and `-` begin lines of NIS. */
const withoutPassword = (lines: readonly string[][]): string[] => lines.filter(([name, password]) => password === '' && !/^[+-]/.test(name!)).map(([name]) => name!);

const numbered = <T>(text: string | undefined, make: (id: number) => T): T[] => (/^\d{1,10}$/.test(text ?? '') ? [make(Number(text))] : []);
