import { invalidArgument } from './errors.ts';

/**
 * Those that every server reads as they were signed: one line of ASCII (RFC 9110, section 5.5).
 * @throws StorageError `InvalidArgument`
 */
export function checkedHeaders<H extends Readonly<Record<string, string>>>(headers: H): H {
  for (const [name, value] of Object.entries(headers)) {
    if (/^[\t\x20-\x7e]*$/.test(value)) continue;
    throw invalidArgument(
      `${JSON.stringify(value)} cannot be sent as ${name}: a header is one line of ASCII; a file name goes percent-encoded, filename*=UTF-8''…`,
    );
  }
  return headers;
}
