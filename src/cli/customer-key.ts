import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { cliErrors } from './errors.ts';
import { note } from './session.ts';
import { aboutReadable, unreadable } from './user-files.ts';

/** Of AES-256. */
const KEY_BYTES = 32;
const BASE64 = /^[A-Za-z0-9+/]{43}=?$/;
const HEX = /^[0-9a-f]{64}$/i;
/** Of group and others. */
const ANY_OTHER = 0o077;

export interface CustomerKeyOption {
  readonly sseCKeyFile?: string;
}

/** The option of commands that write or read objects. */
export function customerKeyOption(command: Command): Command {
  return command.option(
    '--sse-c-key-file <file>',
    'a key of your own that the objects are under: 32 bytes, raw or in base64 or hex',
  );
}

/** Whoever can read the file can read the objects: that is said. @throws HoldfastError `usage` for what is no such key */
export async function readCustomerKey(path: string | undefined): Promise<Uint8Array | undefined> {
  if (path === undefined) return undefined;
  const { mode } = await aboutReadable(path);
  const content = await readFile(path).catch(async (error) => {
    throw await unreadable(path, error);
  });
  const key = parseCustomerKey(content);
  if (key === undefined) throw notAKey(path, content.length);
  if ((mode & ANY_OTHER) !== 0) note(`other users may read the key in ${path}: \`chmod 600 ${path}\` ends that`);
  return key;
}

/** Whether a key that goes with requests to there goes over a network in the clear. */
export function isInTheClear(endpoint: string): boolean {
  const { protocol, hostname } = new URL(endpoint);
  return protocol === 'http:' && !LOOPBACK.test(hostname);
}

const LOOPBACK = /^(localhost|.*\.localhost|127\.[\d.]+|\[::1\])$/;

export function parseCustomerKey(content: Uint8Array): Uint8Array | undefined {
  if (content.length === KEY_BYTES) return content;
  const text = Buffer.from(content).toString('latin1').trim();
  if (HEX.test(text)) return Buffer.from(text, 'hex');
  return BASE64.test(text) ? Buffer.from(text, 'base64') : undefined;
}

function notAKey(path: string, length: number) {
  return cliErrors.usage(
    `${path} holds no key of ${KEY_BYTES} bytes: it has ${length}, which are no base64 or hex of one either`,
    `make one: \`openssl rand -base64 32 > ${path}\`, and keep a copy: nobody can read the objects without it`,
  );
}
