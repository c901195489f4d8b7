import { expect, it } from 'vitest';
import { Storage } from './storage.ts';

const options = { endpoint: 'http://127.0.0.1:1', accessKeyId: 'id', secretAccessKey: 'secret', region: 'local' };
const customerKey = new Uint8Array(32);

it("gives no URL under a customer's key, of a public bucket either", () => {
  for (const isPublic of [true, false]) {
    const storage = new Storage('images', { ...options, public: isPublic, customerKey });
    expect(() => storage.url('cat.jpg')).toThrow("a URL gives nobody a customer's key");
  }
});

it.each(['größe.jpg', '5€.jpg', 'two\nlines'])(
  'asks nobody with a header that is no line of ASCII: %j',
  async (name) => {
    const storage = new Storage('images', options);
    const put = storage.put('cat.jpg', 'bytes', { contentDisposition: `attachment; filename="${name}"` });
    await expect(put).rejects.toMatchObject({ code: 'InvalidArgument', message: expect.stringContaining('one line') });
  },
);
