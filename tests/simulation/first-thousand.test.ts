import { test } from 'vitest';
import { expectThousandSoundHistories } from './run-histories.ts';

test('a thousand histories break no invariant', () => expectThousandSoundHistories(1));
