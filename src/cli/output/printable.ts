/**
 * A key or a path as one line of text: whoever wrote the object has chosen it, so its control characters (C0, DEL, C1)
 * are shown and not obeyed by the terminal. With --json they come as they are.
 */
export function printable(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return name.replace(/[\u0000-\u001f\u007f-\u009f]/g, (char) => NAMES[char] ?? hexadecimal(char));
}

const NAMES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function hexadecimal(char: string): string {
  return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
