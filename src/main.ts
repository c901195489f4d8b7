/**
 * Where every process of Holdfast begins: the CLI, or a role that the
 * supervisor started. Each loads only what it needs.
 */
const argv = process.argv.slice(2);
const [command, name] = argv;

if (command === 'role') {
  const { runNamedRole } = await import('./host/roles.ts');
  await runNamedRole(name ?? '');
} else {
  const { runHoldfast } = await import('./host/command-line.ts');
  await runHoldfast(argv);
}
