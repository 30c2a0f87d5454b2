import { Problem } from '@plimsoll/problem';

/** What a person names on the command line or in an API call, understood. `reference` picks one image of several. */
export type Target =
  | { readonly kind: 'oci-layout'; readonly path: string; readonly reference: string | undefined }
  | { readonly kind: 'oci-archive'; readonly path: string; readonly reference: string | undefined }
  | { readonly kind: 'docker-archive'; readonly path: string; readonly reference: string | undefined }
  | { readonly kind: 'registry'; readonly reference: string }
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'file'; readonly path: string };

/** The targets that are images. */
export type ImageTarget = Exclude<Target, { kind: 'directory' | 'file' }>;

/**
 * Understands a target: `oci:DIR[:REF]`, `oci-archive:FILE[:REF]`, `docker-archive:FILE[:REF]`, `dir:DIR` (a root filesystem),
 * `docker://REF`, `registry:REF`; a bare path by looking at it; anything else is a registry reference.
 */
export async function recogniseTarget(_text: string): Promise<Target> {
  throw new Problem('bug', 'not built yet');
}
