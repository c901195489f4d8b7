import { HoldfastError } from '../../src/core/errors.ts';
import { parseAppFile } from '../../src/spec/app-file.ts';

/** As in a directory `My Photos_1`. */
export function parse(text: string, filename = 'holdfast.yaml') {
  return parseAppFile({ text, filename, directoryName: 'My Photos_1' });
}

/** The error of a file that must not pass. */
export function failure(text: string, filename?: string): HoldfastError {
  try {
    parse(text, filename);
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
  throw new Error('the file was accepted');
}

/** The lines of the error without the file's name: `line:column: path: message`. */
export function problems(text: string, filename = 'holdfast.yaml'): string[] {
  const { message } = failure(text, filename);
  const lines = message.split('\n').map((line) => line.trim());
  return (lines.length > 1 ? lines.slice(1) : lines).map((line) => line.replace(`${filename}:`, ''));
}

/** A file with one service whose properties are `yaml` (indented by six). */
export const withService = (yaml: string) => `resources:
  images: { type: bucket }
  data: { type: volume }
  shared: { type: filesystem }
  web:
    type: web-service
    properties:
${yaml.replaceAll(/^/gm, '      ')}
`;
