import { realpathSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { Injectable } from '@nestjs/common';
import { openImage, platformsOf, recogniseTarget, type ImageSource, type ImageTarget, type OpenOptions } from '@plimsoll/oci';
import { Problem } from '@plimsoll/problem';
import { scannerConfig } from './scanner.config.ts';
import type { Scan } from './scans.ts';

/** The queue tries again, and lets others have the place meanwhile. */
const registryRetries = 2;

/** Opens what a push names: an image in a registry, or in a directory the operator allowed. */
@Injectable()
export class OpenTarget {
  private readonly config = scannerConfig();

  async open({ target, digest, platform }: Pick<Scan, 'target' | 'digest' | 'platform'>, signal: AbortSignal): Promise<ImageSource> {
    return openImage(await this.image(target, digest), { ...this.options(signal), ...(platform && { platform }) });
  }

  async platforms(target: string, signal: AbortSignal): Promise<readonly string[]> {
    return platformsOf(await this.image(target, undefined), this.options(signal));
  }

  /** What a text names, if it is an image that the scanner may read. */
  private async image(text: string, digest: string | undefined): Promise<ImageTarget> {
    const target = await recogniseTarget(text);
    switch (target.kind) {
      case 'directory': case 'file': throw new Problem('invalid', `${text} is not an image; scan it with \`plimsoll scan ${text}\` on the machine that holds it`, { code: 'target-not-an-image' });
      case 'engine': throw new Problem('denied', `${text}: engines of the scanner's machine are not read for a project; push the image to a registry, or scan it with \`plimsoll scan ${text}\``, { code: 'target-not-allowed' });
      case 'registry': return pinned(target, digest);
      default: return this.allowed(target);
    }
  }

  private options(signal: AbortSignal): OpenOptions {
    const {
      PLIMSOLL_SCANNER_PLAIN_HTTP: plainHttp, PLIMSOLL_SCANNER_MIRRORS: mirrors, PLIMSOLL_SCANNER_ALLOWED_HOSTS: allowedHosts, PLIMSOLL_SCANNER_TOKEN_HOSTS: tokenHosts,
      PLIMSOLL_SCANNER_DOCKER_CONFIG: dockerConfig, PLIMSOLL_SCANNER_REGISTRY_CA_FILE: caFile, PLIMSOLL_SCANNER_PRIVATE_REGISTRIES,
    } = this.config;
    return {
      signal, limits: this.config.PLIMSOLL_SCANNER_LIMITS.imageLimits,
      registry: {
        limits: { retries: registryRetries }, plainHttp, mirrors, allowedHosts, tokenHosts, privateRegistries: PLIMSOLL_SCANNER_PRIVATE_REGISTRIES === 'on',
        ...(dockerConfig && { dockerConfig }), ...(caFile && { caFile }),
      },
    };
  }

  /** Checked on real paths, so that a symlink inside an allowed directory leads nowhere else. */
  private allowed(target: Extract<ImageTarget, { path: string }>): ImageTarget {
    let path: string;
    try {
      path = realpathSync(target.path);
    } catch (cause) {
      throw new Problem('missing', `${target.path} does not exist on the scanner's machine`, { code: 'target-missing', cause });
    }
    const inside = this.config.PLIMSOLL_SCANNER_LOCAL_ROOTS.some((root) => path === realpathSync(resolve(root)) || path.startsWith(realpathSync(resolve(root)) + sep));
    if (!inside) throw new Problem('denied', 'the scanner reads registries only; name directories it may read in PLIMSOLL_SCANNER_LOCAL_ROOTS', { code: 'target-not-allowed' });
    return { ...target, path };
  }
}

/** A webhook told the digest: that content and no other is read, wherever the tag points by now. */
const pinned = (target: Extract<ImageTarget, { kind: 'registry' }>, digest: string | undefined): ImageTarget =>
  digest === undefined || target.reference.includes('@') ? target : { ...target, reference: `${target.reference}@${digest}` };
