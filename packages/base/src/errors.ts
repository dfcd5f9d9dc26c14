/**
 * A broken rule inside our own code. Never shown as the user's fault; stops the operation.
 * @throws Error whose message starts with `BUG:` when `condition` is false
 */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`BUG: ${message}`)
}

/** The text of anything that was thrown, without a stack. */
export function errorText(error: unknown): string {
  if (error instanceof Error) return error.message
  return String(error)
}
