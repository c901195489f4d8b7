/** Safe integers as 64 bits, big-endian, so that bytes sort as numbers do. */

const HIGH = 2 ** 32;

export function writeUint64(target: Buffer, value: number, at: number): void {
  target.writeUInt32BE(Math.floor(value / HIGH), at);
  target.writeUInt32BE(value % HIGH, at + 4);
}

export function readUint64(source: Buffer, at: number): number {
  return source.readUInt32BE(at) * HIGH + source.readUInt32BE(at + 4);
}
