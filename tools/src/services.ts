import type { Manifest } from '@plimsoll/contracts';
import { manifest as feeds } from '@plimsoll/feeds/manifest';
import { manifest as gateway } from '@plimsoll/gateway/manifest';
import { manifest as identity } from '@plimsoll/identity/manifest';
import { manifest as notifier } from '@plimsoll/notifier/manifest';
import { manifest as policy } from '@plimsoll/policy/manifest';
import { manifest as scanner } from '@plimsoll/scanner/manifest';

/** Every service there is, in the order in which one push goes through them. */
export const manifests: readonly Manifest[] = [gateway, scanner, feeds, policy, notifier, identity];
