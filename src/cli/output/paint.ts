import { styleText } from 'node:util';

type Format = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Colour where `stream` is a terminal that shows it and NO_COLOR is not set. */
export function paint(format: Format, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(format, text, { stream });
}

const STATE_FORMATS: Readonly<Record<string, Format>> = {
  healthy: 'green',
  active: 'green',
  succeeded: 'green',
  unhealthy: 'red',
  exited: 'red',
  failed: 'red',
  'rolled-back': 'red',
  destroyed: 'red',
  detached: 'yellow',
};

/** A state in the colour of what it means. */
export function paintState(state: string, stream?: NodeJS.WriteStream): string {
  const format = STATE_FORMATS[state];
  return format ? paint(format, state, stream) : state;
}
