import { expect, test } from 'vitest';
import { giveBack, own } from '../../core/owned-bytes.ts';
import { IncomingBody, WINDOW_BYTES } from './body-flow.ts';

test('credit is given for what was read, also where the reader has given its memory back', async () => {
  const credit: number[] = [];
  const body = new IncomingBody((bytes) => credit.push(bytes));
  body.push(Buffer.allocUnsafeSlow(WINDOW_BYTES / 2));
  body.end();
  for await (const bytes of body) giveBack(own(bytes));
  expect(credit).toEqual([WINDOW_BYTES / 2]);
});
