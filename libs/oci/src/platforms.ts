import { invalid, Problem } from '@plimsoll/problem';
import type { Descriptor } from './documents.ts';

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', x86_64: 'amd64', aarch64: 'arm64', ia32: '386', i386: '386', armhf: 'arm', mipsel: 'mipsle' };

/** The platform whose images this machine would run: Linux on this processor, under the names Go and OCI use. */
export const hostPlatform = (): string => normalPlatform(`linux/${process.arch}`);

/** `os/arch[/variant]` under OCI's names: `arm64/v8` is `arm64`, `arm` is `arm/v7`, `amd64` alone is Linux's. Problem `platform-invalid`. */
export function normalPlatform(text: string): string {
  const parts = text.toLowerCase().split('/');
  if (parts.length > 3 || parts.some((part) => !/^[a-z0-9_.-]+$/.test(part))) throw invalid('platform-invalid', `${JSON.stringify(text.slice(0, 100))} is not os/arch or os/arch/variant`);
  const [os = '', arch = '', variant] = parts.length === 1 ? ['linux', parts[0]] : parts;
  const name = architectures[arch] ?? arch;
  const exact = name === 'arm' ? variant ?? 'v7' : name === 'arm64' && variant === 'v8' ? undefined : name === 'amd64' && variant === 'v1' ? undefined : variant;
  return `${os}/${name}${exact === undefined ? '' : `/${exact}`}`;
}

/** Whether an image of platform `has` is one for `wanted`. */
export function isForPlatform(wanted: string, has: string): boolean {
  try { return normalPlatform(has) === normalPlatform(wanted); } catch { return false; }
}

/**
 * The one of an index to read: the wanted platform's; else this machine's; else the only one.
 * Problems `platform-missing` and `platform-needed` list what there is.
 */
export function choosePlatform(manifests: readonly Descriptor[], wanted: string | undefined, where: string): Descriptor {
  const images = manifests.filter(isImage);
  const choices = images.map(({ platform, digest }) => platform ?? `(no platform) ${digest}`);
  if (images.length === 0) throw new Problem('missing', `${where}: the index lists no image`, { code: 'platform-missing' });
  const fitting = (platform: string) => images.find((image) => image.platform !== undefined && isForPlatform(platform, image.platform));
  if (wanted !== undefined) {
    const found = fitting(normalPlatform(wanted)) ?? (images.length === 1 && images[0]!.platform === undefined ? images[0] : undefined);
    if (found !== undefined) return found;
    throw new Problem('missing', `${where}: no image for ${wanted}; there are ${choices.join(', ')}`, { code: 'platform-missing', errors: choices.map((what) => ({ where: 'platform', what })) });
  }
  const found = fitting(hostPlatform()) ?? (images.length === 1 ? images[0] : undefined);
  if (found !== undefined) return found;
  throw new Problem('invalid', `${where}: images for several platforms, none of them ${hostPlatform()}; name one of ${choices.join(', ')}`, { code: 'platform-needed', errors: choices.map((what) => ({ where: 'platform', what })) });
}

/** BuildKit lists attestations beside images, for a platform that does not exist. */
const isImage = ({ platform, annotations, artifactType }: Descriptor): boolean =>
  platform !== 'unknown/unknown' && annotations['vnd.docker.reference.type'] === undefined && artifactType === undefined;
