import { join } from 'node:path'
import { StateError } from './errors.ts'

export type DatabaseKind = 'sqlite' | 'postgres' | 'mysql'

/** Where the state lies. */
export type DatabasePlace =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgres' | 'mysql'; readonly url: URL }

/**
 * Reads `--state.database`: empty or `sqlite:` for the file below the data directory, `sqlite:PATH`, `postgres://…`,
 * `postgresql://…`, `mysql://…`.
 * @throws StateError naming what was expected; a password in the text is not repeated
 */
export function parseDatabaseUrl(text: string, ownDirectory: string): DatabasePlace {
  if (text === '' || text === 'sqlite:') return { kind: 'sqlite', file: join(ownDirectory, 'state.db') }
  if (text.startsWith('sqlite:')) return { kind: 'sqlite', file: text.replace(/^sqlite:(\/\/)?/, '') }
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'postgres:' || url?.protocol === 'postgresql:') return { kind: 'postgres', url }
  if (url?.protocol === 'mysql:') return { kind: 'mysql', url }
  throw new StateError(
    `the state database "${hidePassword(text)}" is not known, expected sqlite:PATH, postgres://user:password@host/database or mysql://user:password@host/database`,
  )
}

/** The place as it may be shown: without the password. */
export function describePlace(place: DatabasePlace): string {
  return place.kind === 'sqlite' ? place.file : hidePassword(place.url.href)
}

function hidePassword(text: string): string {
  return text.replace(/(\/\/[^:@/]*):[^@/]*@/, '$1:***@')
}
