import { expect, test } from 'vitest';
import { exec } from './exec.ts';

const node = (program: string) => [process.execPath, '-e', program];

test('output and input', async () => {
  const { stdout, stderr } = await exec(node('process.stdin.pipe(process.stdout); console.error("e")'), {
    input: 'in',
  });
  expect({ stdout, stderr }).toEqual({ stdout: 'in', stderr: 'e\n' });
});

test('a failure tells exit code and the last lines', async () => {
  await expect(exec(node('console.error("disk on fire"); process.exit(3)'))).rejects.toMatchObject({
    code: 'exec.failed',
    message: expect.stringMatching(/exit code 3: disk on fire/),
  });
});

test('arguments are not a shell line', async () => {
  const { stdout } = await exec([process.execPath, '-p', 'process.argv[1]', '$(id); `id`']);
  expect(stdout).toBe('$(id); `id`\n');
});

test('a missing program is named', async () => {
  await expect(exec(['no-such-program-here'])).rejects.toMatchObject({ code: 'exec.not-found' });
});
