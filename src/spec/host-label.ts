/** DNS limits a label to 63 octets (RFC 1035, section 2.3.4). */
export const LONGEST_LABEL = 63;

/** A resource's name as a part of host and bucket names: lower case, `_` as `-`. */
export function hostLabel(name: string): string {
  return name.toLowerCase().replaceAll('_', '-').replace(/-+$/, '');
}

/** An app's name made of a directory's, for files that do not name their app. */
export function appNameOf(directoryName: string): string {
  const plain = directoryName
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return plain || 'app';
}
