import { HoldfastError } from '../../core/errors.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { paint } from './paint.ts';

/** Prints an error once, with what to do about it, and answers the exit code. */
export function reportError(cause: unknown, stream: NodeJS.WriteStream = process.stderr): number {
  const error = HoldfastError.from(cause);
  stream.write(`${paint('red', 'error:', stream)} ${error.message}\n`);
  if (error.hint) stream.write(`${paint('dim', 'hint:', stream)}  ${error.hint}\n`);
  if (process.env.HOLDFAST_DEBUG && cause instanceof Error) stream.write(`${cause.stack}\n`);
  return exitCodeOf(error.kind);
}
