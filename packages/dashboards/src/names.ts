import { randomBytes } from 'node:crypto'
import { DashboardError } from './errors.ts'

const UID_CHARACTERS_MAX = 40
const UID_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** A new identifier: 14 characters out of 36, as Grafana's own. */
export function newUid(): string {
  return Array.from(randomBytes(14), (byte) => UID_ALPHABET[byte % UID_ALPHABET.length]).join('')
}

/** @throws DashboardError unless the text may be an identifier */
export function checkUid(uid: string): void {
  if (uid.length > UID_CHARACTERS_MAX)
    throw new DashboardError('invalid', `uid too long, max ${UID_CHARACTERS_MAX} characters`)
  if (!/^[a-zA-Z0-9\-_]*$/.test(uid)) throw new DashboardError('invalid', 'uid contains illegal characters')
}

/** The part of an address that is made from a title: `Node Exporter / Full` → `node-exporter-full`. */
export function slugOf(title: string): string {
  const slug = title
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
  // A title without letters still needs an address.
  return slug === '' ? Buffer.from(title).toString('base64url').slice(0, 40) : slug.slice(0, 100)
}
