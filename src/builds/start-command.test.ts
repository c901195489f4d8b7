import { describe, expect, it } from 'vitest';
import { startCommandOf } from './start-command.ts';

const shell = (line: string) => ['/bin/sh', '-c', line];

describe('startCommandOf', () => {
  it.each([
    ['node server.js', ['node', 'server.js']],
    ['  node  --env-file=.env src/main.ts ', ['node', '--env-file=.env', 'src/main.ts']],
    ['next start', ['next', 'start']],
    ['next start -p $PORT', shell('exec next start -p $PORT')],
    ['NODE_ENV=production node server.js', shell('exec env NODE_ENV=production node server.js')],
    [`node -e "console.log('a && b')"`, shell(`node -e "console.log('a && b')"`)],
    ['node "my server.js"', shell('exec node "my server.js"')],
    ['npm run migrate && node server.js', shell('npm run migrate && exec node server.js')],
    ['cd dist && node server.js', shell('cd dist && exec node server.js')],
    ['cd dist; A=1 node x.js', shell('cd dist; exec env A=1 node x.js')],
    ['node a.js & node b.js', shell('node a.js & node b.js')],
    ['node a.js || node b.js', shell('node a.js || node b.js')],
    ['node a.js | tee log', shell('node a.js | tee log')],
    ['(node a.js && node b.js)', shell('(node a.js && node b.js)')],
    ['exec node server.js', shell('exec node server.js')],
    ['node a.js &', shell('node a.js &')],
  ])('%s', (line, argv) => {
    expect(startCommandOf(line)).toEqual(argv);
  });
});
