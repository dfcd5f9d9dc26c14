import { createHash, randomBytes } from 'node:crypto'

/** What is stored of a secret that has chance enough of its own: a salt would add nothing. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** 256 bits of chance. */
export function randomToken(): string {
  return randomBytes(32).toString('base64url')
}
