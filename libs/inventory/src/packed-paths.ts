import { deflateSync, inflateSync } from 'node:zlib';
import { PathList } from '@plimsoll/oci';

/** As many bytes as the reader itself allows a layer's names (its limit `pathBytes`). */
const maxPathBytes = 128 * 1024 * 1024;

/** The paths of a layer as text for JSON: deflated, in base64. */
export const packPaths = (paths: PathList): string => deflateSync(paths.bytes, { level: 1 }).toString('base64');
/** The other way round; more bytes than the reader allows are an error. */
export const unpackPaths = (packed: string): PathList => new PathList(new Uint8Array(inflateSync(Buffer.from(packed, 'base64'), { maxOutputLength: maxPathBytes + 1 })));
