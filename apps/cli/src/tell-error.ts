import { Problem } from '@plimsoll/problem';
import { failed, paint } from './terminal.ts';

/** What to do about the problems people meet most; the rest say it in their detail. */
const advice: Readonly<Record<string, string>> = {
  'database-missing': 'Fetch the advisories with `plimsoll db update`, or bring a file with `plimsoll db import FILE`.',
  'database-truncated': 'Fetch it again with `plimsoll db update`.',
  'database-tampered': 'Fetch it again with `plimsoll db update`.',
  'database-version': 'Make it again with `plimsoll db update`, or with `plimsoll db build` from your own feed files.',
  'archive-truncated': 'It is cut short: copy or save it again.',
  'reference-needed': 'Name one of them after a colon: FILE:REF.',
  'platform-needed': 'Choose one with --platform.',
  'registry-unauthenticated': 'Sign in with `docker login`, `podman login` or `skopeo login`; an image of an engine of this machine is docker:REF, podman:REF or containerd:REF.',
  'registry-missing': 'An image of an engine of this machine is docker:REF, podman:REF or containerd:REF.',
  'registry-unknown': 'No file has this name here, so it was taken for an image reference.',
  'registry-certificate': 'Name the certificate authority with --ca-file.',
  'registry-unavailable': 'No file has this name here, so it was taken for an image reference.',
  'not-signed-in': 'Sign in with `plimsoll login`, or set PLIMSOLL_URL and PLIMSOLL_TOKEN.',
};

/** Says what went wrong and what to do next; answers the exit code. A bug shows its stack, because somebody has to find it. */
export function tellError(error: unknown): number {
  if (error instanceof Problem && error.kind !== 'bug') {
    const parts = error.errors?.filter(({ what }) => !error.detail.includes(what)).map(({ where, what }) => `  ${where}: ${what}`).join('\n');
    const name = error.code === undefined || error.code === 'usage' ? '' : ` ${paint('dim', `(${error.code})`, process.stderr)}`;
    failed([error.detail + name, ...(parts ? [parts] : [])].join('\n'), error.code === undefined ? undefined : advice[error.code]);
    return 1;
  }
  // Ctrl-C: the shell's own number, and nothing to say.
  if (error instanceof Error && error.name === 'AbortError') return 130;
  const cause = error instanceof Problem && error.cause !== undefined ? error.cause : error;
  failed(`a bug: ${cause instanceof Error ? cause.stack ?? cause.message : String(cause)}`, 'Please report it with the command you typed.');
  return 1;
}
