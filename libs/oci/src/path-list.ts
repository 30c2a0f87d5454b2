/** The paths of a layer in the order met, each with its kind, in one compact buffer. */
export class PathList {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) { this.bytes = bytes; }
}
