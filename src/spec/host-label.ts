/** A resource's name as it stands in host and bucket names: lower case, everything else a "-". */
export function hostLabel(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/-$/, '');
}

/** Every bucket's own host name is `<bucket>` before this one. */
export const WEBSITE_HOST = 'website.localhost';

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
