/** Shell lines of an app's author, turned into argv that a signal reaches: no shell, or one that becomes the program. */

/** Words without anything that a shell would change. */
const PLAIN = /^[\w@%+:,./=-]+( +[\w@%+:,./=-]+)*$/;
const ASSIGNMENT = /^[A-Za-z_]\w*=/;
/** Cannot be executed: they act on the shell itself. */
const BUILTINS = new Set([
  '.',
  ':',
  'cd',
  'eval',
  'exec',
  'exit',
  'export',
  'set',
  'source',
  'ulimit',
  'umask',
  'unset',
]);
const OPERATORS = /[;&|()<>{}\n`]/;
const QUOTES = /["'\\]/;

export function startCommandOf(line: string): readonly string[] {
  const trimmed = line.trim();
  const words = trimmed.split(/ +/);
  const first = words[0] ?? '';
  if (PLAIN.test(trimmed) && !ASSIGNMENT.test(first) && !BUILTINS.has(first)) return words;
  return ['/bin/sh', '-c', withExec(trimmed)];
}

/** `exec` before the last command, where it is clear which that is: the shell would wait and keep the signals otherwise. */
function withExec(line: string): string {
  const [, before = '', last = ''] = /^(.*(?:&&|;) *)?([^;&]*)$/s.exec(line) ?? [];
  const clear =
    !OPERATORS.test(last) && (before === '' || (!QUOTES.test(line) && !/[|()<>{}\n`]|(^|[^&])&([^&]|$)/.test(before)));
  const word = last.split(' ')[0] ?? '';
  if (!clear || last === '' || BUILTINS.has(word)) return line;
  // `exec A=1 program` would look for a program named A=1; env(1) takes assignments.
  return `${before}exec ${ASSIGNMENT.test(word) ? 'env ' : ''}${last}`;
}
