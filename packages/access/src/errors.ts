/** Why access was refused; the HTTP side makes statuses of them. */
export type AccessRefusal = 'not-found' | 'exists' | 'invalid' | 'wrong-password' | 'too-many' | 'forbidden'

/** A request to the accounts that cannot be done; `message` is for the user. */
export class AccessError extends Error {
  override readonly name = 'AccessError'
  readonly refusal: AccessRefusal
  /** Seconds after which trying again makes sense; only of `too-many`. */
  readonly retryAfterSeconds: number | undefined

  constructor(refusal: AccessRefusal, message: string, retryAfterSeconds?: number) {
    super(message)
    this.refusal = refusal
    this.retryAfterSeconds = retryAfterSeconds
  }
}
