import type { Entry } from '@plimsoll/oci';
import { baseName, type EntryCataloger, type FileFact, type Found } from '../cataloger.ts';
import { isThirdParty } from '../third-party.ts';

/** Of each kind so many paths of a layer are kept; checks count what is kept. */
const most = 2000, mostOfOwner = 100, mostOwners = 500;

/** Files and directories that checks judge by mode, owner or name. Kept by path, so that what an upper layer removes or repairs does not count. */
export const fileFacts: EntryCataloger = {
  name: 'file-facts',
  version: 1,
  look() {
    const counts = new Map<string, number>();
    const isWithin = (kind: string, limit: number): boolean => {
      const count = (counts.get(kind) ?? 0) + 1;
      counts.set(kind, count);
      return count <= limit;
    };
    let owners = 0;
    return (entry): Found | undefined => {
      const { type, mode, uid, gid, path } = entry;
      if (type !== 'file' && type !== 'directory') return type === 'hardlink' && mode & 0o6000 && isWithin('set-id', most) ? found(entry) : undefined;
      const is = nameOf(entry);
      if (is && isWithin(is, most)) return found(entry, is);
      if (type === 'file' && mode & 0o6000 && isWithin('set-id', most)) return found(entry);
      if (isOpen(mode, type === 'directory') && !path.startsWith('proc/') && isWithin('open', most)) return found(entry);
      if ((uid | gid) === 0) return undefined;
      const owner = `${uid}:${gid}`;
      if (!counts.has(owner) && ++owners > mostOwners) return undefined;
      return isWithin(owner, mostOfOwner) ? found(entry) : undefined;
    };
  },
};

/** Whether everybody may write there; in a sticky directory nobody may touch what others wrote. */
export const isOpen = (mode: number, directory: boolean | undefined): boolean => (mode & 0o002) !== 0 && !(directory && mode & 0o1000);

const found = ({ mode, uid, gid, type }: Entry, is?: FileFact['is']): Found =>
  ({ packages: [], fact: { mode, uid, gid, ...(type === 'directory' && { directory: true }), ...(is && { is }) } });

function nameOf({ path, type, size }: Entry): FileFact['is'] {
  const name = baseName(path);
  if (type === 'directory') return leftoverDirectories.has(name) && !isThirdParty(path) ? 'leftover' : undefined;
  if (path.charCodeAt(0) === 118 && path.startsWith('var/') && isPackageCache(path)) return 'package-cache';
  if (name === 'sudo') return path === 'usr/bin/sudo' || path === 'bin/sudo' ? 'sudo' : undefined;
  if (leftoverFiles.has(name)) return isThirdParty(path) ? undefined : 'leftover';
  return size > 0 && isCredential(path, name) && !isThirdParty(path) ? 'credential' : undefined;
}

const leftoverDirectories: ReadonlySet<string> = new Set(['.git', '.svn', '.hg', '.bzr', '.npm', '.cache', '.vscode', '.idea', '.vagrant', '.terraform', '__MACOSX']);
const leftoverFiles: ReadonlySet<string> = new Set(['Dockerfile', 'Containerfile', 'docker-compose.yml', 'docker-compose.yaml', 'compose.yaml', '.dockerignore', '.DS_Store', 'Vagrantfile', 'Jenkinsfile', '.gitlab-ci.yml', '.travis.yml', '.bash_history', '.zsh_history', '.python_history', '.node_repl_history', '.mysql_history', '.psql_history']);

function isPackageCache(path: string): boolean {
  if (path.startsWith('lib/apt/lists/', 4)) return path.length > 18 && !path.endsWith('/lock') && !path.endsWith('.lock');
  return path.startsWith('cache/', 4) && (
    (path.startsWith('apt/archives/', 10) && path.endsWith('.deb')) || path.startsWith('apk/', 10)
    || ((path.startsWith('dnf/', 10) || path.startsWith('yum/', 10) || path.startsWith('libdnf5/', 10) || path.startsWith('zypp/', 10)) && (path.endsWith('.rpm') || path.endsWith('.solv') || path.endsWith('.solvx') || path.includes('/repodata/'))));
}

/** Files whose whole purpose is to hold a secret. What is in them is for the secrets' rules; that they are there at all is for the checks. */
export function isCredential(path: string, name: string): boolean {
  if (credentialNames.has(name)) return true;
  const place = credentialPlaces.get(name);
  if (place !== undefined) return path === `${place}/${name}` || path.endsWith(`/${place}/${name}`);
  return credentialExtensions.has(name.slice(name.lastIndexOf('.') + 1)) && name.includes('.');
}

const credentialNames: ReadonlySet<string> = new Set(['id_rsa', 'id_dsa', 'id_ecdsa', 'id_ed25519', 'id_ecdsa_sk', 'id_ed25519_sk', '.netrc', '_netrc', '.pgpass', '.my.cnf', '.git-credentials', '.dockercfg', '.pypirc', '.htpasswd', '.s3cfg', '.boto', '.vault-token', '.env', '.env.local', '.env.production', 'credentials.json', 'service-account.json', 'serviceAccountKey.json', 'client_secret.json', 'application_default_credentials.json', 'secret_token.rb', 'master.key', 'password.txt', 'passwords.txt', 'terraform.tfstate']);
const credentialPlaces: ReadonlyMap<string, string> = new Map([['credentials', '.aws'], ['config.json', '.docker'], ['config', '.kube'], ['credentials.tfrc.json', '.terraform.d'], ['accessTokens.json', '.azure'], ['msal_token_cache.json', '.azure'], ['credentials.db', '.config/gcloud'], ['access_tokens.db', '.config/gcloud'], ['hosts.yml', '.config/gh'], ['credentials.toml', '.cargo']]);
const credentialExtensions: ReadonlySet<string> = new Set(['ppk', 'kdbx', 'jks', 'keystore', 'p12', 'pfx', 'ovpn']);
