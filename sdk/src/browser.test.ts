import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type UploadPlan, upload } from './browser.ts';
import { md5 } from './md5.ts';

/** What a browser does for it, as far as it is used: answers come from `answers`. */
let answers: (method: string, url: string) => { readonly text?: string; readonly etag?: string };
class Request {
  status = 200;
  responseText = '';
  upload = { onprogress: null };
  onload: (() => void) | null = null;
  #answer: { readonly text?: string; readonly etag?: string } = {};

  open(method: string, url: string): void {
    this.#answer = answers(method, url);
  }

  setRequestHeader(): void {}

  getResponseHeader(): string | null {
    return this.#answer.etag ?? null;
  }

  send(): void {
    this.responseText = this.#answer.text ?? '';
    queueMicrotask(() => this.onload?.());
  }
}
beforeAll(() => void vi.stubGlobal('XMLHttpRequest', Request));
afterAll(() => void vi.unstubAllGlobals());
afterEach(() => vi.restoreAllMocks());

const file = new Blob(['0123456789']);
const etags = ['01234', '56789'].map((text) => md5(new TextEncoder().encode(text)));
const plan: UploadPlan = {
  size: 10,
  contentType: 'text/plain',
  multipart: { partSize: 5, partUrls: ['p1', 'p2'], listUrl: 'list', completeUrl: 'complete', abortUrl: 'abort' },
};
const part = (number: number, etag = '') =>
  `<Part><PartNumber>${number}</PartNumber><ETag>"${etag}"</ETag><Size>5</Size></Part>`;

describe('an upload in parts', () => {
  it('is stored when the store says so', async () => {
    const sent: string[] = [];
    answers = (method, url) => {
      if (method === 'PUT') sent.push(url);
      if (url === 'list') return { text: part(1, etags[0]) + (sent.length > 0 ? part(2, etags[1]) : '') };
      return url === 'complete' ? { text: '<R><ETag>"e-2"</ETag></R>' } : {};
    };
    expect(await upload(plan, file)).toEqual({ etag: 'e-2' });
    expect(sent).toEqual(['p2']);
  });

  it.each(['', '<html>Sign in</html>'])('is not stored when something else answers: "%s"', async (text) => {
    answers = (_, url) => (url === 'list' ? { text: part(1, etags[0]) + part(2, etags[1]) } : { text });
    await expect(upload(plan, file)).rejects.toMatchObject({ name: 'UploadError' });
  });

  it('does not complete what another upload by the same plan has put in between', async () => {
    let lists = 0;
    const completed: string[] = [];
    answers = (_, url) => {
      if (url === 'list') lists += 1;
      if (url === 'list') return { text: lists === 1 ? '' : part(1, 'another') + part(2, etags[1]) };
      if (url === 'complete') completed.push(url);
      return url === 'complete' ? { text: '<R><ETag>"e-2"</ETag></R>' } : { etag: `"${etags[url === 'p1' ? 0 : 1]}"` };
    };
    await expect(upload(plan, file)).rejects.toMatchObject({ name: 'UploadError' });
    expect(completed).toEqual([]);
  });
});
