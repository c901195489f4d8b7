import { expect, test } from 'vitest';
import { exec } from '../../src/core/exec.ts';
import { cleanClone } from '../support/clean-clone.ts';
import { readmeCommands } from '../support/readme.ts';
import { TestPlatform } from '../support/test-platform.ts';

test('every command of the README does what it says, in its order, in a clean clone', async () => {
  await using platform = await TestPlatform.create({ ports: [7300, 7301, 7380] }); // the README names them
  const clone = await cleanClone(platform);
  const commands = await readmeCommands();
  expect(commands.length).toBeGreaterThan(5);
  const output: string[] = [];
  for (const command of commands) {
    const { stdout } = await exec(['sh', '-c', command], { cwd: clone.path, env: clone.env });
    output.push(stdout);
  }
  const said = (command: string) => output[commands.findIndex((line) => line.includes(command))] ?? '';
  expect(said('npm start').trimEnd().split('\n').at(-1)).toContain('http://photo-album.localhost:7380');
  expect(JSON.parse(said('curl'))).toMatchObject({ id: expect.anything(), url: expect.any(String) });
  expect(said('volumes list')).toMatch(/data .*ewr .*25 GB/);
  expect(said('object-store list')).toContain('my-app-images');
  expect(said('down')).toContain('stopped');
});
