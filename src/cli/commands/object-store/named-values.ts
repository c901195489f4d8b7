import { cliErrors } from '../../errors.ts';

/** Values by name, as options that may be given again collect them. */
export type Pairs = Readonly<Record<string, string>>;

/** For options `<name=value>`. @throws HoldfastError `usage` */
export function collectPairs(text: string, before: Pairs = {}): Pairs {
  const end = text.indexOf('=');
  if (end < 1) throw cliErrors.usage(`"${text}" has no name`, 'write name=value');
  const name = text.slice(0, end);
  if (Object.hasOwn(before, name)) throw cliErrors.usage(`"${name}" is given twice`, 'give it once');
  return { ...before, [name]: text.slice(end + 1) };
}
