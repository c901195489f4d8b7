/**
 * Large buffers lie outside of the collector's heap. Left to it, a few hundred MiB a second of them make it
 * mark the whole heap many times a second, which takes longer than all that is done with them: so who uses
 * such bytes last gives them back. Bytes pass from one owner to the next; only what was marked is ever given
 * back, and a view of a part of it never is.
 */
const owned = new WeakSet<Uint8Array>();

/** `bytes` are all of their memory that anybody uses, and have one owner: whoever has got them. */
export function own<T extends Uint8Array>(bytes: T): T {
  owned.add(bytes);
  return bytes;
}

/** Frees the memory of what was marked, at once, unless it is free already. For the owner, who does not look at it again. */
export function giveBack(bytes: Uint8Array): void {
  const buffer = bytes.buffer as ArrayBuffer;
  if (owned.delete(bytes) && !buffer.detached) buffer.transfer(0);
}
