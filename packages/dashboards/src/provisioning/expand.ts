import { readFileSync } from 'node:fs'

/** A reference in a provisioning file that cannot be filled in. */
export class ExpandError extends Error {
  override readonly name = 'ExpandError'
}

/**
 * Fills in `$VAR`, `${VAR}`, `$__env{VAR}` and `$__file{PATH}`; `$$` is a dollar sign. A variable that is not set gives
 * nothing, as in Grafana.
 * @throws ExpandError for a file that cannot be read
 */
export function expand(text: string, environment: Readonly<Record<string, string | undefined>>): string {
  return text.replace(
    /\$\$|\$__file\{([^}]*)\}|\$__env\{(\w+)\}|\$\{(\w+)\}|\$([A-Za-z_]\w*)/g,
    (whole: string, file?: string, env?: string, braced?: string, bare?: string) => {
      if (whole === '$$') return '$'
      if (file !== undefined) return readSecret(file)
      return environment[env ?? braced ?? bare ?? ''] ?? ''
    },
  )
}

function readSecret(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new ExpandError(`$__file{${file}} cannot be read: ${(error as Error).message}`, { cause: error })
  }
}
