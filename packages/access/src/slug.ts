/** The login that a service account's name gives: `CI deploy` → `ci-deploy`. */
export function slug(name: string): string {
  const text = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
  return text === '' ? Buffer.from(name).toString('hex').slice(0, 40) : text
}
