import { STATUS_CODES } from 'node:http';

interface Failure {
  readonly status: number;
  /** S3's code. */
  readonly code: string;
  readonly message: string;
  readonly key: string;
}

/** What a website without an error document of its own shows. */
export function errorPage({ status, code, message, key }: Failure) {
  const title = `${status} ${STATUS_CODES[status] ?? ''}`;
  const body = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<h1>${title}</h1>
<ul><li>Code: ${code}</li><li>Message: ${escapeHtml(message)}</li><li>Key: ${escapeHtml(key)}</li></ul></html>
`;
  const headers: Record<string, string> = {
    'content-type': 'text/html; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
  };
  return { body, headers, release: undefined };
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
