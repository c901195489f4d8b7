import { test } from 'vitest';
import { expectThousandSoundHistories } from './run-histories.ts';

test('another thousand histories break no invariant', () => expectThousandSoundHistories(1001));
