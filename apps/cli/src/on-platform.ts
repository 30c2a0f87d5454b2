import type { Option, Parsed } from './command.ts';
import { openPlatform, type Platform, platformOptions } from './platform.ts';
import { findImage } from './show-image.ts';

/** For commands that work without a server and with one: the same question, about an image the platform knows. */
export const onPlatformOptions: Readonly<Record<string, Option>> = {
  remote: { type: 'boolean', what: 'ask a platform; TARGET is an image it knows, by digest or part of its reference' }, ...platformOptions,
};

/** The path of an image on the platform; undefined when the command is to work on this machine. */
export async function imageOnPlatform(parsed: Parsed, target: string): Promise<{ platform: Platform; path: string } | undefined> {
  if (!parsed.flag('remote')) return undefined;
  const platform = await openPlatform(parsed);
  return { platform, path: `/v1/projects/{project}/images/${await digestOf(platform, target)}` };
}

/** The digest of an image that was named by it or by part of its reference. */
export async function digestOf(platform: Platform, name: string): Promise<string> {
  const { Problem } = await import('@plimsoll/problem');
  const { digest, reference, problem } = await findImage(platform, name);
  if (!digest) throw new Problem('missing', `${reference} was rejected: ${problem?.detail}`, { code: 'image-rejected' });
  return digest;
}
