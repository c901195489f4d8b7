import { runCli } from '../../src/cli/program.ts';

/** The CLI as a program of its own, without the commands that run a platform. */
process.exitCode = await runCli(process.argv.slice(2), { version: '0.0.0-test' });
